#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tests/kills.sh JOBS
#
# Run the tests that kill the tool, or let a call fail, at each call with which it changes
# files, and not only at some; print how often each command was hit, and the sum.
set -u

cd "$(dirname "$0")/.." || exit 1
log=$(mktemp -d) || exit 1
trap 'rm -rf "$log"' EXIT
mapfile -t files < <(grep -l '^load kill_helper' tests/cli/*.bats)
echo "kills: now each call of each command, for a quarter of an hour and more;" \
  "each of ${#files[@]} files says when it is through" >&2
AK_HITS=$log/hits tests/run -j "$1" -t 7200 "${files[@]}"
status=$?
sort "$log/hits"
awk '{ if (/^signal=KILL/) kills += $2; else faults += $2 }
  END { print kills + 0 " kills at system calls, " faults + 0 " calls that failed" }' "$log/hits"
exit "$status"
