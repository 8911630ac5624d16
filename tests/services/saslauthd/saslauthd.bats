#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# saslauthd, set up as docs/services/saslauthd.md says and started by Debian's own script,
# says OK to a key, and no longer the moment after the key has ended, unless it is left to
# cache, as Debian has it. SECURITY R2, R16, R21, R26.

bats_require_minimum_version 1.5.0
load ../web

PAGE=$BATS_TEST_DIRNAME/../../../docs/services/saslauthd.md

# Why this cannot be shown here; nothing when it can.
obstacle() {
  if [ -n "$AK_SAN" ]; then
    echo "saslauthd is not built with a sanitizer"
  elif [ "$(id -u)" -ne 0 ]; then
    echo "needs root: saslauthd runs as root"
  elif [ ! -x /etc/init.d/saslauthd ] || ! command -v testsaslauthd >/dev/null; then
    echo "sasl2-bin is not installed"
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
  "$AK_TOOL" init --group root
  install -m 644 "$AK_MODULE" "$folder/pam_authkey.so"
  place plain
  start plain
}

teardown_file() {
  [ -z "$reason" ] || return 0
  for running in "$folder"/*/server.pid; do
    running=${running%/server.pid}
    halt "${running##*/}"
  done
  rm -rf "$folder"
}

# code HEADING: the code below this heading of the page, but for the commands.
code() {
  awk -v heading="## $1" '/^## / { on = $0 == heading }
    on && /^    / && !/systemctl|authkey (create|revoke)/ { print substr($0, 5) }' "$PAGE"
}

# place NAME [HEADING]...: what serve.sh and a saslauthd need, in FOLDER/NAME; its settings
# are Debian's and the page's, those below more headings too.
place() {
  local service heading
  mkdir -p "$folder/$1/pam.d" "$folder/$1/default" "$folder/$1/run"
  for service in smtp other; do
    code /etc/pam.d/smtp |
      sed "s|pam_authkey.so|$folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db|" \
        >"$folder/$1/pam.d/$service"
  done
  cp /etc/default/saslauthd "$folder/$1/default/"
  for heading in /etc/default/saslauthd "${@:2}"; do
    code "$heading" >>"$folder/$1/default/saslauthd"
  done
}

# start NAME: its saslauthd, until it answers.
start() {
  local place=$folder/$1
  folder=$place serve "$BATS_TEST_DIRNAME/saslauthd.sh" "$place"
  until [[ $(asked nobody nothing "$1" 2>&1) == *NO* ]]; do
    kill -0 "$(cat "$place/pid")"
    sleep 0.02
  done
}

halt() {
  end "$(cat "$folder/$1/run/saslauthd/saslauthd.pid")"
  folder=$folder/$1 stop
}

# asked USER PASSWORD [NAME [OPTION]...]: what testsaslauthd says.
asked() {
  testsaslauthd -f "$folder/${3:-plain}/run/saslauthd/mux" -s smtp -u "$1" -p "$2" "${@:4}" || true
}

# login USER PASSWORD [NAME [OPTION]...]: in, out, or what else testsaslauthd has said.
login() {
  local said
  said=$(asked "$@" 2>&1)
  case $said in
    '0: OK "Success."') echo in ;;
    '0: NO "authentication failed"') echo out ;;
    *) echo "$said" ;;
  esac
}

# heard PATTERN [NAME]: how many lines of syslog from this one have it.
heard() {
  folder=$folder/${2:-plain} told "$1"
}

@test "the process that asks the module is root's, and says no address" {
  token=$(new_key asked --disabled)
  [ "$(login alice "$token")" = out ]
  [ "$(heard 'smtp:auth.*uid=0 euid=0 tty= ruser= rhost= user=alice .*reason=DISABLED')" -eq 1 ]
  [ "$(heard 'auth failure: .user=alice. .service=smtp. .realm=. .mech=pam.')" -eq 1 ]
}

@test "the key opens, and was last used for this service, from nowhere" {
  token=$(new_key opens --service smtp)
  used='.last_used_at != null, .last_used_from, .last_used_service'
  [ "$(authkey show opens --json | jq -c "[$used]")" = '[false,null,null]' ]
  [ "$(login alice "$token")" = in ]
  [ "$(authkey show opens --json | jq -c "[$used]")" = '[true,null,"smtp"]' ]
}

