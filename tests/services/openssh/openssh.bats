#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# OpenSSH's sshd, set up by the lines of docs/services/openssh.md, lets ssh in with a key,
# by both methods that ask for one. Password: all of PAM in one process. Keyboard-
# interactive: setcred and the session in another than auth and account.

bats_require_minimum_version 1.5.0

PAGE=$BATS_TEST_DIRNAME/../../../docs/services/openssh.md

# Why this cannot be shown here; nothing when it can.
why_not() {
  if [ -n "$AK_SAN" ]; then
    echo "sshd is not built with a sanitizer"
  elif [ "$(id -u)" -ne 0 ]; then
    echo "needs root: sshd becomes the user who logs in"
  elif [ ! -f /etc/pam.d/common-account ]; then
    echo "needs Debian's PAM stacks"
  elif ! unshare --mount true 2>/dev/null; then
    echo "needs mounts of its own"
  fi
}

setup() {
  [ -z "$reason" ] || skip "$reason"
}

setup_file() {
  reason=$(why_not)
  export reason
  [ -z "$reason" ] || return 0

  folder=$(mktemp -d)
  export folder AUTHKEY_DIR=$folder/authkey
  chmod 755 "$folder"
  "$AK_TOOL" init --group root
  install -m 644 "$AK_MODULE" "$folder/pam_authkey.so"
  make_etc
  make_users
  install_stack '/etc/pam.d/sshd'
  start_sshd
}

teardown_file() {
  [ -z "$reason" ] || return 0
  for process in sshd socat; do
    end "$(cat "$folder/$process.pid")" || true
  done
  rm -rf "$folder"
}

# An /etc of its own, as a whole: a file mounted over the machine's own passwd is gone as
# soon as somebody adds a user there. Debian's pam_unix.so waits 2 s after a wrong password.
make_etc() {
  local name
  mkdir "$folder/etc"
  ln -s etc/pam.d "$folder/pam.d" # where serve.sh looks for it
  for name in passwd group shadow nsswitch.conf hosts login.defs security environment pam.d; do
    [ ! -e "/etc/$name" ] || cp -a "/etc/$name" "$folder/etc/"
  done
  sed -i 's/pam_unix\.so/& nodelay/' "$folder/etc/pam.d/common-auth"
}

# Alice has a password and an ssh key; Bob has neither.
make_users() {
  local hash
  hash=$(perl -e 'print crypt("correct horse", q($6$battery$))')
  printf '%s:x:%s:65534::/:/bin/sh\n' alice 4711 bob 4712 >>"$folder/etc/passwd"
  printf '%s:%s:19000:0:99999:7:::\n' alice "$hash" bob '*' >>"$folder/etc/shadow"
  ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
  ssh-keygen -q -t ed25519 -N '' -f "$folder/alice"
  cp "$folder/alice.pub" "$folder/authorized_keys"
}

# lines HEADING: the first code under this heading of the page.
lines() {
  awk -v heading="## $1" '$0 == heading { on = 1 }
    on && /^    / { print substr($0, 5); seen = 1; next } seen { exit }' "$PAGE"
}

# install_stack HEADING: what Debian's file becomes with the page's lines in it.
install_stack() {
  {
    lines "$1" | sed "s|pam_authkey.so|$folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db|"
    grep -vE '^(auth|account|@include common-(auth|account))\b' /etc/pam.d/sshd
  } >"$folder/etc/pam.d/sshd"
}

start_sshd() {
  port=$(free_port)
  export port
  {
    lines '/etc/ssh/sshd_config.d/authkey.conf'
    cat <<END
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
PidFile $folder/pid
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
END
  } >"$folder/sshd_config"
  echo "[127.0.0.1]:$port $(cat "$folder/host.pub")" >"$folder/known_hosts"
  unshare --mount --propagation private \
    "$BATS_TEST_DIRNAME/../serve.sh" "$folder" "$BATS_TEST_DIRNAME/sshd.sh" "$folder" \
    >"$folder/sshd.out" 2>&1 3>&- &
  echo $! >"$folder/sshd.pid"
  until [ -s "$folder/pid" ]; do
    kill -0 $! || { cat "$folder/sshd.out" >&2; return 1; }
    sleep 0.02
  done
}

