#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Debian's sudo, set-user-ID as it is, with the stack and the line of sudoers that
# docs/services/sudo.md has, in mounts where /etc and its users are ours. SECURITY R2, R16,
# R26.

load ../service
load ../unix

setup_file() {
  can_serve_unix setuid:/usr/bin/sudo || return 0
  make_folder root
  make_etc sudoers
  make_users
  recipe sudo.md /etc/pam.d/sudo >"$folder/etc/pam.d/sudo"
  sed 's/-noninteractive//' "$folder/etc/pam.d/sudo" >"$folder/etc/pam.d/sudo-i"
  make_sudoers
  # shellcheck disable=SC2016 # for sh
  serve "$BATS_TEST_DIRNAME/../etc.sh" "$folder" \
    sh -c 'echo $$ >"$0/pid"; exec sleep infinity' "$folder"
}

make_users() {
  local user uid=4711
  for user in alice bob ticketed named rooted owner; do
    unix_user $user $((uid++)) 'correct horse'
  done
  unix_user old $uid 'correct horse' 19000:0:90:7:::
  echo "127.0.0.1 $(hostname)" >>"$folder/etc/hosts"
}

# The page's line, and what others may have: Debian's own timeout, and so on.
make_sudoers() {
  mkdir "$folder/etc/sudoers.d"
  recipe sudo.md /etc/sudoers.d/authkey >"$folder/etc/sudoers.d/authkey"
  recipe passwd.md 'Some users with keys, some with passwords' '^alice ALL' \
    >"$BATS_FILE_TMPDIR/owners_rule"
  sed "s|^alice|owner|; s|/usr/bin/pamtester|$(type -P echo)|" "$BATS_FILE_TMPDIR/owners_rule" \
    >"$folder/etc/sudoers.d/passwd"
  cat >"$folder/etc/sudoers.d/test" <<END
Defaults           !mailerpath
Defaults:ticketed  timestamp_timeout=15
Defaults:named     pam_rhost
Defaults:rooted    rootpw
alice, bob, ticketed, named, rooted, old ALL=(ALL:ALL) ALL
END
  chmod 440 "$folder"/etc/sudoers.d/*
}

# by USER TOKEN COMMAND...: what sudo runs for this user, who has no terminal.
by() {
  printf '%s\n' "$2" | as "$1" sudo -S "${@:3}" 2>"$BATS_TEST_TMPDIR/err"
}

opens() {
  [ "$(by "$1" "$2" id -u)" = 0 ]
}

refused() {
  ! by "$1" "$2" id -u || return 1
  grep -q '1 incorrect password attempt' "$BATS_TEST_TMPDIR/err"
}

# terminal USER [EXPECT SEND]... -- COMMAND...: sudo, at a real terminal.
terminal() {
  local user=$1 dialog=()
  shift
  while [ "$1" != -- ]; do
    dialog+=("$1")
    shift
  done
  run inside "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 "${dialog[@]}" -- \
    setpriv --reuid="$user" --regid=65534 --init-groups sudo "${@:2}"
}

@test "visudo takes the page's line" {
  run -0 inside visudo -c
  [[ $output == */etc/sudoers.d/authkey:\ parsed\ OK* ]]
}

@test "the line of sudoers in passwd.md lets an owner replace her own key, and do nothing else as root" {
  run -0 visudo -cf "$BATS_FILE_TMPDIR/owners_rule"
  # What is run in place of pamtester prints its words.
  rule=$(sed 's/.*NOPASSWD: //' "$folder/etc/sudoers.d/passwd")
  # shellcheck disable=SC2086 # words
  [ "$(as owner sudo -n $rule)" = 'authkey-passwd alice chauthtok' ]
  for other in "${rule% chauthtok}" "$rule authenticate" "${rule/ authkey-passwd/ passwd}" \
    "${rule/ alice/ bob}" "${rule%% *}" /bin/sh; do
    # shellcheck disable=SC2086 # words
    run -1 as owner sudo -n $other
    [[ $output == *'a password is required'* || $output == *'not allowed'* ]]
  done
}

@test "the key of who asks runs a command as root; the module sees uid 4711 and euid 0" {
  token=$(new_key opens)
  opens alice "$token"
  [ "$(told "sudo:auth.* uid=4711 euid=0 tty= ruser=alice rhost= user=alice key=${token:3:8} reason=VALID")" -eq 1 ]
}

@test "at a terminal sudo asks in its own words, shows no token, and takes three answers" {
  token=$(new_key typed)
  ask='[sudo] password for alice: '
  terminal alice "$ask" 'wrong\r' "$ask" "$(mistyped "$token")\\r" "$ask" "$token\\r" -- id -un
  [ "$status" -eq 0 ]
  [[ $output == *root* ]]
  [[ $output != *"${token: -30}"* ]]
  [ "$(told "tty=/dev/pts/0 .*key=${token:3:8} reason=VALID")" -eq 1 ]
}

@test "a wrong key, the Unix password, nothing, or another's key is refused" {
  refuses_the_wrong
  refused alice ''
}