@test "a wrong key, a password or another's name is out" {
  token=$(new_key wrong)
  other=$(new_key other)
  [ "$(login alice "${token%???????????}${other: -11}")" = out ]
  [ "$(login alice 'correct horse battery staple')" = out ]
  [ "$(login bob "$token")" = out ]
  [ "$(login root "$token")" = out ]
  [ "$(login Alice "$token")" = out ]
  [ "$(login alice "$token")" = in ]
}

@test "disable is obeyed by the next login, and enable, and revoke, by each process (R26)" {
  token=$(new_key toggled)
  for _ in 1 2 3 4 5 6; do
    [ "$(login alice "$token")" = in ]
    authkey disable toggled
    [ "$(login alice "$token")" = out ]
    authkey enable toggled
  done
  [ "$(login alice "$token")" = in ]
  authkey revoke toggled -y
  [ "$(login alice "$token")" = out ]
}

@test "a key for another service is refused; the service is what the program tells" {
  token=$(new_key service --service imap)
  [ "$(login alice "$token")" = out ]
  [ "$(login alice "$token" plain -s imap)" = in ]
  [ "$(heard 'smtp:auth.*reason=SERVICE_MISMATCH')" -eq 1 ]
}

@test "the lines are those that the page prints" {
  token=$(new_key as-printed)
  [ "$(login alice "$token")" = in ]
  [ "$(heard " $(printed saslauthd.md VALID "$token")\$")" -eq 1 ]
  authkey edit -q as-printed --from 192.0.2.0/24
  [ "$(login alice "$token")" = out ]
  [ "$(heard " $(printed saslauthd.md NO_RHOST "$token")\$")" -eq 1 ]
  authkey disable as-printed
  [ "$(login alice "$token")" = out ]
  [ "$(heard " $(printed saslauthd.md DISABLED "$token")\$")" -eq 1 ]
}

@test "a key for a network is refused from everywhere, with NO_RHOST" {
  token=$(new_key network --from 0.0.0.0/0 --from ::/0)
  [ "$(login alice "$token")" = out ]
  [ "$(heard "key=${token:3:8} reason=NO_RHOST")" -eq 1 ]
}

@test "a password of 256 characters is asked for, one of 257 is refused without PAM" {
  printf -v long '%256s' ''
  long=${long// /x}
  before=$(heard 'pam_authenticate failed')
  [ "$(login alice "$long")" = out ]
  [ "$(heard 'pam_authenticate failed')" -eq $((before + 1)) ]
  [ "$(login alice "${long}x")" = out ]
  [ "$(heard 'pam_authenticate failed')" -eq $((before + 1)) ]
  [ "$(heard 'password exceeded MAX_REQ_LEN: 256')" -eq 1 ]
}

@test "without -r a realm is nothing: alice of everywhere is alice" {
  token=$(new_key realm)
  [ "$(login alice "$token" plain -r example.org)" = in ]
  [ "$(login alice "$token" plain -r example.net)" = in ]
  [ "$(login alice@example.org "$token")" = out ]
}

@test "with -r the owner is the name and the realm" {
  place realms 'Names and realms'
  start realms
  plain=$(new_key short)
  token=$(authkey create long --owner alice@example.org -q)
  said=$(login alice "$token" realms -r example.org)
  said+=,$(login alice "$token" realms -r example.net)
  said+=,$(login alice "$token" realms)
  said+=,$(login alice "$plain" realms -r example.org)
  said+=,$(login alice "$plain" realms)
  halt realms
  [ "$said" = in,out,out,out,in ]
}

@test "with -c, as Debian has it, a revoked key opens until a restart: leave it off" {
  place caches
  sed -i '/^OPTIONS="-m/d' "$folder/caches/default/saslauthd"
  start caches
  token=$(new_key cached)
  said=$(login alice "$token" caches)
  authkey revoke cached -y
  said+=,$(login alice "$token" caches)
  asked=$(heard "key=${token:3:8}" caches)
  nsenter --mount --target "$(cat "$folder/caches/server.pid")" /etc/init.d/saslauthd restart
  said+=,$(login alice "$token" caches)
  halt caches
  [ "$said" = in,in,out ]
  [ "$asked" -eq 1 ]
  [ "$(authkey show cached --field uses)" -eq 1 ]
}

@test "no token and no password is in any log (R16)" {
  token=$(new_key secret)
  login alice "$token"
  login alice "${token%??}xx"
  login alice 'correct horse battery staple'
  heard mark >/dev/null
  run ! grep -a -e "${token: -30}" -e 'correct horse' "$folder/plain/syslog"
  grep -q "${token:3:8}" "$folder/plain/syslog"
}