# A port of the loopback address on which nobody listens.
free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 20); do
    (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# Ask a process to end and wait until it has, also when it is nobody's child here.
end() {
  kill "$1"
  while kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status"; do
    sleep 0.02
  done
}

authkey() {
  "$AK_TOOL" "$@"
}

new_key() {
  authkey create "$1" --owner alice -q "${@:2}"
}

# client METHOD USER COMMAND...: ssh, by this method and no other.
client() {
  ssh -F none -n -p "$port" -l "$2" -o PreferredAuthentications="$1" -o LogLevel=ERROR \
    -o NumberOfPasswordPrompts=1 -o ConnectTimeout=30 -o IdentitiesOnly=yes \
    -o UserKnownHostsFile="$folder/known_hosts" -o StrictHostKeyChecking=yes \
    -i "$folder/alice" 127.0.0.1 "${@:3}"
}
export -f client

# by METHOD USER TOKEN [COMMAND]: what the command says to this user. The token goes
# through a file.
by() {
  printf '%s\n' "$3" >"$BATS_TEST_TMPDIR/token"
  sshpass -f "$BATS_TEST_TMPDIR/token" \
    bash -c 'client "$@"' client "$1" "$2" "${4:-id -un}" 2>"$BATS_TEST_TMPDIR/err"
}

# opens USER TOKEN, refused USER TOKEN: by both methods.
opens() {
  local method
  for method in password keyboard-interactive; do
    [ "$(by $method "$1" "$2")" = "$1" ] || return 1
  done
}

refused() {
  local method
  for method in password keyboard-interactive; do
    ! by $method "$1" "$2" || return 1
    grep -q 'Permission denied' "$BATS_TEST_TMPDIR/err" || return 1
  done
}

# told PATTERN: how many lines of syslog have it. A line of our own, sent to the same
# socket, marks that all lines before it have arrived.
told() {
  local mark=mark-$RANDOM$RANDOM
  logger --socket "/proc/$(cat "$folder/sshd.pid")/root/dev/log" "$mark"
  until grep -qa "$mark" "$folder/syslog"; do
    sleep 0.02
  done
  sed 's/<[0-9]*>/\n&/g' "$folder/syslog" | grep -ac "$1"
}

@test "sshd reads the page's lines: PAM, and both methods" {
  run -0 nsenter --mount --target "$(cat "$folder/pid")" /usr/sbin/sshd -T -f "$folder/sshd_config"
  [[ $output == *'usepam yes'* ]]
  [[ $output == *'kbdinteractiveauthentication yes'* ]]
  [[ $output == *'passwordauthentication yes'* ]]
}

@test "the key opens a session of its owner, by either method" {
  opens alice "$(new_key opens)"
}

@test "the session knows which key opened it, by either method" {
  token=$(new_key known)
  for method in password keyboard-interactive; do
    run -0 by $method alice "$token" env
    [[ $output == *AUTHKEY_NAME=known* ]]
    [[ $output == *AUTHKEY_OWNER=alice* ]]
    [[ $output != *"${token: -30}"* ]]
  done
}

@test "a wrong key, the Unix password, nothing, or another's name is refused" {
  token=$(new_key wrong)
  other=$(new_key other)
  refused alice "${token%???????????}${other: -11}"
  refused alice 'correct horse'
  refused alice ''
  refused bob "$token"
  refused nobody-here "$token"
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  token=$(new_key toggled)
  opens alice "$token"
  authkey disable toggled
  refused alice "$token"
  authkey enable toggled
  opens alice "$token"
  authkey revoke toggled -y
  refused alice "$token"
}

@test "a key for another service or another network is refused" {
  opens alice "$(new_key mine --service sshd --from 127.0.0.0/8)"
  refused alice "$(new_key service --service nginx)"
  refused alice "$(new_key network --from 192.0.2.0/24)"
}

@test "show tells of the last use: service and address" {
  token=$(new_key used)
  [ "$(authkey show used --json | jq -r '.last_used_at')" = null ]
  opens alice "$token"
  run -0 authkey show used --json
  jq -e '.last_used_at != null and .last_used_service == "sshd"' <<<"$output"
  jq -e '.last_used_from == "127.0.0.1"' <<<"$output"
}

@test "a login with an ssh key asks no key of ours, and stays possible" {
  [ "$(client publickey alice 'id -un')" = alice ]
}

@test "key or password: the page's other stack takes either, and no disabled key" {
  token=$(new_key either)
  install_stack 'Key or password'
  opens alice "$token"
  opens alice 'correct horse'
  refused alice 'correct cow'
  authkey disable either
  refused alice "$token"
  install_stack '/etc/pam.d/sshd'
  refused alice 'correct horse'
}

@test "a refusal names the key's id and the reason in one line for each method" {
  token=$(new_key logged --disabled)
  id=${token#*_}
  refused alice "$token"
  [ "$(told "(sshd:auth).*rhost=127.0.0.1 user=alice key=${id:0:8} reason=DISABLED")" -eq 2 ]
}

@test "no token and no password is in the log (R16)" {
  token=$(new_key secret)
  opens alice "$token"
  refused alice "${token%??}xx"
  refused alice 'correct horse'
  told mark >/dev/null
  run ! grep -a -e "${token: -30}" -e 'correct horse' "$folder/syslog"
  id=${token#*_}
  grep -qa "${id:0:8}" "$folder/syslog"
}
