#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/check-threats.sh [TOP]       in TAP
#
# docs/THREATS.md has each requirement, R1 to R47, with the tests that hold it; they are
# there and name it; and tests/mutants/guards takes guards of it out of the files that the
# page names, and each of those tests must fail without one of them.
set -u

# shellcheck source=mk/report.sh
. "$(dirname "$0")/report.sh"
cd "${1:-$(dirname "$0")/..}" || exit 1
page=docs/THREATS.md
list=tests/mutants/guards

# column N: "REQUIREMENT FILE" for each file in this column of the table.
column() {
  awk -F ' *[|] *' -v column=$(($1 + 1)) '
    $2 ~ /^R[0-9]+$/ {
      count = split($column, file, "[ `]+")
      for (i = 1; i <= count; i++) if (file[i] != "") print $2, file[i]
    }' $page
}

# guards: "REQUIREMENT FILE" for each mutant.
guards() {
  sed -nE 's/^((R[0-9]+ )+)([^ ]+): .*/\1\3/p' $list |
    awk '{ for (i = 1; i < NF; i++) print $i, $NF }'
}

# failing: "REQUIREMENT FILE" for each test that must fail without a guard of it.
failing() {
  awk '
    /^(R[0-9]+ )+[^ ]+: / {
      delete of
      for (i = 1; $i ~ /^R[0-9]+$/; i++) of[$i]
    }
    /^tests: / { for (r in of) for (i = 2; i <= NF; i++) print r, $i }' $list
}

# Each test of the page that is not there, or does not name what it is there for.
unnamed() {
  local requirement file
  column 3 | while read -r requirement file; do
    grep -qE "(^|[^A-Za-z0-9])$requirement([^A-Za-z0-9]|\$)" "$file" 2>/dev/null ||
      echo "$file does not name $requirement"
  done
}

missing() {
  local file
  for file in $(sed -n 's/^tests: //p' $list; guards | cut -d ' ' -f 2); do
    [ -f "$file" ] || echo "$file is not there"
  done | sort -u
}

requirements() {
  printf 'R%s\n' {1..35} {40..47}
}

echo 1..8
report 'THREATS.md has a row for each requirement' "$(differences <(requirements) \
  <(sed -n 's/^| \(R[0-9]*\) |.*/\1/p' $page))"
report 'each has tests' "$(differences <(requirements) <(column 3 | cut -d ' ' -f 1))"
report 'they are there and name it' "$(unnamed)"
report 'the list of mutants takes guards of each out' "$(differences <(requirements) \
  <(guards | cut -d ' ' -f 1))"
report 'out of the files that THREATS.md names' "$(differences <(guards) <(column 4))"
report 'each test must fail without a guard of its requirement' "$(comm -23 <(column 3 | sort -u) \
  <(failing | sort -u))"
report 'what the list names is there' "$(missing)"
report 'each mutant can be made: its lines stand once in the code' "$(tests/mutants/run -n)"
exit $failed
