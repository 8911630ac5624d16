#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# reveal is killed, or the disk is full: no token is shown that the audit does not know.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2034,SC2317
load helper
load recovery_helper
load kill_helper

AT_MOST=3

@test 'kill -9 at any change of reveal: no token is shown that the audit does not know (R43)' {
  needs_strace
  recovery_on
  make deploy
  INPUT=$PLACE/passphrase
  echo "$PASSPHRASE" >"$INPUT"
  local before
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ "$("$AK_TOOL" recovery status --field sealed)" = 1 ] || return 1
    if grep -qF "$token" "$PLACE/out"; then
      [ "$(audited reveal)" = $((before + 1)) ] || { echo "# unknown at $1 $2" >&3; return 1; }
      took=$((took + 1))
    fi
  }
  count() { before=$(audited reveal); }
  interrupt signal=KILL count reveal deploy -q --recovery-key "$PLACE/recovery.key"
  [ "$ended" -gt 15 ]
  "$AK_TOOL" audit --verify -q
}

@test 'a disk that fills up at any change of reveal: nothing is shown unaudited (R43)' {
  needs_strace
  recovery_on
  make deploy
  INPUT=$PLACE/passphrase
  echo "$PASSPHRASE" >"$INPUT"
  CHANGING='pwrite64 fsync fdatasync rename fchmod ftruncate'
  local before
  after() {
    is_whole || { echo "# failed at $1 $2" >&3; return 1; }
    [ "$(audited reveal)" -gt "$before" ] || ! grep -qF "$token" "$PLACE/out" ||
      { echo "# unknown at $1 $2" >&3; return 1; }
    [ "$code" = 0 ] || ! grep -qF "$token" "$PLACE/out"
  }
  count() { before=$(audited reveal); }
  interrupt error=ENOSPC count reveal deploy -q --recovery-key "$PLACE/recovery.key"
  [ "$ended" -gt 6 ]
}
