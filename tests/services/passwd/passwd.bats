#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Debian's own passwd(1), set-user-ID as it is, at a real terminal, in a mount namespace
# where /etc/pam.d is ours. The host's files are not touched.
# shellcheck disable=SC2154
load ../../cli/helper

NOBODY=65534

setup() {
  needs no-sanitizer root own-mounts setuid:/usr/bin/passwd
  user=$(id -un $NOBODY) || skip 'nobody has no name'
  PLACE=$(mktemp -d "${TMPDIR:-/tmp}/authkey-passwd.XXXXXX")
  chmod 755 "$PLACE"
  export AUTHKEY_DIR=$PLACE/keys LC_ALL=C.UTF-8 TZ=UTC
  unset SUDO_USER
  "$AK_TOOL" init -q --group root
  mkdir "$PLACE/pam.d"
  echo 'password required pam_deny.so' >"$PLACE/pam.d/other"
  # The module where any user's process may load it.
  cp "$AK_BUILD/pam_authkey_passwd.so" "$PLACE/"
  stack
}

teardown() {
  [ -z "${PLACE:-}" ] || rm -rf "$PLACE"
}

# stack [OPTION]...: what passwd asks.
stack() {
  printf 'password required %s dir=%s %s\n' "$PLACE/pam_authkey_passwd.so" \
    "$AUTHKEY_DIR" "$*" >"$PLACE/pam.d/passwd"
}

# change AS [ANSWER]: run passwd as this user, at a terminal; what it shows is $output.
change() {
  printf '#!/bin/sh
mount --make-rprivate / && mount --bind "%s/pam.d" /etc/pam.d &&
exec setpriv --reuid=%s --regid=%s --clear-groups env -i PATH=/usr/bin:/bin passwd %s\n' \
    "$PLACE" "$1" "$1" "${3:-}" >"$PLACE/run"
  chmod 755 "$PLACE/run"
  run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 'Current key: ' "$2\\r" -- \
    unshare -m "$PLACE/run"
}

# The token that was shown, on a line of its own.
shown() {
  tr -d '\r' <<<"$output" | grep -xE 'ak_[1-9A-HJ-NP-Za-km-z]{41}'
}

@test 'passwd gives a user another key for his own' {
  make deploy --owner "$user"
  change $NOBODY "$token"
  [ "$status" = 0 ]
  [[ $output == *'shown once; the old one has ended'* ]]
  [[ $output != *"$token"* ]] # it was typed without echo
  [ "$(verdict)" = REVOKED ]
  token=$(shown)
  [ "$(verdict --user "$user")" = VALID ]
  "$AK_TOOL" audit --json | jq -e --arg user "$user" \
    '.[-2:] | all(.action == "chauthtok" and .who == $user)'
  [ "$("$AK_TOOL" list --json | jq -r '.[] | select(.status == "enabled") | .replaces')" = "$id" ]
  [ -z "$(find "$AUTHKEY_DIR" ! -user root ! -path '*usage.d/*')" ]
}

@test 'with an overlap both keys open' {
  stack overlap=1h
  make deploy --owner "$user" --service nginx --from 192.0.2.0/24
  change $NOBODY "$token"
  [ "$status" = 0 ]
  [ "$(verdict --service nginx --from 192.0.2.1)" = VALID ]
  token=$(shown)
  [ "$(verdict --service nginx --from 192.0.2.1)" = VALID ]
  [ "$(verdict --service sshd --from 192.0.2.1)" = SERVICE_MISMATCH ]
}

@test 'a wrong token, and the key of somebody else, change nothing' {
  make deploy --owner alice
  change $NOBODY "$token"
  [ "$status" != 0 ]
  [ -z "$(shown)" ]
  change $NOBODY 'an ordinary password'
  [ "$status" != 0 ]
  [ "$(verdict)" = VALID ]
  [ "$("$AK_TOOL" list --json | jq length)" = 1 ]
}

@test 'root needs the token, too' {
  make deploy --owner "$user"
  change 0 nothing "$user"
  [ "$status" != 0 ]
  [ "$(verdict)" = VALID ]
  change 0 "$token" "$user"
  [ "$status" = 0 ]
  [ "$(verdict)" = REVOKED ]
}

@test 'passwd without the right to write the master asks nothing' {
  make deploy --owner "$user"
  cp /usr/bin/passwd "$PLACE/passwd" # and no longer set-user-ID
  chmod 755 "$PLACE/passwd"
  stack
  printf '#!/bin/sh
mount --make-rprivate / && mount --bind "%s/pam.d" /etc/pam.d &&
exec setpriv --reuid=%s --regid=%s --clear-groups "%s/passwd"\n' \
    "$PLACE" $NOBODY $NOBODY "$PLACE" >"$PLACE/run"
  chmod 755 "$PLACE/run"
  run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 -- unshare -m "$PLACE/run"
  [ "$status" != 0 ]
  [[ $output != *'Current key'* ]]
  [[ $output == *'manipulation error'* ]]
  [ "$(verdict)" = VALID ]
}