@test "disable is obeyed by the next sudo, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "with the page's line sudo asks each time" {
  token=$(new_key each)
  run as alice sh -c 'sudo -S true && sudo -n true' <<<"$token"
  [ "$status" -eq 1 ]
  [[ $output == *'a password is required'* ]]
}

@test "a ticket, as Debian's sudo gives it, outlives its key until it is removed" {
  token=$(authkey create ticket --owner ticketed -q)
  # shellcheck disable=SC2016 # for sh
  coproc as ticketed sh -c 'sudo -S true; for _ in 1 2; do
    echo ready; read -r _; sudo -n id -u 2>/dev/null || echo out; done' 2>"$BATS_TEST_TMPDIR/err"
  to=${COPROC[1]} from=${COPROC[0]}
  echo "$token" >&"$to"
  read -r ready <&"$from"
  [ "$ready" = ready ]
  authkey disable ticket
  echo again >&"$to"
  read -r by_ticket <&"$from"
  read -r ready <&"$from"
  inside rm -f /run/sudo/ts/ticketed
  echo again >&"$to"
  read -r without <&"$from"
  [ "$by_ticket/$without" = 0/out ]
  [ "$(authkey show ticket --field uses)" = 1 ]
}

@test "sudo -S with nothing to ask leaves the token to the command, as the page warns; not with -k" {
  token=$(authkey create spilt --owner ticketed -q)
  # shellcheck disable=SC2016 # for sh
  run as ticketed sh -c 'read -r token; echo "$token" | sudo -S true
    echo "$token" | sudo -S cat; echo "$token" | sudo -k -S wc -c' <<<"$token"
  [ "$(grep -c "$token" <<<"$output")" -eq 1 ]
  [ "${lines[-1]##* }" = 0 ]
}

@test "sudo -A asks a program, where there is no terminal" {
  token=$(new_key asked)
  install -d -o 4711 "$folder/askpass"
  recipe sudo.md 'Make a key and use it' '#!/bin/sh' |
    sed "s|/home/alice/.config|$folder/askpass|" >"$folder/askpass/program"
  echo "$token" >"$folder/askpass/sudo.token"
  chown 4711 "$folder"/askpass/*
  chmod 700 "$folder/askpass/program"
  chmod 600 "$folder/askpass/sudo.token"
  [ "$(as alice env SUDO_ASKPASS="$folder/askpass/program" sudo -A id -u </dev/null)" = 0 ]
}

@test "sudo -i is a service of its own" {
  token=$(new_key plain --service sudo)
  opens alice "$token"
  run ! by alice "$token" -i id -u
  [ "$(told "sudo-i:auth.*key=${token:3:8} reason=SERVICE_MISMATCH")" -eq 1 ]
  [ "$(by alice "$(new_key both --service sudo,sudo-i)" -i id -u)" = 0 ]
  refused alice "$(new_key neither --service sshd)"
}

@test "there is no address: a key with a network is refused, with pam_rhost too" {
  token=$(new_key bound --from 127.0.0.0/8,::1/128)
  refused alice "$token"
  token=$(authkey create bound --owner named --from 127.0.0.0/8,::1/128 -q)
  refused named "$token"
  [ "$(told "rhost=$(hostname).* user=named key=${token:3:8} reason=NO_RHOST")" -eq 1 ]
  [ "$(told 'reason=NO_RHOST')" -eq 2 ]
}

@test "with rootpw the key must be root's" {
  refused rooted "$(authkey create own --owner rooted -q)"
  opens rooted "$(authkey create roots --owner root -q)"
}

@test "a key does not open for an owner whose Unix password is too old" {
  token=$(authkey create aged --owner old -q)
  run ! by old "$token" id -u
  grep -q 'Account or password is expired' "$BATS_TEST_TMPDIR/err"
  [ "$(told "key=${token:3:8} reason=VALID")" -eq 1 ]
}

@test "show tells of the last use, and the command knows which key it was" {
  token=$(new_key used)
  [ "$(last_use used)" = '[false,null,null]' ]
  run -0 by alice "$token" env
  [[ $output == *AUTHKEY_NAME=used* ]]
  [[ $output == *AUTHKEY_OWNER=alice* ]]
  [[ $output != *"${token: -30}"* ]]
  [ "$(last_use used)" = '[true,null,"sudo"]' ]
}

@test "a store that is away is told as a wrong key, and the log says what it is" {
  token=$(new_key away)
  mv "$AUTHKEY_DIR/keys.db" "$AUTHKEY_DIR/away"
  run refused alice "$token"
  mv "$AUTHKEY_DIR/away" "$AUTHKEY_DIR/keys.db"
  [ "$status" -eq 0 ]
  [ "$(told 'sudo:auth): store unavailable: .*keys.db')" -eq 1 ]
  opens alice "$token"
}

@test "a faulty option ends it at once" {
  token=$(new_key faulty)
  sed -i 's/keys.db/& nonsense/' "$folder/etc/pam.d/sudo"
  run ! by alice "$token" id -u
  sed -i 's/ nonsense//' "$folder/etc/pam.d/sudo"
  grep -q 'PAM authentication error: Error in service module' "$BATS_TEST_TMPDIR/err"
  opens alice "$token"
}

@test "no token and no password is in the log (R16)" {
  tells_no_secret "$folder"
}
