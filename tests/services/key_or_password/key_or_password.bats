#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Key or Unix password with a single prompt, by the stacks of
# docs/services/key-or-password.md, in sshd and sudo, which ask PAM as root, and in nginx,
# which does not. SECURITY R2, R8, R16, R26.

load ../service
load ../web
load ../unix
load ../openssh/sshd # its opens and refused, not the web's

PAGE=key-or-password.md

setup() {
  [ -z "$reason" ] || skip "$reason"
  stack 'The stack'
}

setup_file() {
  can_serve_unix setuid:/usr/bin/sudo || return 0
  make_folder games
  make_etc sudoers
  make_users
  stack 'The stack'
  serve_sshd
}

make_users() {
  unix_user alice 4711 'correct horse'
  unix_user keyed 4712
  unix_user locked 4713
  sed -i "s/^locked:.*/$(sed -n 's/^alice:/locked:!/p' "$folder/etc/shadow" | sed 's/[/&]/\\&/g')/" \
    "$folder/etc/shadow"
  unix_user old 4714 'correct horse' 19000:0:90:7:::
  unix_user must 4715 'correct horse' 0:0:99999:7:::
  unix_user ended 4716 'correct horse' 19000:0:99999:7::0:
  unix_user empty 4717
  sed -i 's/^empty:[^:]*/empty:/' "$folder/etc/shadow"
  echo "127.0.0.1 $(hostname)" >>"$folder/etc/hosts"
  sed -i 's/^games:.*/games:x:60:www-data/' "$folder/etc/group"
  mkdir "$folder/etc/sudoers.d"
  printf '%s\n' 'Defaults timestamp_timeout=0, !mailerpath' 'ALL ALL=(ALL:ALL) ALL' \
    >"$folder/etc/sudoers.d/test"
  chmod 440 "$folder/etc/sudoers.d/test"
}

# stack HEADING [ACCOUNT]: the page's stack for all three services; ACCOUNT is a heading
# whose account lines take the place of the first one's.
stack() {
  local service lines
  lines=$(recipe $PAGE "$1" '^auth|^account' | sed 's/pam_unix.so/& nodelay/')
  [ -z "${2:-}" ] || lines=$(grep ^auth <<<"$lines" && recipe $PAGE "$2" '^account')
  for service in sshd sudo nginx; do
    { echo "$lines" && echo 'session required pam_permit.so'; } >"$folder/etc/pam.d/$service"
  done
}

# sudo_takes USER TOKEN: does sudo run a command for this?
sudo_takes() {
  [ "$(printf '%s\n' "$2" | as "$1" sudo -S id -u 2>"$BATS_TEST_TMPDIR/err")" = 0 ]
}

both_open() {
  opens "$@" && sudo_takes "$@"
}

both_refuse() {
  refused "$@" && ! sudo_takes "$@"
}

key_of() {
  authkey create "key-$RANDOM$RANDOM" --owner "$1" -q
}

@test "a key opens, the password opens, and what is neither does not" {
  token=$(new_key opens)
  both_open alice "$token"
  both_open alice 'correct horse'
  both_refuse alice 'correct cow'
  both_refuse alice "$(mistyped "$token")"
  both_refuse alice ''
  both_refuse keyed "$token"
  both_refuse nobody-here "$token"
}

@test "a disabled key is out at the next login, its owner's password is not (R26)" {
  token=$(new_key toggled)
  both_open alice "$token"
  authkey disable toggled
  both_refuse alice "$token"
  both_open alice 'correct horse'
  authkey enable toggled
  both_open alice "$token"
  authkey owner suspend alice
  run both_refuse alice "$token"
  authkey owner resume alice
  [ "$status" -eq 0 ]
  authkey revoke toggled -y
  both_refuse alice "$token"
}

@test "a key for another service or another network is out, the password is not" {
  refused alice "$(new_key service --service sudo)"
  refused alice "$(new_key network --from 192.0.2.0/24)"
  opens alice "$(new_key mine --service sshd --from 127.0.0.0/8)"
  opens alice 'correct horse'
}

# prompts ANSWER: how often sshd asks, and how it ends.
prompts() {
  run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 'word: ' "$1\\r" -- \
    bash -c 'client keyboard-interactive alice id -un'
  echo "$(grep -o 'word: ' <<<"$output" | wc -l) $(tr -d '\r' <<<"$output" |
    grep -o -e '^alice$' -e denied)"
}

@test "one prompt: for a key, for a password, for a wrong one, by sshd and sudo at a terminal" {
  token=$(new_key one)
  [ "$(prompts "$token")" = '1 alice' ]
  [ "$(prompts 'correct horse')" = '1 alice' ]
  [ "$(prompts 'correct cow')" = '1 denied' ]
  [ "$(prompts "$(mistyped "$token")")" = '1 denied' ]
  for answer in "$token" 'correct horse'; do
    run inside "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 'for alice: ' "$answer\\r" -- \
      setpriv --reuid=alice --regid=65534 --init-groups sudo id -un
    [ "$status" -eq 0 ]
    [ "$(grep -o 'for alice: ' <<<"$output" | wc -l)" -eq 1 ]
    [[ $output == *root* ]]
  done
}

