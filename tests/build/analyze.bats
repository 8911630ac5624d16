#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What an analyzer says is a failed test; each has a flaw of its own to find.

load helper

setup() {
  needs gcc clang-tidy cppcheck
  cp "$AK_TOP/.clang-tidy" "$BATS_TEST_TMPDIR"
  source=$BATS_TEST_TMPDIR/source.c
}

# analyze LINES: a C file of these lines.
analyze() {
  printf '%s\n' "$@" >"$source"
  run env AK_SOURCES="$source" AK_FLAGS='-std=c11 -DAK_VERSION='\''"1"'\' AK_JOBS=2 \
    "$AK_TOP/mk/analyze.sh"
}

@test "a file without a flaw is three passed tests" {
  analyze 'const char *version(void);' 'const char *version(void) { return AK_VERSION; }'
  [ "$status" -eq 0 ]
  [ "$(grep -c '^ok ' <<<"$output")" -eq 3 ]
}

@test "gcc's analyzer finds what is freed twice" {
  analyze '#include <stdlib.h>' 'void twice(char *text);' \
    'void twice(char *text) { free(text); free(text); }'
  [ "$status" -eq 1 ]
  grep -q '^not ok [0-9]* - gcc has' <<<"$output"
  grep -q 'Wanalyzer-double-free' <<<"$output"
}

@test "clang-tidy finds what .clang-tidy asks for" {
  analyze 'int down(int n);' 'int down(int n) { return n > 0 ? down(n - 1) : 0; }'
  [ "$status" -eq 1 ]
  [ "$(grep -c '^not ok ' <<<"$output")" -eq 1 ]
  grep -q 'misc-no-recursion' <<<"$output"
}

@test "cppcheck finds what lies behind an array" {
  analyze 'int last(void);' 'int last(void) { int numbers[2] = { 1, 2 }; return numbers[2]; }'
  [ "$status" -eq 1 ]
  grep -q '^not ok [0-9]* - cppcheck has' <<<"$output"
  grep -q 'arrayIndexOutOfBounds' <<<"$output"
}
