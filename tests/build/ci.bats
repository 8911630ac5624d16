#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# .ci/run sums what its parts say, here said by a make of our own.

load helper

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  mkdir -p "$tree/.ci" "$tree/mk" "$tree/bin"
  cp "$AK_TOP/.ci/run" "$tree/.ci"
  printf '#!/bin/sh\nexit 0\n' >"$tree/mk/setup.sh"
  chmod +x "$tree/mk/setup.sh"
}

# ci LINES: every part is a make that runs these lines of shell.
ci() {
  printf '#!/bin/sh\n%s\n' "$1" >"$tree/bin/make"
  chmod +x "$tree/bin/make"
  run env PATH="$tree/bin:$PATH" "$tree/.ci/run"
}

@test "the last line of .ci/run is the sum of its parts" {
  ci 'echo "7 passed, 0 failed, 1 skipped"'
  [ "$(last_line)" = "56 passed, 0 failed, 8 skipped" ]
  [ "$status" -eq 0 ]
}

@test "sanitizers, fuzzers, valgrind and analyzers have their parts, and each says how long it took" {
  ci 'echo "make $*"; echo "7 passed, 0 failed, 0 skipped"'
  local what
  for what in CC=gcc CC=clang SAN=address,undefined SAN=thread memory fuzz valgrind analyze; do
    [ "$(grep -cE "^make .*(^| )$what( |\$)" <<<"$output")" -eq 1 ]
  done
  [ "$(grep -cE '^== .*: [0-9]+ s$' <<<"$output")" -eq 8 ]
}

@test "a test that fails in one part fails .ci/run" {
  ci 'case "$*" in *CC=clang*) echo "6 passed, 1 failed, 0 skipped"; exit 1 ;; esac
    echo "7 passed, 0 failed, 0 skipped"'
  [ "$(last_line)" = "55 passed, 1 failed, 0 skipped" ]
  [ "$status" -eq 1 ]
}

@test "a part that ends without its sum is one failed test" {
  ci 'case "$*" in *SAN=thread*) echo "no such compiler"; exit 2 ;; esac
    echo "7 passed, 0 failed, 0 skipped"'
  [ "$(last_line)" = "49 passed, 1 failed, 0 skipped" ]
  [ "$status" -eq 1 ]
}

@test "a part whose status says no although no test failed is one failed test" {
  ci 'echo "7 passed, 0 failed, 0 skipped"; exit 2'
  [ "$(last_line)" = "56 passed, 8 failed, 0 skipped" ]
  [ "$status" -eq 1 ]
}

@test "set-up that fails is a failed test" {
  printf '#!/bin/sh\nexit 1\n' >"$tree/mk/setup.sh"
  ci 'echo "7 passed, 0 failed, 0 skipped"'
  [ "$(last_line)" = "0 passed, 1 failed, 0 skipped" ]
  [ "$status" -eq 1 ]
}
