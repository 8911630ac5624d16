#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Dovecot, set up as docs/services/dovecot.md says, lets curl read mail with a key, and no
# longer at the very next login after the key has ended, unless it is told to cache.
# SECURITY R2, R16, R21, R26.

bats_require_minimum_version 1.5.0
load ../web

# Why this cannot be shown here; nothing when it can.
obstacle() {
  if [ -n "$AK_SAN" ]; then
    echo "dovecot is not built with a sanitizer"
  elif [ "$(id -u)" -ne 0 ]; then
    echo "needs root: dovecot starts as root"
  elif [ ! -x /usr/lib/dovecot/imap ]; then
    echo "dovecot-imapd is not installed"
  elif ! unshare --mount true 2>/dev/null; then
    echo "needs mounts of its own"
  fi
}

setup() {
  [ -z "$reason" ] || skip "$reason"
}

setup_file() {
  PATH=$PATH:/usr/sbin:/sbin
  reason=$(obstacle)
  export reason
  [ -z "$reason" ] || return 0

  folder=$(mktemp -d)
  export folder AUTHKEY_DIR=$folder/authkey
  chmod 755 "$folder"
  "$AK_TOOL" init --group games
  install -m 644 "$AK_MODULE" "$folder/pam_authkey.so"
  place plain
  start plain
}

