#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The benchmark: its programs work and its tables say what its figures do. No time is a
# test, but each login that it makes has the right answer.

load helper

setup() {
  [ -x "$AK_BUILD/bench/bench" ] || skip "bench/ is not built: make bench"
  place=$BATS_TEST_TMPDIR/place
  mkdir "$place"
}

keys() {
  "$AK_BUILD/bench/keys" "$place" 50 "$AK_MODULE"
}

# column NAME WORK: of the row of this work in $output.
column() {
  awk -F , -v name="$1" -v work="$2" '
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
    $4 == work { print $at }' <(sed -n '/echo .set,/s/.*.\(set,.*\)./\1/p' "$AK_TOP/bench/run.sh") \
    <(echo "$output")
}

@test "each login of the benchmark has the right answer, in this process and in fresh ones" {
  keys
  for where in here fresh; do
    run "$AK_BUILD/bench/bench" $where 0.05 50 "$place"
    [ "$status" -eq 0 ]
    for work in permit valid disabled passed unrecorded; do
      [ "$(column count $work)" -ge 1 ]
    done
    [ "$(column note unix)" = 'not set up' ]
  done
}

@test "many processes at once get no wrong answer while a key is switched off and on" {
  keys
  run "$AK_BUILD/bench/bench" 4-toggled 0.5 50 "$place"
  [ "$status" -eq 0 ]
  for work in permit valid disabled toggled; do
    [ "$(column count $work)" -ge 1 ]
    [ "$(column wrong $work)" -eq 0 ]
    [ "$(column unavailable $work)" -eq 0 ]
  done
}

@test "a login that is answered wrongly ends the measurement" {
  keys
  sed -i 's/store=/user=any store=/' "$place/disabled"
  run "$AK_BUILD/bench/bench" here 0.05 50 "$place"
  [ "$status" -eq 0 ]
  echo 'auth required pam_permit.so' >"$place/disabled"
  run "$AK_BUILD/bench/bench" here 0.05 50 "$place"
  [ "$status" -eq 1 ]
  [[ $output == *'another answer than expected: disabled'* ]]
}

@test "a command is timed, with its memory, and one that fails is told" {
  run "$AK_BUILD/bench/timed" tool 50 thing 3 sh -c '[ "$0" -lt 3 ]' '{}'
  [ "$status" -eq 0 ]
  [ "$(column count thing)" -eq 3 ]
  [ "$(column peak_kib thing)" -gt 100 ]
  run "$AK_BUILD/bench/timed" tool 50 thing 4 sh -c '[ "$0" -lt 3 ]' '{}'
  [ "$status" -eq 1 ]
}

@test "the tables say what the figures do" {
  cat >"$place/csv" <<'END'
fact,date,2026-11-21
here,1000,1,permit,9,70.0,140,1,1,,0,0,
here,1000000,1,permit,9,80.0,140,1,1,,0,0,
here,1000,1,valid,9,56.0,140,0.8,1,,0,0,
here,1000000,1,valid,9,72.0,140,0.9,1,,0,0,
here,1000,1,mysql,0,,,,,,,,not installed
here,1000000,1,mysql,9,1600.0,140,20,1,,0,0,
toggled,1000,8,permit,9,70.0,14000,1,1,,0,0,5 toggles
toggled,1000,8,valid,9,70.0,28000,1,2,,3,4,5 toggles
tool,1000,1,create,3,1500000.0,140,,,5120,,,
END
  run "$AK_TOP/bench/table.awk" "$place/csv"
  [ "$status" -eq 0 ]
  [[ $output == *'Measured on 2026-11-21'* ]]
  [[ $output == *'| 1,000 keys | 1 million keys |'* ]]
  [[ $output == *'| pam_permit | 70.0 µs | 80.0 µs |'* ]]
  [[ $output == *'a key that opens**, use recorded | 0.80 | 0.90 |'* ]]
  [[ $output == *'MariaDB | not installed | 20.0 |'* ]]
  [[ $output == *'| 8, 1,000 keys: **a key that opens**, use recorded | 1.00 | 2.00 | 9 | 3 | 4 |'* ]]
  [[ $output == *'| `create` | 1.50 s, 5 MiB |'* ]]
}

@test "the plot has a line for each module that was measured" {
  cat >"$place/csv" <<'END'
here,1000,1,permit,9,70.0,140,1,1,,0,0,
here,1000000,1,permit,9,80.0,140,1,1,,0,0,
here,1000,1,valid,9,56.0,140,0.8,1,,0,0,
here,1000000,1,valid,9,72.0,140,0.9,1,,0,0,
here,1000,1,mysql,0,,,,,,,,not installed
END
  run "$AK_TOP/bench/plot.awk" "$place/csv"
  [ "$status" -eq 0 ]
  [ "$(grep -c '<polyline' <<<"$output")" -eq 2 ]
  [ "$(grep -c '>pam_authkey<' <<<"$output")" -eq 1 ]
  [[ ! $output =~ 'pam_mysql' ]]
}

@test "tables and plots are read by each awk that is here" {
  local awk
  for awk in mawk gawk original-awk busybox; do
    command -v "$awk" >/dev/null || continue
    [ "$awk" != busybox ] || awk='busybox awk'
    # shellcheck disable=SC2086 # a program and its first argument
    for script in table plot; do $awk -f "$AK_TOP/bench/$script.awk" /dev/null; done
  done
}
