#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# saslauthd, set up as docs/services/saslauthd.md says and started by Debian's own script,
# says OK to a key, and no longer the moment after the key has ended, unless it is left to
# cache, as Debian has it. SECURITY R2, R16, R21, R26.

load ../service

setup_file() {
  can_serve /etc/init.d/saslauthd testsaslauthd || return 0
  make_folder root
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

# place NAME [HEADING]...: what serve.sh and a saslauthd need, in FOLDER/NAME; its settings
# are Debian's and the page's, those below more headings too.
place() {
  local service heading
  make_pam_d "$folder/$1"
  mkdir "$folder/$1/default" "$folder/$1/run"
  for service in smtp other; do
    recipe saslauthd.md /etc/pam.d/smtp >"$folder/$1/pam.d/$service"
  done
  cp /etc/default/saslauthd "$folder/$1/default/"
  for heading in /etc/default/saslauthd "${@:2}"; do
    recipe saslauthd.md "$heading" >>"$folder/$1/default/saslauthd"
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

@test "the process that asks the module is root's, and says no address" {
  token=$(new_key asked --disabled)
  refused alice "$token"
  [ "$(told 'smtp:auth.*uid=0 euid=0 tty= ruser= rhost= user=alice .*reason=DISABLED' plain)" -eq 1 ]
  [ "$(told 'auth failure: .user=alice. .service=smtp. .realm=. .mech=pam.' plain)" -eq 1 ]
}

@test "the key opens, and was last used for this service, from nowhere" {
  token=$(new_key opens --service smtp)
  [ "$(last_use opens)" = '[false,null,null]' ]
  opens alice "$token"
  [ "$(last_use opens)" = '[true,null,"smtp"]' ]
}

@test "a wrong key, a password or another's name is out" {
  refuses_the_wrong root Alice
}

@test "disable is obeyed by the next login, and enable, and revoke, by each process (R26)" {
  obeys_each_change 6
}

@test "a key for another service is refused; the service is what the program tells" {
  token=$(new_key service --service imap)
  refused alice "$token"
  opens alice "$token" plain -s imap
  [ "$(told 'smtp:auth.*reason=SERVICE_MISMATCH' plain)" -eq 1 ]
}

@test "the lines are those that the page prints" {
  token=$(new_key as-printed)
  opens alice "$token"
  [ "$(told " $(printed saslauthd.md VALID "$token")\$" plain)" -eq 1 ]
  authkey edit -q as-printed --from 192.0.2.0/24
  refused alice "$token"
  [ "$(told " $(printed saslauthd.md NO_RHOST "$token")\$" plain)" -eq 1 ]
  authkey disable as-printed
  refused alice "$token"
  [ "$(told " $(printed saslauthd.md DISABLED "$token")\$" plain)" -eq 1 ]
}

@test "a key for a network is refused from everywhere, with NO_RHOST" {
  token=$(new_key network --from 0.0.0.0/0 --from ::/0)
  refused alice "$token"
  [ "$(told "key=${token:3:8} reason=NO_RHOST" plain)" -eq 1 ]
}

@test "a password of 256 characters is asked for, one of 257 is refused without PAM" {
  printf -v long '%256s' ''
  long=${long// /x}
  before=$(told 'pam_authenticate failed' plain)
  refused alice "$long"
  [ "$(told 'pam_authenticate failed' plain)" -eq $((before + 1)) ]
  refused alice "${long}x"
  [ "$(told 'pam_authenticate failed' plain)" -eq $((before + 1)) ]
  [ "$(told 'password exceeded MAX_REQ_LEN: 256' plain)" -eq 1 ]
}

@test "without -r a realm is nothing: alice of everywhere is alice" {
  token=$(new_key realm)
  opens alice "$token" plain -r example.org
  opens alice "$token" plain -r example.net
  refused alice@example.org "$token"
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
  asked=$(told "key=${token:3:8}" caches)
  nsenter --mount --target "$(cat "$folder/caches/server.pid")" /etc/init.d/saslauthd restart
  said+=,$(login alice "$token" caches)
  halt caches
  [ "$said" = in,in,out ]
  [ "$asked" -eq 1 ]
  [ "$(authkey show cached --field uses)" -eq 1 ]
}

@test "no token and no password is in any log (R16)" {
  tells_no_secret "$folder/plain"
}
