#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What holds docs/THREATS.md, the tests and the list of mutants together is broken once.

load helper

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  copy_tree "$tree"
  page=$tree/docs/THREATS.md list=$tree/tests/mutants/guards
}

# Everything of the list that names this requirement, gone.
forget() {
  awk -v RS= -v ORS='\n\n' -v title="^(R[0-9]+ )*$1 " '$0 !~ title' "$list" >"$list.new"
  mv "$list.new" "$list"
}

@test "page, list and tests as they are pass" {
  checks
  [ "$status" -eq 0 ]
}

@test "a requirement without a row is found, and a row without a requirement" {
  sed -i '/^| R26 |/d; s/^| R47 |/| R48 |/' "$page"
  refused 'THREATS.md has a row for each requirement' 'not in the page: R26'
  [[ $output == *'not in the page: R47'* ]]
  [[ $output == *'in the page alone: R48'* ]]
}

@test "a requirement without a test is found" {
  sed -i 's/^\(| R27 | [^|]*|\)[^|]*/\1 /' "$page"
  refused 'each has tests' 'not in the page: R27'
}

@test "a test that is not there is found, and one that does not name its requirement" {
  rm "$tree/tests/unit/when.c"
  sed -i 's/R10/R100/' "$tree/tests/pam/work.c"
  sed -i 's/R27/-/' "$tree/tests/unit/decide.c"
  refused 'they are there and name it' 'tests/unit/decide.c does not name R27'
  [[ $output == *'tests/unit/when.c does not name R29'* ]]
  [[ $output == *'tests/pam/work.c does not name R10'* ]]
  [[ $output == *'not ok 7 - what the list names is there'*'tests/unit/when.c is not there'* ]]
}

@test "a requirement of which no guard is taken out is found" {
  forget R29
  refused 'the list of mutants takes guards of each out' 'R29'
}

@test "a test that no guard of its requirement is named with is found" {
  sed -i '/^R29 /,/^$/s,^tests: .*,tests: tests/unit/decide.c,' "$list"
  refused 'each test must fail without a guard of its requirement' 'R29 tests/unit/when.c'
}

@test "a mutant whose lines are not in the code any more is found" {
  sed -i 's/request->now >= key->expires_at/key->expires_at <= request->now/' \
    "$tree/core/decide.c"
  refused 'each mutant can be made' 'its lines stand 0 times in core/decide.c'
}

@test "a guard that the page does not name is found, and one that the list does not have" {
  sed -i '/^| R9 |/s,`core/digest.c` ,,' "$page"
  refused 'out of the files that THREATS.md names' 'not in the page: R9 core/digest.c'
  sed -i '/^| R29 |/s,`core/when.c`,& `core/words.c`,' "$page"
  refused 'out of the files that THREATS.md names' 'in the page alone: R29 core/words.c'
}
