# SPDX-License-Identifier: BSD-2-Clause
# For the tests of the build itself: they work on a copy of the tree.
# shellcheck shell=bash disable=SC2154 # output is set by bats

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"

# copy_tree FOLDER [PATH...]: a copy of the project's files there, without what is built;
# of these alone, where one is enough of a kind.
copy_tree() {
  local folder=$1
  shift
  mkdir "$folder"
  tar -C "$AK_TOP" --exclude ./build --exclude ./.git -cf - "${@:-.}" | tar -C "$folder" -xf -
}

# program NAME LINE...: a test program of these lines, and its path in $program.
program() {
  program=$BATS_TEST_TMPDIR/$1
  printf '#!/bin/sh\n' >"$program"
  printf '%s\n' "${@:2}" >>"$program"
  chmod +x "$program"
}

# checks: run the check that this file is of, on the copy in $tree.
checks() {
  local name=${BATS_TEST_FILENAME##*/}
  run "$AK_TOP/mk/${name%.bats}.sh" "$tree"
}

# refused SENTENCE [TROUBLE]: it fails, and tells this.
refused() {
  checks
  [ "$status" -ne 0 ]
  [[ $output == *"not ok "*" - $1"*"${2:-}"* ]]
}

last_line() {
  printf '%s\n' "$output" | tail -n 1
}
