#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# OpenSSH's sshd, set up by the lines of docs/services/openssh.md, lets ssh in with a key,
# by both methods that ask for one. Password: all of PAM in one process. Keyboard-
# interactive: setcred and the session in another than auth and account.

load ../service
load ../unix
load sshd

setup_file() {
  can_serve_unix || return 0
  make_folder root
  make_etc
  unix_user alice 4711 'correct horse'
  unix_user bob 4712
  unix_user __token__ 4713
  install_stack /etc/pam.d/sshd
  serve_sshd
}

# install_stack HEADING: what Debian's file becomes with the page's lines in it.
install_stack() {
  {
    recipe openssh.md "$1"
    grep -vE '^(auth|account|@include common-(auth|account))\b' /etc/pam.d/sshd
  } >"$folder/etc/pam.d/sshd"
}

@test "sshd reads the page's lines: PAM, and both methods" {
  run -0 inside /usr/sbin/sshd -T -f "$folder/sshd_config"
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
  refuses_the_wrong nobody-here
  refused alice ''
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service or another network is refused" {
  keeps_to_service_and_network sshd
}

@test "show tells of the last use: service and address" {
  token=$(new_key used)
  [ "$(last_use used)" = '[false,null,null]' ]
  opens alice "$token"
  [ "$(last_use used)" = '[true,"127.0.0.1","sshd"]' ]
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

# by_sshpass [-f FILE | -d FD] COMMAND...: one of its kind, whose question sshpass answers.
by_sshpass() {
  local options=()
  while [[ $1 == -[fd]* ]]; do
    options+=("$1" "$2")
    shift 2
  done
  sshpass "${options[@]}" bash -c 'with_options "$@"' with_options keyboard-interactive "$@"
}

@test "sshpass has the token from a file or a descriptor" {
  new_key passed >"$BATS_TEST_TMPDIR/token"
  [ "$(by_sshpass -f "$BATS_TEST_TMPDIR/token" ssh -n alice@127.0.0.1 id -un)" = alice ]
  [ "$(by_sshpass -d 7 ssh -n alice@127.0.0.1 id -un 7<"$BATS_TEST_TMPDIR/token")" = alice ]
}

@test "ssh asks a program of its user's, where there is no terminal" {
  new_key asked >"$BATS_TEST_TMPDIR/token"
  printf '#!/bin/sh\nexec cat %s\n' "$BATS_TEST_TMPDIR/token" >"$BATS_TEST_TMPDIR/askpass"
  chmod 700 "$BATS_TEST_TMPDIR/askpass"
  [ "$(SSH_ASKPASS=$BATS_TEST_TMPDIR/askpass SSH_ASKPASS_REQUIRE=force \
    client password alice id -un)" = alice ]
}

@test "sftp and scp take the key; with sftp -b only where BatchMode is off" {
  new_key copied >"$BATS_TEST_TMPDIR/token"
  echo "get $folder/host.pub $BATS_TEST_TMPDIR/by_sftp" >"$BATS_TEST_TMPDIR/batch"
  run ! by_sshpass -f "$BATS_TEST_TMPDIR/token" sftp -b "$BATS_TEST_TMPDIR/batch" alice@127.0.0.1
  by_sshpass -f "$BATS_TEST_TMPDIR/token" sftp -o BatchMode=no -b "$BATS_TEST_TMPDIR/batch" \
    alice@127.0.0.1
  cmp "$folder/host.pub" "$BATS_TEST_TMPDIR/by_sftp"
  by_sshpass -f "$BATS_TEST_TMPDIR/token" scp -q "alice@127.0.0.1:$folder/host.pub" \
    "$BATS_TEST_TMPDIR/by_scp"
  cmp "$folder/host.pub" "$BATS_TEST_TMPDIR/by_scp"
}

@test "user=set is nothing for sshd: whatever PAM says, it does not become the key's owner" {
  token=$(new_key renamed)
  sed -i 's/keys.db/& user=set/' "$folder/etc/pam.d/sshd"
  opens alice "$token"
  for method in password keyboard-interactive; do
    became=$(by $method __token__ "$token" || true)
    [ "$became" != alice ] # newer ones refuse
  done
  install_stack /etc/pam.d/sshd
  refused __token__ "$token"
}

@test "a refusal names the key's id and the reason in one line for each method" {
  token=$(new_key logged --disabled)
  id=${token#*_}
  refused alice "$token"
  [ "$(told "(sshd:auth).*rhost=127.0.0.1 user=alice key=${id:0:8} reason=DISABLED")" -eq 2 ]
}

@test "the lines are those that the page prints" {
  token=$(new_key as-printed)
  opens alice "$token"
  [ "$(told " $(printed openssh.md VALID "$token")\$")" -gt 0 ]
  refused bob "$token"
  [ "$(told " $(printed openssh.md USER_MISMATCH "$token")\$")" -eq 2 ]
  authkey disable as-printed
  refused alice "$token"
  [ "$(told " $(printed openssh.md DISABLED "$token")\$")" -eq 2 ]
}

@test "no token and no password is in the log (R16)" {
  tells_no_secret "$folder"
}
