#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# vsftpd, set up by the commands and the lines of docs/services/vsftpd.md behind Debian's
# own, lets curl into the owner's folder with a key, over TLS; three of them in the same
# mounts, for virtual users, Unix users, and keys in place of names. SECURITY R2, R16, R26.

load ../service
load ../unix

setup_file() {
  can_serve_unix /etc/vsftpd.conf openssl || return 0
  make_folder root
  make_etc vsftpd.conf ftpusers ssl
  make_certificate "$folder/etc/ssl/certs/ftp.pem" "$folder/etc/ssl/private/ftp.key"
  unix_user bob 4712
  unix_user carol 4713
  make_stacks
  # shellcheck disable=SC2016 # for sh
  serve "$BATS_TEST_DIRNAME/../etc.sh" "$folder" sh -c '
    mount -t tmpfs -o mode=755 tmpfs /srv
    mkdir -p /run/vsftpd/empty
    echo $$ >"$0/pid"
    exec sleep infinity' "$folder"
  recipe vsftpd.md Install 'useradd --home' >"$folder/commands"
  recipe vsftpd.md Install 'install -d' >>"$folder/commands"
  inside sh -eu "$folder/commands"
  inside mkdir /srv/bob /srv/carol
  start_servers
}

teardown_file() {
  [ -z "$reason" ] || return 0
  for server in "$folder"/*.vsftpd; do
    end "$(cat "$server")"
  done
  stop
}

make_stacks() {
  local stacks=$folder/etc/pam.d
  recipe vsftpd.md /etc/pam.d/vsftpd >"$stacks/vsftpd"
  recipe vsftpd.md 'Unix users' | sed 's/store=.*/& debug/' >"$stacks/ftp-unix"
  recipe vsftpd.md 'Key instead of user name' >"$stacks/ftp-named"
  recipe vsftpd.md 'Unix users' | sed 's/store=.*/& user=set/' >"$stacks/ftp-before"
  sed '1{h;d};/^account/{x;p;x}' "$stacks/ftp-before" >"$stacks/ftp-behind"
  sed -i 's|^bob:.*:/:|bob:x:4712:65534::/srv/bob:|
    s|^carol:.*:/:|carol:x:4713:65534::/srv/carol:|' "$folder/etc/passwd"
  echo carol >>"$folder/etc/ftpusers"
}

start_servers() {
  start virtual
  start named pam_service_name=ftp-named
  start unix guest_enable=NO pam_service_name=ftp-unix session_support=YES ssl_enable=NO \
    "$(recipe vsftpd.md 'Make a key and use it' setproctitle)"
  for stack in before behind; do
    start $stack guest_enable=NO pam_service_name=ftp-$stack ssl_enable=NO
  done
  if [ -e /proc/net/if_inet6 ]; then
    start mapped listen=NO listen_ipv6=YES listen_address6=::ffff:127.0.0.1
  fi
}

# start NAME LINE...: a vsftpd with Debian's lines, the page's and these, until it greets.
start() {
  free_port >"$folder/$1.port"
  {
    cat /etc/vsftpd.conf
    recipe vsftpd.md /etc/vsftpd.conf
    printf '%s\n' listen=YES listen_ipv6=NO listen_address=127.0.0.1 delay_failed_login=0 \
      "listen_port=$(cat "$folder/$1.port")" "${@:2}"
  } >"$folder/etc/$1.conf"
  # shellcheck disable=SC2016 # for sh
  inside sh -c 'echo $$ >"$0.vsftpd"; exec vsftpd "/etc/$1.conf"' "$folder/$1" "$1" \
    >"$folder/$1.out" 2>&1 3>&- &
  until greeting=$(greeting "$1" 2>/dev/null); do
    kill -0 $! || { cat "$folder/$1.out" >&2; return 1; }
    sleep 0.05
  done
  [[ $greeting == '220 '* ]] || { echo "$greeting" >&2; return 1; }
}

greeting() {
  local line
  exec 9<>"/dev/tcp/127.0.0.1/$(cat "$folder/$1.port")" && read -r -t 5 line <&9 || return
  exec 9>&-
  echo "$line"
}