teardown_file() {
  [ -z "$reason" ] || return 0
  for running in "$folder"/*/server.pid; do
    folder=${running%/*} stop
  done
  rm -rf "$folder"
}

# What serve.sh and a dovecot need, in FOLDER/NAME.
place() {
  mkdir -p "$folder/$1/pam.d" "$folder/$1/state"
  install -d -o nobody -g nogroup "$folder/$1/mail"
  free_port >"$folder/$1/port"
  recipe "$1" /etc/pam.d/dovecot |
    sed "s|pam_authkey.so|$folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db|" \
      >"$folder/$1/pam.d/dovecot"
  { surroundings "$1" && recipe "$1" Dovecot; } >"$folder/$1/dovecot.conf"
}

# recipe NAME HEADING: the code below this heading of the page, but for the commands; the
# machine need not have the user vmail.
recipe() {
  awk -v heading="## $2" '/^## / { on = $0 == heading } on && /^    / && !/ && / ' \
    "$BATS_TEST_DIRNAME/../../../docs/services/dovecot.md" |
    sed "s|uid=vmail gid=vmail|uid=nobody gid=nogroup|; s|/var/vmail|$folder/$1/mail|"
}

# What /etc/dovecot has besides: where this one lives, and that a refusal is told at once.
surroundings() {
  cat <<END
base_dir = $folder/$1/run
state_dir = $folder/$1/state
log_path = $folder/$1/log
listen = 127.0.0.1
protocols = imap
ssl = no
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    port = $(cat "$folder/$1/port")
  }
  inet_listener imaps {
    port = 0
  }
}
END
}

# start NAME: its dovecot, from FOLDER/NAME/dovecot.conf, until it greets.
start() {
  local place=$folder/$1
  # shellcheck disable=SC2016 # for sh
  folder=$place serve sh -c 'echo $$ >"$0/pid"; exec dovecot -F -c "$0/dovecot.conf"' "$place"
  until greets "$(cat "$folder/$1/port")" 2>/dev/null; do
    kill -0 "$(cat "$folder/$1/pid")" || { cat "$folder/$1/out" "$folder/$1/log" >&2; return 1; }
    sleep 0.05
  done
}

greets() {
  local greeting
  exec 9<>"/dev/tcp/127.0.0.1/$1" && read -r -t 5 greeting <&9
  exec 9>&-
  [[ ${greeting:-} == '* OK '* ]]
}

halt() {
  folder=$folder/$1 stop
}

# login USER TOKEN [NAME]: in, out, or curl's exit status. The token goes through
# standard input.
login() {
  local status=0
  printf 'user = "%s:%s"\n' "$1" "$2" |
    curl -s -m 20 -K - "imap://127.0.0.1:$(cat "$folder/${3:-plain}/port")/" \
      >"$BATS_TEST_TMPDIR/folders" || status=$?
  case $status in
    0) echo in ;;
    67) echo out ;;
    *) echo "$status" ;;
  esac
}

# heard PATTERN [NAME]: how many lines of syslog from this one have it.
heard() {
  folder=$folder/${2:-plain} told "$1"
}

# With a cache as the page warns of: NAME, and the args of its passdb.
cached() {
  place "$1"
  sed -i "s/args = dovecot/args = $2dovecot/" "$folder/$1/dovecot.conf"
  echo 'auth_cache_size = 1M' >>"$folder/$1/dovecot.conf"
  start "$1"
}

@test "the process that asks the module is root's, and says the client's address" {
  token=$(new_key asked --disabled)
  [ "$(login alice "$token")" = out ]
  [ "$(heard 'uid=0 euid=0 tty=dovecot ruser=alice rhost=127.0.0.1 user=alice')" -eq 1 ]
}

@test "the key opens the mail, and was last used there" {
  token=$(new_key opens)
  used='.last_used_at != null, .last_used_from, .last_used_service'
  [ "$(authkey show opens --json | jq -c "[$used]")" = '[false,null,null]' ]
  [ "$(login alice "$token")" = in ]
  grep -q INBOX "$BATS_TEST_TMPDIR/folders"
  [ "$(authkey show opens --json | jq -c "[$used]")" = '[true,"127.0.0.1","dovecot"]' ]
}

@test "a wrong key, a password, nothing, or another's name is out" {
  token=$(new_key wrong)
  other=$(new_key other)
  [ "$(login alice "${token%???????????}${other: -11}")" = out ]
  [ "$(login alice 'correct horse battery staple')" = out ]
  [ "$(login bob "$token")" = out ]
  [ "$(login root "$token")" = out ]
  [ "$(login alice "$token")" = in ]
}

@test "an owner with a great letter is not made small" {
  token=$(authkey create great --owner Alice -q)
  [ "$(login Alice "$token")" = in ]
  [ "$(login alice "$token")" = out ]
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  token=$(new_key toggled)
  for _ in 1 2 3; do
    [ "$(login alice "$token")" = in ]
    authkey disable toggled
    [ "$(login alice "$token")" = out ]
    authkey enable toggled
  done
  [ "$(login alice "$token")" = in ]
  authkey revoke toggled -y
  [ "$(login alice "$token")" = out ]
}

@test "a key for another service or another network is refused" {
  [ "$(login alice "$(new_key mine --service dovecot --from 127.0.0.0/8)")" = in ]
  [ "$(login alice "$(new_key service --service sshd)")" = out ]
  [ "$(login alice "$(new_key network --from 192.0.2.0/24)")" = out ]
  [ "$(heard 'rhost=127.0.0.1 .*reason=FORBIDDEN_IP')" -eq 1 ]
}

@test "with a cache a revoked key opens until the cache is emptied: leave it off" {
  cached remembers 'cache_key=%u '
  token=$(new_key remembered)
  [ "$(login alice "$token" remembers)" = in ]
  authkey revoke remembered -y
  [ "$(login alice "$token" remembers)" = in ]
  [ "$(login alice "$token")" = out ]
  doveadm -c "$folder/remembers/dovecot.conf" auth cache flush
  run login alice "$token" remembers
  halt remembers
  [ "$output" = out ]
}

@test "a size of the cache without a cache key changes nothing" {
  cached sized ''
  token=$(new_key sized)
  [ "$(login alice "$token" sized)" = in ]
  authkey revoke sized -y
  run login alice "$token" sized
  halt sized
  [ "$output" = out ]
}

@test "who is connected stays so after disable, until doveadm kicks him" {
  token=$(new_key stays)
  exec 8<>"/dev/tcp/127.0.0.1/$(cat "$folder/plain/port")"
  read -r -t 5 line <&8
  printf 'a login alice %s\r\n' "$token" >&8
  read -r -t 5 line <&8
  [[ $line == 'a OK '* ]]
  authkey disable stays
  printf 'b noop\r\n' >&8
  read -r -t 5 line <&8
  [[ $line == 'b OK '* ]]
  doveadm -c "$folder/plain/dovecot.conf" kick alice
  read -r -t 5 line <&8
  exec 8>&-
  [[ $line == '* BYE '* ]]
}

@test "auth-worker as less than root reads the store through its extra group" {
  place less
  recipe less 'Less than root' | sed 's/authkey$/games/' >>"$folder/less/dovecot.conf"
  start less
  token=$(new_key less)
  run login alice "$token" less
  uid=$(id -u dovecot)
  asked=$(heard "uid=$uid euid=$uid .*reason=VALID" less)
  halt less
  [ "$output" = in ]
  [ "$asked" -eq 1 ]
}

@test "user=set: the token alone opens its owner's mail, and with the page's line no log has it" {
  place named
  sed -i 's|keys.db|& user=set|' "$folder/named/pam.d/dovecot"
  sed -n 's/^    \(login_log_format_elements\)/\1/p' \
    "$BATS_TEST_DIRNAME/../../../docs/services/key-as-user-name.md" >>"$folder/named/dovecot.conf"
  start named
  token=$(new_key named)
  off=$(new_key named-off --disabled)
  said=$(login __token__ "$token" named; login "$token" any named; login alice "$token" named
    login bob "$token" named; login __token__ "$off" named; login "$off" any named)
  grep -q "imap(alice)" "$folder/named/log"
  ls "$folder/named/mail" >"$BATS_TEST_TMPDIR/mail"
  heard mark named >/dev/null
  run ! grep -a -e "${token: -30}" -e "${off: -30}" "$folder/named/log" "$folder/named/syslog"
  halt named
  [ "$(xargs <<<"$said")" = 'in in in out out out' ]
  [ "$(cat "$BATS_TEST_TMPDIR/mail")" = alice ]
}

@test "no token and no password is in any log (R16)" {
  token=$(new_key secret)
  login alice "$token"
  login alice "${token%??}xx"
  login alice 'correct horse battery staple'
  heard mark >/dev/null
  run ! grep -a -e "${token: -30}" -e 'correct horse' "$folder/plain/syslog" "$folder/plain/log"
  id=${token#*_}
  grep -q "${id:0:8}" "$folder/plain/syslog"
}
