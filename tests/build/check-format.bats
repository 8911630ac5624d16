#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Each rule of check-format is broken once, in a copy of some files of every kind.

load helper

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  copy_tree "$tree" Makefile .clang-format .ci mk core/words.c core/words.h tests/run \
    tests/build/run.bats tests/build/helper.bash tests/cli/dialog.exp docs/man/authkey.8 \
    schema/store.sql
}

@test "the tree as it is passes" {
  checks
  [ "$status" -eq 0 ]
}

@test "a C source that clang-format would change is refused" {
  printf 'static int  crooked;\n' >>"$tree/core/words.c"
  refused 'C sources stand as' core/words.c
}

@test "a script that shellcheck complains of is refused" {
  printf '#!/bin/sh\n# SPDX-License-Identifier: BSD-2-Clause\nrm -rf $1/*\n' >"$tree/mk/odd.sh"
  refused 'shellcheck has nothing to say of the scripts' mk/odd.sh
}

@test "a bats file that shellcheck complains of is refused" {
  printf '\n@test "odd" {\n  rm $1 "\n}\n' >>"$tree/tests/build/run.bats"
  refused 'shellcheck has nothing to say of the bats files' tests/build/run.bats
}

@test "a source file without its licence is refused, of whatever kind" {
  files=(core/words.c mk/test.mk mk/packages docs/man/authkey.8 schema/store.sql .ci/run)
  for file in "${files[@]}"; do
    sed -i '/SPDX/d' "$tree/$file"
  done
  refused 'every source file names its licence' ''
  told=$(sed -n 's,^# \(\./\)\?,,p' <<<"$output")
  [ "$(sort <<<"$told")" = "$(printf '%s\n' "${files[@]}" | sort)" ]
}
