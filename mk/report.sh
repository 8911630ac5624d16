# SPDX-License-Identifier: BSD-2-Clause
# For the checks: how they tell of trouble, in TAP. `exit $failed` ends one.
# shellcheck shell=bash

number=0 failed=0

# report SENTENCE TROUBLE: passed, if there is none.
report() {
  number=$((number + 1))
  if [ -z "$2" ]; then
    echo "ok $number - $1"
  else
    # shellcheck disable=SC2034 # for the check
    failed=1
    echo "not ok $number - $1"
    echo "# ${2//$'\n'/$'\n# '}"
  fi
}

# differences PROGRAM PAGE: lines that stand in one of these files alone.
differences() {
  comm -3 --output-delimiter=$'\t' <(sort -u "$1") <(sort -u "$2") |
    sed -e 's/^\t\(.*\)/in the page alone: \1/;t' -e 's/^/not in the page: /'
}