# ftp NAME USER PASSWORD [OPTION]...: curl's exit status; what came goes to a file, and
# what was said to another. The password goes through standard input.
ftp() {
  local status=0
  printf 'user = "%s:%s"\n' "$2" "$3" |
    curl -s -v -k --ssl -m 20 -K - "${@:4}" "ftp://127.0.0.1:$(cat "$folder/$1.port")/" \
      >"$BATS_TEST_TMPDIR/came" 2>"$BATS_TEST_TMPDIR/said" || status=$?
  echo "$status"
}

# login USER PASSWORD [NAME]: in, out, or curl's exit status.
login() {
  local status
  status=$(ftp "${3:-virtual}" "$1" "$2")
  case $status in
    0) echo in ;;
    67) grep -q '< 530 ' "$BATS_TEST_TMPDIR/said" && echo out ;;
    *) echo "$status" ;;
  esac
}

# said LINE: what the server on descriptor 8 answers to it; fails after 20 s of silence.
said() {
  local line status=0
  printf '%s\r\n' "$1" >&8
  read -r -t 20 line <&8 || status=$?
  echo "$line"
  [ "$status" -le 128 ]
}

# session_of OWNER: the process in which ps shows an open session.
session_of() {
  ps ax -o pid= -o args= |
    awk -v owner="/$1:" '$2 == "vsftpd:" && index($3, owner) { print $1 }'
}

