#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# recovery init is killed, or the disk is full: old state or new, and never a public key in
# the master without a file that opens what it seals.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2034,SC2317
load helper
load recovery_helper
load kill_helper

AT_MOST=3

# What must hold after anything that happens to init.
file_fits() {
  if recovery_is on; then
    "$AK_TOOL" create -q probe </dev/null >"$PLACE/token"
    [ "$(reveals probe)" = "$(cat "$PLACE/token")" ] || return 1
    took=$((took + 1))
  fi
}

start_over() {
  "$AK_TOOL" recovery off -q -y
  rm -f "$PLACE/recovery.key"
  "$AK_TOOL" revoke -q probe 2>/dev/null || return 0
  "$AK_TOOL" purge -q probe
}

@test 'kill -9 at any change of init: no key in the master without its whole file (R43)' {
  needs_strace
  make deploy
  INPUT=$PLACE/passphrase
  echo "$PASSPHRASE" >"$INPUT"
  after() {
    file_fits && is_whole || { echo "# killed at $1 $2" >&3; return 1; }
  }
  interrupt signal=KILL start_over recovery init -q "$PLACE/recovery.key"
  [ "$ended" -gt 15 ]
  [ "$took" -gt 0 ]
}

@test 'a disk that fills up at any change of init: both are there, or neither (R43)' {
  needs_strace
  make deploy
  INPUT=$PLACE/passphrase
  echo "$PASSPHRASE" >"$INPUT"
  CHANGING='write pwrite64 fsync fdatasync rename fchmod fchown utimensat ftruncate'
  after() {
    file_fits && is_whole || { echo "# failed at $1 $2" >&3; return 1; }
    recovery_is on || [ ! -e "$PLACE/recovery.key" ] ||
      { echo "# left a file at $1 $2" >&3; return 1; }
  }
  interrupt error=ENOSPC start_over recovery init -q "$PLACE/recovery.key"
  [ "$ended" -gt 8 ]
}
