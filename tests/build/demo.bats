#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load helper

setup() {
  place=$(mktemp -d)
  chmod 755 "$place"
  mkdir "$place/demo"
  cp "$AK_TOOL" "$AK_MODULE" "$place"
  cp "$AK_BUILD/demo/login" "$place/demo"
}

teardown() {
  rm -rf "$place"
}

# demo [WRAPPER...]: from a place that everybody can read.
demo() {
  run env AK_BUILD="$place" AK_TOOL="$place/authkey" \
    AK_MODULE="${module:-$place/pam_authkey.so}" TMPDIR=/tmp "$@" "$AK_TOP/demo/run.sh"
}

@test "the demo tells its story to the end" {
  demo
  [ "$status" -eq 0 ]
  [[ $output == *"alice is let in"*"bob is refused"*"alice is refused"*"alice is let in"* ]]
}

@test "the demo works for an ordinary user, with a store of the user's own" {
  [ "$(id -u)" -eq 0 ] || skip "the test before has shown it"
  cp -r "$AK_TOP/demo/run.sh" "$place"
  chmod -R a+rX "$place"
  run env AK_BUILD="$place" AK_TOOL="$place/authkey" AK_MODULE="$place/pam_authkey.so" \
    TMPDIR=/tmp setpriv --reuid=65534 --regid=65534 --clear-groups "$place/run.sh"
  [ "$status" -eq 0 ]
}

@test "the demo leaves nothing behind" {
  mkdir "$place/tmp"
  demo env TMPDIR="$place/tmp"
  [ "$status" -eq 0 ]
  [ -z "$(ls "$place/tmp")" ]
}

@test "the demo fails when the module lets everybody in, or nobody" {
  module=pam_permit.so
  demo
  [ "$status" -eq 1 ]
  [[ $output == *"bob should have been refused"* ]]
  module=pam_deny.so
  demo
  [ "$status" -eq 1 ]
  [[ $output == *"alice should have been in"* ]]
}
