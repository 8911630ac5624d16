#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# fail2ban takes from lines that the module itself has written the address of who shows
# wrong tokens, and never another one, whatever a client sends. SECURITY R16, R17.

load ../service
load ../watchers

setup_file() {
  export page=$AK_TOP/docs/services/fail2ban.md
  can_show own-mounts fail2ban-regex || return 0
  make_folder "$(id -gn)"
  make_stacks
  make_logins
  record
}

make_stacks() {
  make_pam_d "$folder"
  stack web
  stack talkative debug
  stack deploying scope=deploy
  stack missing store="$folder/nothing.db"
  stack mistaken no_such_option
}

make_logins() {
  local key purged other
  key=$(new_key good)
  purged=$(new_key purged)
  authkey revoke -q -y purged
  authkey purge -q -y purged
  login VALID web alice 192.0.2.7 "$key"
  login NOT_FOUND web alice 192.0.2.7 "$purged"
  login BAD_CHECKSUM web alice 192.0.2.7 "$(mistyped "$key")"
  login DECOY web alice 192.0.2.7 "$(new_key bait --decoy)"
  login DISABLED web alice 192.0.2.7 "$(new_key off --disabled)"
  login NOT_YET_VALID web alice 192.0.2.7 "$(new_key later --not-before 2d)"
  login SERVICE_MISMATCH web alice 192.0.2.7 "$(new_key shell --service sshd)"
  login FORBIDDEN_IP web alice 192.0.2.7 "$(new_key near --from 198.51.100.0/24)"
  login SCOPE_MISSING deploying alice 192.0.2.7 "$key"
  login USER_MISMATCH web bob 192.0.2.7 "$key"
  login NO_RHOST web alice '' "$(new_key bound --from 198.51.100.0/24)"
  other=$(new_key revoked)
  authkey revoke -q -y revoked
  login REVOKED web alice 192.0.2.7 "$other"
  login MALFORMED talkative alice 192.0.2.7 'a password'
  login STORE_UNAVAILABLE missing alice 192.0.2.7 "$key"
  login wrong-option mistaken alice 192.0.2.7 "$key"
  login v6 web alice 2001:db8::7 "$purged"
  login mapped web alice ::ffff:192.0.2.7 "$purged"
  login name web alice localhost "$purged"
  make_hostile_logins "$purged"
}

# What clients may send to have 203.0.113.9 banned, which is somebody else's.
make_hostile_logins() {
  local line='authentication failure; logname= uid=0 euid=0 tty= ruser='
  local end='rhost=203.0.113.9 user= key= reason=NOT_FOUND'
  local whole="Nov 21 15:00:00 host sshd[7]: pam_authkey(sshd:auth): $line $end"
  local user
  login hostile-1 web alice $'192.0.2.7\n'"$whole" "$1"
  login hostile-2 web alice "192.0.2.7 ${end#* }" "$1"
  login hostile-3 web alice "203.0.113.9 user= key= reason=NOT_FOUND" "$1"
  login hostile-4 web alice "[203.0.113.9]" "$1"
  login hostile-5 web alice "203.0.113.9.example.org" "$1"
  login hostile-6 web alice "203.0.113.9]:pam_authkey(web:auth):" "$1"
  login hostile-7 web alice "x;rhost=203.0.113.9" "$1"
  login hostile-8 web alice "203.0.113.9$(printf '%300s' '')" "$1"
  login hostile-10 web alice "203.0.113.9]" "$1"
  login hostile-9 web alice $'\r203.0.113.9\x1b[2K' "$1"
  for user in $'x\n'"$whole" "x rhost=203.0.113.9" "$end" "[203.0.113.9]" "(203.0.113.9)"; do
    login "from-there-$((++number))" web "$user" 192.0.2.7 "$1"
  done
  login masked web $'alice\n'"$whole" 192.0.2.7 "$(new_key hostile --disabled)"
}

# of_each MODE NAME...: the address taken from each of these, one a line; - for none.
of_each() {
  local name address
  for name in "${@:2}"; do
    address=$(line "$name" | banned "$1")
    echo "$name ${address:--}"
  done
}

# The table of the page: each reason, and yes or - for normal, decoy, aggressive.
reasons() {
  sed -nE 's/^\| `([A-Z_]+)` \| *([^ |]*) *\| *([^ |]*) *\| *([^ |]*) *\|.*/\1 \2 \3 \4/p' "$page"
}

