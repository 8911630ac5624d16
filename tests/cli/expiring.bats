#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# expiring: what ends soon, for people and for a monitoring system.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# expiring [OPTION]...: the names, in one line.
expiring() {
  "$AK_TOOL" expiring -q --field name "$@" | paste -sd' '
}

@test 'expiring lists what ends within 14 days, the first first' {
  make ten --expires 10d
  make never
  make two --expires 2d
  make forty --expires 40d
  make pending --not-before 1d --expires 5d
  [ "$(expiring)" = 'two pending ten' ]
  [ "$(expiring --within 60d)" = 'two pending ten forty' ]
  [ "$(expiring --within 3d)" = two ]
  authkey expiring
  ends 0
  [[ ${lines[0]} =~ ^EXPIRES\ +NAME\ +OWNER\ +LAST\ USED\ +API\ AUTH\ KEY\ +STATUS$ ]]
  [[ ${lines[1]} =~ ^20[0-9TZ:-]+\ +two\  ]]
  authkey expiring --json
  [ "$(jq -c 'map(.name)' <<<"$output")" = '["two","pending","ten"]' ]
  [ "$(jq -cS '.[0]' <<<"$output")" = "$("$AK_TOOL" list two --json | jq -cS '.[0]')" ]
}

@test 'what nobody would miss is not listed: ended, disabled, revoked, replaced, decoys' {
  make expired
  make disabled --expires 5d
  make revoked --expires 5d
  make replaced --expires 5d
  make decoy --expires 5d --decoy
  "$AK_TOOL" edit -q expired --expires 2020-01-01
  "$AK_TOOL" disable -q disabled
  "$AK_TOOL" revoke -q revoked
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET replaced_by = '12345678'
    WHERE name = 'replaced'"
  authkey expiring
  ends 0
  silent
  says 'No key ends within 14d.'
  [ "$(expiring --within 9999d)" = '' ]
}

# checks CODE LINE OPTION...: --check ends so, and its line matches.
checks() {
  local code=$1 line=$2
  shift 2
  authkey expiring --check "$@"
  ends "$code"
  [ "${#lines[@]}" = 1 ]
  [[ $output =~ $line ]] || { echo "$output"; return 1; }
}

@test '--check exits 0, 1 or 2, with one line and performance data' {
  checks 0 '^AUTHKEY OK - no key ends within 14d \| expiring=0;0;;0 critical=0;;0;0 next=U;1209601:;302401:$'
  make ten --expires 10d --owner alice
  checks 1 "^AUTHKEY WARNING - 1 key ends within 14d, first alice/ten \\($id\\) at 20[0-9TZ:-]+ \\| expiring=1;0;;0 critical=0;;0;0 next=8(64000|6399[0-9])s;"
  checks 0 'no key ends within 9d' --within 9d
  checks 2 'CRITICAL - 1 key ends within 41d' --within 41d
  make two --expires 2d
  checks 2 "^AUTHKEY CRITICAL - 2 keys end within 14d, first .*/two \\($id\\)"
  [[ $output == *'expiring=2;0;;0 critical=1;;0;0 next=17'* ]]
  "$AK_TOOL" disable -q two
  checks 1 WARNING
  checks 1 WARNING -q
}

@test '--check exits 3 when it cannot tell, and says so on its line' {
  checks 3 '^AUTHKEY UNKNOWN - .*there is no installation' --dir "$PLACE/none"
  printf 'not a database, and long enough to be looked at as one%0500d' 1 \
    >"$AUTHKEY_DIR/master/master.db"
  checks 3 '^AUTHKEY UNKNOWN - .*master.db'
  checks 3 '^AUTHKEY UNKNOWN - a length of time' --within soon
}

@test 'what is no length of time, and fields of --check, are usage errors' {
  local length
  for length in 14 d -1d 2030-01-01 soon '' 99999999d; do
    authkey expiring --within "$length"
    ends 2
    silent
  done
  authkey expiring --check --json
  ends 2
  authkey expiring --check --field name
  ends 2
  authkey expiring x
  ends 2
}

@test 'who may not read the master is told, exit 4, and a monitoring system 3' {
  root_only
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  local as=(setpriv --reuid=65534 --regid=65534 --clear-groups "$PLACE/authkey" --dir
    "$AUTHKEY_DIR")
  run --separate-stderr "${as[@]}" expiring
  ends 4
  run --separate-stderr "${as[@]}" expiring --check
  ends 3
  prints 'AUTHKEY UNKNOWN'
}
