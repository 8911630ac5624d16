#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What one login costs, in system calls and instructions: docs/performance.md says it, and
# holds it. Both are counted, not timed, so they repeat.

load helper

setup() {
  [ -z "$AK_SAN" ] || skip "a sanitizer's build does more"
  place=$BATS_TEST_TMPDIR/place
  mkdir "$place"
  "$AK_BUILD/bench/keys" "$place" 1000 "$AK_MODULE"
  page=$AK_TOP/docs/performance.md
}

# login TOKEN TIMES COMMAND...: so many logins with the key of this line of the tokens, at the
# service of this name.
service=valid
login() {
  sed -n "$1p" "$place/tokens" | tr -d '\n' |
    "${@:3}" "$AK_BUILD/bench/login" "$place" "$service" "$2"
}

# calls TOKEN TIMES: "CALL COUNT", of those that have the module on their stack. There are
# several calls that stat a file; which one it is, is for libc to say.
calls() {
  login "$1" "$2" strace -k -o "$place/trace" || return
  awk '
    /^ > / { if (/\/pam_authkey\.so\(/ && call != "") { count[call]++; call = "" } next }
    { call = ""; if (match($0, /^[a-z_0-9]+\(/)) call = substr($0, 1, RLENGTH - 1) }
    call ~ /stat/ { call = "stat" }
    END { for (call in count) print call, count[call] }' "$place/trace" | sort
}

# of_page HEADING: the first two columns of the table below it.
of_page() {
  awk -F '|' -v heading="## $1" '
    /^## / { inside = $0 == heading }
    inside && $2 ~ /`/ { gsub(/[` ,]/, "", $2); gsub(/[ ,]/, "", $3); count[$2] += $3 }
    END { for (call in count) print call, count[call] }' "$page" | sort
}

@test "the system calls of a login are those of docs/performance.md" {
  strace -k true 2>/dev/null || skip "strace -k does not work here"
  folders=$(tr -cd / <<<"$place/authkey/keys.db" | wc -c)
  most='' reads=0
  # An id may stand in a page that is met earlier: the most of three is the rule.
  for token in 1 2 3; do
    login $token 1
    one=$(calls $token 1)
    [[ $one == *openat* ]]
    each=$(join -a 2 <(echo "$one") <(calls $token 2) | awk '{ print $1, (NF > 2 ? $3 - $2 : $2) }' |
      awk -v folders="$folders" '$1 == "stat" { $2 += 4 - folders } $2 != 0 { print }')
    n=$(awk '/^pread/ { print $2 }' <<<"$each")
    [ "$n" -le "$reads" ] || most=$each reads=$n
  done
  diff <(of_page 'System calls') <(echo "$most")
}

@test "usage=off makes so many calls less as docs/performance.md says" {
  strace -k true 2>/dev/null || skip "strace -k does not work here"
  words=(none one two three four five six seven eight nine ten)
  login 1 1 # and the usage file has its head and a record
  recorded=$(calls 1 1 | awk '{ sum += $2 } END { print sum }')
  service=unrecorded
  less=$((recorded - $(calls 1 1 | awk '{ sum += $2 } END { print sum }')))
  [ "$less" -gt 0 ]
  tr '\n' ' ' <"$page" | grep -qF "With \`usage=off\` the ${words[less]} of the usage file fall away."
}

@test "the instructions of a login are those of docs/performance.md" {
  [ -n "$AK_PLAIN" ] || skip "not gcc -O2, which is what the page is about"
  needs valgrind
  [ "$(uname -m)" = x86_64 ] || skip "another processor counts otherwise"
  count() {
    login "$1" "$2" valgrind --tool=callgrind --callgrind-out-file="$place/callgrind" \
      --toggle-collect=pam_sm_authenticate --toggle-collect=pam_sm_acct_mgmt 2>&1 |
      awk '/Collected/ { print $NF }'
  }
  told=$(of_page Instructions | awk '{ print $2 }')
  [ "$told" -gt 1000 ]
  login 1 1
  each=$((($(count 1 40) - $(count 1 20)) / 20))
  echo "$each instructions, and the page says $told"
  [ $each -gt 1000 ]
  [ $each -le $((told + told / 20)) ]
  [ $each -ge $((told - told / 5)) ]
}
