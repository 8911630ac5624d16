#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tests/faults.sh PROGRAM...
#
# Run the programs that let calls fail, each call and not only some, and print how many
# failed in which command; the last line is `N faults injected`. Exit 1 when a test failed.
set -u

log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
status=0
for program; do
  echo "faults: now ${program##*/}, which may take many minutes" >&2
  AK_FAULTS=whole CMOCKA_MESSAGE_OUTPUT=TAP TMPDIR=${TMPDIR:-$log} "$program" \
    >"$log/out" 2>"$log/err" </dev/null || status=1
  sed -n 's/^# \(.* faults injected\)$/\1/p' "$log/out" | tee -a "$log/all"
  grep -A 3 '^not ok' "$log/out"
  [ "$status" = 0 ] || cat "$log/err"
done
awk -F': ' '{ sum += $2 } END { print sum + 0 " faults injected" }' "$log/all"
exit "$status"
