#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Dovecot, set up as docs/services/dovecot.md says, lets curl read mail with a key, and no
# longer at the very next login after the key has ended, unless it is told to cache.
# SECURITY R2, R16, R21, R26.

load ../service

setup_file() {
  can_serve /usr/lib/dovecot/imap || return 0
  make_folder games
  place plain
  start plain
}

# What serve.sh and a dovecot need, in FOLDER/NAME.
place() {
  make_pam_d "$folder/$1"
  mkdir "$folder/$1/state"
  install -d -o nobody -g nogroup "$folder/$1/mail"
  free_port >"$folder/$1/port"
  recipe dovecot.md /etc/pam.d/dovecot >"$folder/$1/pam.d/dovecot"
  {
    surroundings "$1"
    # The machine need not have the user vmail.
    recipe dovecot.md Dovecot |
      sed "s|uid=vmail gid=vmail|uid=nobody gid=nogroup|; s|/var/vmail|$folder/$1/mail|"
  } >"$folder/$1/dovecot.conf"
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

# With a cache as the page warns of: NAME, and the args of its passdb.
cached() {
  place "$1"
  sed -i "s/args = dovecot/args = $2dovecot/" "$folder/$1/dovecot.conf"
  echo 'auth_cache_size = 1M' >>"$folder/$1/dovecot.conf"
  start "$1"
}

@test "the process that asks the module is root's, and says the client's address" {
  token=$(new_key asked --disabled)
  refused alice "$token"
  [ "$(told 'uid=0 euid=0 tty=dovecot ruser=alice rhost=127.0.0.1 user=alice' plain)" -eq 1 ]
}

@test "the key opens the mail, and was last used there" {
  token=$(new_key opens)
  [ "$(last_use opens)" = '[false,null,null]' ]
  opens alice "$token"
  grep -q INBOX "$BATS_TEST_TMPDIR/folders"
  [ "$(last_use opens)" = '[true,"127.0.0.1","dovecot"]' ]
}

@test "a wrong key, a password, nothing, or another's name is out" {
  refuses_the_wrong root
}

@test "an owner with a great letter is not made small" {
  token=$(authkey create great --owner Alice -q)
  opens Alice "$token"
  refused alice "$token"
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service or another network is refused" {
  keeps_to_service_and_network dovecot
  [ "$(told 'rhost=127.0.0.1 .*reason=FORBIDDEN_IP' plain)" -eq 1 ]
}

@test "with a cache a revoked key opens until the cache is emptied: leave it off" {
  cached remembers 'cache_key=%u '
  token=$(new_key remembered)
  opens alice "$token" remembers
  authkey revoke remembered -y
  opens alice "$token" remembers
  refused alice "$token"
  doveadm -c "$folder/remembers/dovecot.conf" auth cache flush
  run login alice "$token" remembers
  halt remembers
  [ "$output" = out ]
}

@test "a size of the cache without a cache key changes nothing" {
  cached sized ''
  token=$(new_key sized)
  opens alice "$token" sized
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
  recipe dovecot.md 'Less than root' | sed 's/authkey$/games/' >>"$folder/less/dovecot.conf"
  start less
  token=$(new_key less)
  run login alice "$token" less
  uid=$(id -u dovecot)
  asked=$(told "uid=$uid euid=$uid .*reason=VALID" less)
  halt less
  [ "$output" = in ]
  [ "$asked" -eq 1 ]
}

@test "user=set: the token alone opens its owner's mail, and with the page's line no log has it" {
  place named
  sed -i 's|keys.db|& user=set|' "$folder/named/pam.d/dovecot"
  recipe key-as-user-name.md Dovecot ^login_log_format_elements >>"$folder/named/dovecot.conf"
  start named
  token=$(new_key named)
  off=$(new_key named-off --disabled)
  said=$(login __token__ "$token" named; login "$token" any named; login alice "$token" named
    login bob "$token" named; login __token__ "$off" named; login "$off" any named)
  grep -q "imap(alice)" "$folder/named/log"
  ls "$folder/named/mail" >"$BATS_TEST_TMPDIR/mail"
  told mark named >/dev/null
  run ! grep -a -e "${token: -30}" -e "${off: -30}" "$folder/named/log" "$folder/named/syslog"
  halt named
  [ "$(xargs <<<"$said")" = 'in in in out out out' ]
  [ "$(cat "$BATS_TEST_TMPDIR/mail")" = alice ]
}

@test "no token and no password is in any log (R16)" {
  tells_no_secret "$folder/plain" "$folder/plain/log"
}