@test "the process that asks is root's, has 200 MiB, and says the client's address" {
  token=$(new_key asked --disabled)
  refused alice "$token"
  [ "$(told 'vsftpd:auth.*uid=0 euid=0 tty=ftp ruser=alice rhost=127.0.0.1 user=alice')" -eq 1 ]
  exec 8<>"/dev/tcp/127.0.0.1/$(cat "$folder/virtual.port")"
  read -r -t 5 _ <&8
  asking=$(ps --ppid "$(cat "$folder/virtual.vsftpd")" -o pid=)
  asking=${asking// /}
  grep -E '^Max address space +209715200 ' "/proc/$asking/limits"
  exec 8>&-
}

@test "the key opens the owner's folder over TLS, and was last used there" {
  token=$(new_key opens)
  [ "$(last_use opens)" = '[false,null,null]' ]
  opens alice "$token"
  grep -q 'files$' "$BATS_TEST_TMPDIR/came"
  grep -q 'SSL connection using TLS' "$BATS_TEST_TMPDIR/said"
  grep -q '< 257 "/"' "$BATS_TEST_TMPDIR/said"
  [ "$(last_use opens)" = '[true,"127.0.0.1","vsftpd"]' ]
  [ "$(authkey show opens --field uses)" -eq 1 ]
}

@test "what the owner sends belongs to vftp, and comes back" {
  token=$(new_key sends)
  echo 'what the key opens' >"$BATS_TEST_TMPDIR/picture"
  port=$(cat "$folder/virtual.port")
  printf 'machine 127.0.0.1 login alice password %s\n' "$token" >"$BATS_TEST_TMPDIR/netrc"
  there=ftp://127.0.0.1:$port/files/picture
  curl -s -k --ssl-reqd --netrc-file "$BATS_TEST_TMPDIR/netrc" -T "$BATS_TEST_TMPDIR/picture" "$there"
  [ "$(inside stat -c %U /srv/vsftpd/alice/files/picture)" = vftp ]
  [ "$(curl -s -k --ssl-reqd --netrc-file "$BATS_TEST_TMPDIR/netrc" "$there")" = 'what the key opens' ]
}

@test "a wrong key, a password, or another's name is out" {
  refuses_the_wrong root anonymous ./alice
}

@test "without TLS a client is sent away before it is asked for the token" {
  token=$(new_key plain)
  exec 8<>"/dev/tcp/127.0.0.1/$(cat "$folder/virtual.port")"
  read -r -t 5 _ <&8
  [[ $(said 'USER alice') == '530 Non-anonymous sessions must use encryption.'* ]]
  exec 8>&-
  [ "$(told "key=${token:3:8}")" -eq 0 ]
}

@test "without a folder, or with one that is its owner's, the connection breaks off" {
  token=$(authkey create homeless --owner dave -q)
  [ "$(ftp virtual dave "$token")" -eq 56 ]
  [ ! -s "$BATS_TEST_TMPDIR/came" ]
  [ "$(told "user=dave key=${token:3:8} reason=VALID")" -eq 1 ]
  inside mkdir /srv/vsftpd/dave
  opens dave "$token"
  inside chown vftp /srv/vsftpd/dave
  [ "$(ftp virtual dave "$token")" -eq 56 ]
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service or another network is refused" {
  keeps_to_service_and_network vsftpd
  [ "$(told 'rhost=127.0.0.1 .*reason=FORBIDDEN_IP')" -eq 1 ]
}

@test "an IPv4 client at an IPv6 port, as Debian has it, is in its IPv4 network" {
  [ -f "$folder/mapped.port" ] || skip 'there is no IPv6 here'
  opens alice "$(new_key inside --from 127.0.0.0/8)" mapped
  refused alice "$(new_key outside --from 192.0.2.0/24)" mapped
  [ "$(told 'rhost=::ffff:127.0.0.1 .*reason=FORBIDDEN_IP')" -eq 1 ]
  [ "$(authkey show inside --field last_used_from)" = 127.0.0.1 ]
}

@test "a password of 128 characters is asked for, one of 129 is refused without PAM" {
  printf -v long '%128s' ''
  long=${long// /x}
  before=$(told 'ftp-unix:auth.*reason=MALFORMED')
  refused bob "$long" unix
  [ "$(told 'ftp-unix:auth.*reason=MALFORMED')" -eq $((before + 1)) ]
  refused bob "${long}x" unix
  [ "$(told 'ftp-unix:auth.*reason=MALFORMED')" -eq $((before + 1)) ]
}

@test "a Unix user gets in with a key, through setcred and a session; who is barred does not" {
  token=$(authkey create unix --owner bob -q)
  opens bob "$token" unix
  [ "$(told 'pam_unix(ftp-unix:session): session opened for user bob')" -ge 1 ]
  refused carol "$(authkey create barred --owner carol -q)" unix
  refused dave "$(authkey create nobody --owner dave -q)" unix
  [ "$(authkey show barred --field refusals)" -eq 0 ]
}

@test "__token__ in place of the name gets the owner's folder, another's name nothing" {
  token=$(new_key named)
  opens __token__ "$token" named
  grep -q 'files$' "$BATS_TEST_TMPDIR/came"
  opens alice "$token" named
  refused bob "$token" named
  refused __token__ "$token"
}

@test "__token__ of root or of who is barred is out with Unix users, by the page's stack" {
  for owner in root carol; do
    token=$(authkey create "named-$owner" --owner $owner -q)
    refused __token__ "$token" unix
    refused $owner "$token" unix
  done
}

@test "with user=set, a list of names bars behind the module, and before it not" {
  opens __token__ "$(authkey create listed-bob --owner bob -q)" behind
  for owner in root carol; do
    token=$(authkey create "listed-$owner" --owner $owner -q)
    refused __token__ "$token" behind
    refused $owner "$token" behind
    refused $owner "$token" before
  done
  # What the page warns of.
  opens __token__ "$token" before
}

@test "who is connected stays so after disable, until his process is ended" {
  token=$(authkey create stays --owner bob -q)
  exec 8<>"/dev/tcp/127.0.0.1/$(cat "$folder/unix.port")"
  read -r -t 5 _ <&8
  [[ $(said 'USER bob') == '331 '* ]]
  [[ $(said "PASS $token") == '230 '* ]]
  authkey disable stays
  [[ $(said NOOP) == '200 '* ]]
  kill -s KILL "$(session_of bob)"
  after=$(said NOOP)
  [[ $after != '200 '* ]]
  [ -z "$(session_of bob)" ]
  exec 8>&-
}

@test "no token and no password is in any log (R16)" {
  log=/proc/$(cat "$folder/server.pid")/root/var/log/vsftpd.log
  tells_no_secret "$folder" "$log"
  grep -q 'OK LOGIN' "$log"
}
