#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The benchmark: its programs work and its tables say what its figures do. No time is a
# test, but each login that it makes has the right answer.

load helper

setup() {
  needs "$AK_BUILD/bench/bench"
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

# figure N CASE: the N-th column of the row of this case in $output.
figure() {
  awk -F , -v column="$1" -v name="$2" '$3 == name { print $column }' <<<"$output"
}

@test "the time of each refusal is taken, with one key file and with two, and no time is a failure R10" {
  copy_tree "$place/tree" bench docs/performance.md
  T=0.02 PAGES=1 CSV=$place/csv run "$place/tree/bench/run.sh" timing
  [ "$status" -eq 0 ]
  [[ $output == *'a disabled key |'*' too few |'* ]]
  [ "$(grep -c '^| an unknown id | ' "$place/tree/docs/performance.md")" -eq 2 ]
  run cat "$place/csv"
  for store in 'a store of 10000 keys' 'a store of 20000 keys and its delta'; do
    [ "$(awk -F , -v store="$store" '$2 == store && $4 >= 2 && $6 > 0' "$place/csv" | wc -l)" -eq 10 ]
  done
  [ "$(figure 4 'they differ in the first byte')" -eq 1000000 ]
}

@test "a token that is refused in another way ends the measurement of refusals" {
  "$AK_TOP/bench/timing.sh" "$place/store" 6000
  run "$AK_BUILD/bench/timing" 0.02 store "$place/store"
  [ "$status" -eq 0 ]
  cp "$place/store/tokens_wrong" "$place/store/tokens_disabled"
  run "$AK_BUILD/bench/timing" 0.02 store "$place/store"
  [ "$status" -eq 1 ]
  [[ $output == *'another answer than expected: a disabled key'* ]]
}

@test "medians, tenths, differences and Welch's t are those of the times" {
  run "$AK_BUILD/bench/timing" times store <<<'b 2 b 4 b 6 b 8 b 10 a 1 a 2 a 3 a 4 a 5'
  [ "$status" -eq 0 ]
  # Means 6 and 3, variances 10 and 2.5: (3 - 6) / sqrt(10 / 5 + 2.5 / 5).
  [ "${lines[0]}" = 'timing,store,b,5,2.000,6.000,10.000,0.000,0.00' ]
  [ "${lines[1]}" = 'timing,store,a,5,1.000,3.000,5.000,-3.000,-1.90' ]
}

@test "Welch's t finds a difference below the long tail of the times" {
  times() { awk -v name="$1" -v low="$2" -v count="$3" 'BEGIN {
    for (i = 0; i < count; i++) print name, i % 10 == 9 ? 1000000 : low + 2 * (i % 2) }'; }
  # Below the tail: 18,000 of each, one apart, 10,000 of one height and 8,000 of one that
  # is 2 higher: 1 / sqrt(2 * 4 * 10 / 18 * 8 / 18 / 17999).
  run "$AK_BUILD/bench/timing" times store < <(times b 1 20000 && times a 2 20000)
  [ "$(figure 9 a)" = 95.46 ]
  # Of too few, nothing is looked at but all of them.
  run "$AK_BUILD/bench/timing" times store < <(times b 1 8000 && times a 2 8000)
  [ "$(figure 9 a)" = 0.00 ]
}

@test "the table of refusals says what its figures do" {
  cat >"$place/csv" <<'END'
fact,date,2026-11-21
fact,machine,2 processors
fact,load before,3.00
timing,one,its last character,20000,26.1,27.2,30.3,0.000,0.00
timing,one,its first character,20000,26.1,27.1,30.3,-0.100,-4.26
timing,one,an unknown id,20000,26.1,27.7,30.3,0.500,9.14
timing,one,no token: a password,20000,14.1,15.2,18.3,-12.000,-999
timing,two,its last character,9000,26.1,57.2,30.3,0.000,0.00
timing,two,its first character,9000,26.1,50.0,30.3,-7.200,-5.55
timing,alone,last byte,1000000,0.031,0.036,0.04,0.000,0.00
timing,alone,first byte,1000000,0.031,0.036,0.04,-0.0001,-6.44
END
  run "$AK_TOP/bench/table.awk" "$place/csv"
  [ "$status" -eq 0 ]
  [[ $output == *'did other things at the same time**: differences hold'* ]]
  [[ $output == *'| one, 20000 of each | median |'* ]]
  [[ $output == *'| its last character | 27.20 µs | 26.10 | 30.30 | | |'* ]]
  [[ $output == *'| an unknown id | 27.70 µs | 26.10 | 30.30 | +0.50 | 9.1 |'* ]]
  [[ $output == *'| its first character | 50.00 µs | 26.10 | 30.30 | -7.20 | too few |'* ]]
  [[ $output == *'| first byte | 0.036 µs | 0.031 | 0.040 | -0.000 | -6.4 |'* ]]
  [[ $output == *'5 µs apart at most | 7.20 µs | **no** |'* ]]
  [[ $output == *'last character: t 5 at most | 4.3 | yes |'* ]]
  [[ $output == *'last byte: t 5 at most | 6.4 | **no** |'* ]]
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
toggled,1000,64,permit,9,70.0,14000,1,1,,0,0,5 toggles
toggled,1000,64,valid,9,70.0,28000,1,1.09,,0,0,5 toggles
toggled,1000,64,toggled,9,70.0,28000,1,9.4,,0,0,5 toggles
toggled,1000000,64,permit,9,70.0,14000,1,20,,7,0,5 toggles
toggled,1000000,64,valid,9,70.0,28000,1,10.5,,3,0,5 toggles
toggled,1000000,64,disabled,9,70.0,28000,1,1.99,,2,0,5 toggles
toggled,1000000,64,toggled,9,70.0,28000,1,1.5,,0,1,5 toggles
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
  # The goals of many processes are those of each size and each login.
  [[ $output == *'p99 2 times at most | 10.5 | **no** |'* ]]
  [[ $output == *'no wrong answer, none unavailable | 6 | **no** |'* ]]
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