@test "the prompt of the page is asked, and takes both" {
  recipe $PAGE 'One prompt for both' >"$BATS_TEST_TMPDIR/line"
  sed -i -e "/^auth *sufficient/{r $BATS_TEST_TMPDIR/line" -e 'd}' "$folder/etc/pam.d/sshd"
  token=$(new_key prompted)
  [ "$(prompts "$token")" = '1 alice' ]
  [ "$(prompts 'correct horse')" = '1 alice' ]
  run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 'Key or password: ' "$token\\r" -- \
    bash -c 'client keyboard-interactive alice id -un'
  [[ $output == *alice* ]]
}

@test "who has no password, or a locked one, gets in with a key" {
  for user in keyed locked; do
    both_open $user "$(key_of $user)"
    both_refuse $user 'correct horse'
  done
}

@test "a password that is too old, and an account that has ended, keep out by both ways" {
  for user in old must ended; do
    token=$(key_of $user)
    run ! sudo_takes $user "$token"
    run ! sudo_takes $user 'correct horse'
    run ! by password $user "$token"
    run ! by password $user 'correct horse'
    [ "$(told "sshd:auth.*user=$user key=${token:3:8} reason=VALID")" -eq 1 ]
  done
}

@test "with the page's other account lines a key opens whatever the account says (R8)" {
  stack 'The stack' 'Who gets in'
  for user in old must ended alice; do
    both_open $user "$(key_of $user)"
  done
  for user in old must ended; do
    run ! sudo_takes $user 'correct horse'
  done
  both_open alice 'correct horse'
  authkey disable "$(key_of alice | cut -c 4-11)"
  both_refuse alice 'correct cow'
}

@test "with Debian's common files the same, and nullok lets in who has an empty password" {
  run ! sudo_takes empty anything
  stack "With Debian's common files"
  token=$(new_key common)
  both_open alice "$token"
  both_open alice 'correct horse'
  both_refuse alice 'correct cow'
  [ "$(prompts 'correct horse')" = '1 alice' ]
  authkey disable common
  both_refuse alice "$token"
  sudo_takes empty anything
  refused empty anything
}

@test "a store that is away: passwords open, keys do not, and the log says so for each key" {
  token=$(new_key away)
  mv "$AUTHKEY_DIR/keys.db" "$AUTHKEY_DIR/away"
  run both_open alice 'correct horse'
  silent=$(told 'store unavailable')
  [ "$status" -ne 0 ] || run both_refuse alice "$token"
  mv "$AUTHKEY_DIR/away" "$AUTHKEY_DIR/keys.db"
  [ "$status" -eq 0 ]
  [ "$silent" -eq 0 ]
  [ "$(told 'pam_authkey(sshd:auth): store unavailable: .*keys.db')" -eq 2 ]
  [ "$(told 'pam_authkey(sudo:auth): store unavailable: .*keys.db')" -eq 1 ]
  both_open alice "$token"
}

@test "a login by password is no use of a key, and leaves no line of the module" {
  new_key unused >/dev/null
  before=$(told pam_authkey)
  both_open alice 'correct horse'
  [ "$(told pam_authkey)" -eq "$before" ]
  [ "$(authkey show unused --field uses)" = 0 ]
}

# with_nginx USER COMMAND...: nginx with workers of this user asks the same stack.
with_nginx() {
  local port status=0
  port=$(free_port)
  nginx_conf "$1" nginx.pid >"$folder/nginx.conf" <<END
access_log off;
server {
  listen 127.0.0.1:$port;
  auth_pam "keys";
  auth_pam_service_name "nginx";
}
END
  inside nginx -c "$folder/nginx.conf" -p "$folder" >"$folder/nginx.out" 2>&1 3>&- &
  until [ -s "$folder/nginx.pid" ]; do
    kill -0 $! || return 1
    sleep 0.02
  done
  url=http://127.0.0.1:$port/ "${@:2}" || status=$?
  end "$(cat "$folder/nginx.pid")"
  rm -f "$folder/nginx.pid"
  return $status
}

# each KEY: what nginx says to a key, a password and what is neither. It has no page: 404 is in.
each() {
  echo "$(answer alice "$1") $(answer alice 'correct horse') $(answer alice 'correct cow')"
}

@test "nginx: pam_unix.so refuses keys, too, unless the worker may read the shadow file" {
  needs user:www-data /usr/lib/nginx/modules
  token=$(new_key web)
  [ "$(with_nginx www-data each "$token")" = '401 401 401' ]
  [ "$(told "nginx:auth.*key=${token:3:8} reason=VALID")" -eq 1 ]
  [ "$(with_nginx 'www-data shadow' each "$token")" = '404 404 401' ]
}

@test "no token and no password is in the log (R16)" {
  token=$(new_key secret)
  both_open alice "$token"
  both_refuse alice "$(mistyped "$token")"
  both_refuse alice 'correct cow'
  told mark >/dev/null
  run ! grep -a -e "${token: -30}" -e 'correct horse' -e 'correct cow' "$folder/syslog"
  grep -qa "${token:3:8}" "$folder/syslog"
}