@test "the address of who shows what is no key's token is taken, and that of a decoy's finder" {
  [ "$(of_each normal BAD_CHECKSUM NOT_FOUND DECOY)" = "BAD_CHECKSUM 192.0.2.7
NOT_FOUND 192.0.2.7
DECOY 192.0.2.7" ]
}

@test "the lines are the module's own, each of the reason that is meant" {
  for name in VALID NOT_FOUND BAD_CHECKSUM DECOY DISABLED NOT_YET_VALID SERVICE_MISMATCH \
    FORBIDDEN_IP SCOPE_MISSING USER_MISMATCH NO_RHOST REVOKED MALFORMED; do
    grep -qE "pam_authkey\([a-z]+:auth\): .* reason=$name( hint=.*)?$" "$folder/lines/$name"
  done
  grep -q 'pam_authkey(missing:auth): store unavailable: ' "$folder/lines/STORE_UNAVAILABLE"
  grep -q 'pam_authkey(mistaken:auth): option no_such_option: ' "$folder/lines/wrong-option"
}

@test "a success, a password, trouble of the host and a wrong option ban nobody, in no mode" {
  for mode in normal decoy aggressive; do
    for name in VALID MALFORMED STORE_UNAVAILABLE wrong-option NO_RHOST; do
      line "$name"
    done | banned $mode >"$BATS_TEST_TMPDIR/banned"
    [ ! -s "$BATS_TEST_TMPDIR/banned" ]
  done
}

@test "an account failure bans nobody: the key had been right a moment before" {
  line REVOKED | sed 's/:auth): authentication/:account): account/' | tee "$BATS_TEST_TMPDIR/line"
  grep -q 'pam_authkey(web:account): account failure; ' "$BATS_TEST_TMPDIR/line"
  [ -z "$(banned aggressive <"$BATS_TEST_TMPDIR/line")" ]
}

@test "the page has every reason, and each counts in the modes that it says" {
  diff <(sed -n '/^#define AK_REASONS/,/^$/s/^[[:space:]]*[A-Z]*(\([A-Z_]*\),.*/\1/p' \
    "$AK_TOP/core/reason.h" | sort) <(reasons | cut -d ' ' -f 1 | sort)
  column=2
  for mode in normal decoy aggressive; do
    # A line of each reason, its number as the address.
    reasons | cut -d ' ' -f 1 | awk -v line="$(line NOT_FOUND)" '{
      shown = line
      sub(/reason=NOT_FOUND/, "reason=" $1, shown)
      sub(/rhost=192\.0\.2\.7/, "rhost=192.0.2." NR, shown)
      print shown }' | banned $mode | sort >"$BATS_TEST_TMPDIR/is"
    reasons | awk -v column=$column '$column == "yes" { print "192.0.2." NR }' | sort \
      >"$BATS_TEST_TMPDIR/said"
    [ -s "$BATS_TEST_TMPDIR/said" ]
    diff "$BATS_TEST_TMPDIR/said" "$BATS_TEST_TMPDIR/is"
    column=$((column + 1))
  done
}

@test "real lines of restricted keys count when the mode is aggressive, and else not" {
  names='DISABLED REVOKED NOT_YET_VALID SERVICE_MISMATCH FORBIDDEN_IP SCOPE_MISSING USER_MISMATCH'
  for name in $names; do
    line "$name"
  done >"$BATS_TEST_TMPDIR/lines"
  [ "$(banned aggressive <"$BATS_TEST_TMPDIR/lines" | wc -l)" -eq 7 ]
  [ -z "$(banned normal <"$BATS_TEST_TMPDIR/lines")" ]
}

@test "no address that a client writes into its own name is banned" {
  for file in "$folder"/lines/hostile-*; do
    line "${file##*/}"
  done >"$BATS_TEST_TMPDIR/lines"
  [ "$(grep -c 'reason=NOT_FOUND$' "$BATS_TEST_TMPDIR/lines")" -eq 10 ]
  [ -z "$(banned aggressive <"$BATS_TEST_TMPDIR/lines")" ]
}

@test "whatever a client sends as user name, its own address is banned and no other" {
  for file in "$folder"/lines/from-there-* "$folder/lines/masked"; do
    line "${file##*/}"
  done | banned aggressive >"$BATS_TEST_TMPDIR/banned"
  [ "$(how_often <"$BATS_TEST_TMPDIR/banned")" = '6 192.0.2.7' ]
}

@test "what another program logs about such a line bans nobody" {
  sed 's/.*pam_authkey/Nov 21 15:00:00 host sshd[7]: Invalid user pam_authkey/' \
    <(line NOT_FOUND) >"$BATS_TEST_TMPDIR/log"
  sed 's/$/ from 192.0.2.1 port 22/' <(line NOT_FOUND) >>"$BATS_TEST_TMPDIR/log"
  [ -z "$(banned aggressive <"$BATS_TEST_TMPDIR/log")" ]
}

@test "addresses of both kinds are taken, and a name is never looked up" {
  [ "$(of_each normal v6 mapped name)" = "v6 2001:db8::7
mapped 192.0.2.7
name -" ]
}

@test "the line is found in each form in which logs come" {
  message=$(line NOT_FOUND | sed 's/.*: pam_/pam_/')
  printf '%s\n' "Nov 21 15:00:00 host sshd[123]: $message" "Nov 21 15:00:00 host nginx: $message" \
    "2026-11-21T15:00:00.123456+00:00 host dovecot-auth[9]: $message" |
    banned normal >"$BATS_TEST_TMPDIR/banned"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/banned")" -eq 3 ]
  [ "$(banned_by_journal "host sshd[123]: $message")" = 192.0.2.7 ]
}

@test "fail2ban takes the jails as the page has them" {
  make_settings
  awk '/^    \[/ { inside = 1 } inside && !/^    |^$/ { inside = 0 } inside' "$page" |
    sed "s/^    //; s|/var/log/auth.log|$folder/auth.log|" >"$settings/jail.d/pam-authkey.local"
  grep -q '^\[pam-authkey\]' "$settings/jail.d/pam-authkey.local"
  : >"$folder/auth.log"
  # Debian switches a jail for sshd on, whose log need not be here.
  sed -i '/^enabled/s/true/false/' "$settings/jail.d/defaults-debian.conf"
  run fail2ban-client -c "$settings" -d
  [ "$status" -eq 0 ]
  [[ $output != *ERROR* ]]
  for jail in pam-authkey pam-authkey-decoy; do
    [[ $output == *"['set', '$jail', 'addfailregex', "*"['set', '$jail', 'addlogpath', "* ]]
    [[ $output == *"['start', '$jail']"* ]]
  done
  [[ $output == *"['set', 'pam-authkey-decoy', 'maxretry', 1]"* ]]
}
