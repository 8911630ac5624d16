#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The disk is full, the tool is killed, two run at once: old state or new, never between.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153,SC2317
load helper
load kill_helper

@test 'kill -9 at any change of disable: old or new state, and the next command works (R43)' {
  needs_strace
  make deploy
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ "$state" = enabled ] || took=$((took + 1))
  }
  interrupt signal=KILL '"$AK_TOOL" enable -q deploy' disable deploy
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ] # some kills come after the commit
}

@test 'kill -9 at any change of revoke: old or new state, and the next command works (R43)' {
  needs_strace
  make deploy
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ "$state" = enabled ] || took=$((took + 1))
  }
  again() {
    "$AK_TOOL" revoke -q "$id"
    make deploy
  }
  interrupt signal=KILL again revoke deploy
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}

@test 'kill -9 at any change of create: no token that is not stored (R43)' {
  needs_strace
  make deploy
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    printed=$(grep -oE 'ak_[1-9A-HJ-NP-Za-km-z]{41}' "$PLACE/out") || printed=
    if [ -n "$printed" ]; then
      [ "$(token=$printed verdict)" = VALID ] || return 1
    fi
    "$AK_TOOL" show -q another >/dev/null 2>&1 && took=$((took + 1))
    return 0
  }
  interrupt signal=KILL '"$AK_TOOL" revoke -q another 2>/dev/null || true
    "$AK_TOOL" purge -q another 2>/dev/null || true' create -q another
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}

@test 'a disk that fills up at any change of disable: done, or said to be STILL LIVE (R43)' {
  needs_strace
  make deploy
  after() {
    is_whole || { echo "# failed at $1 $2" >&3; return 1; }
    if [ "$code" = 0 ]; then
      took=$((took + 1))
      [ "$(verdict)" = DISABLED ]
    else
      grep -q 'STILL LIVE' "$PLACE/err" || { echo "# unsaid at $1 $2" >&3; return 1; }
    fi
  }
  CHANGING='pwrite64 fsync fdatasync rename fchmod ftruncate'
  interrupt error=ENOSPC '"$AK_TOOL" enable -q deploy' disable deploy
  [ "$ended" -gt 10 ]
}

@test 'create on a full disk is exit 5, makes nothing and prints no token (R43)' {
  small 256k
  export AUTHKEY_DIR=$PLACE/small/keys
  "$AK_TOOL" init -q --group root
  make deploy
  dd if=/dev/zero of="$PLACE/small/filler" bs=4k 2>/dev/null || true
  authkey create another
  ends 5
  silent
  says 'no space left'
  authkey disable deploy
  ends 5
  says 'STILL LIVE'
  rm "$PLACE/small/filler"
  authkey list --field name
  [ "$output" = deploy ]
  [ "$(verdict)" = VALID ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check')" = ok ]
}

@test 'closed standard streams never become the master (R43)' {
  make deploy
  run --separate-stderr bash -c '"$AK_TOOL" create one <&- >&- 2>&-'
  ends 5
  run --separate-stderr bash -c '"$AK_TOOL" disable deploy <&- >&- 2>&-'
  [ "$(verdict)" = DISABLED ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check')" = ok ]
  run grep -rac 'ak_' "$AUTHKEY_DIR/master/master.db"
  [ "$output" = 0 ]
}

@test 'changes that come at once all land, one after the other (R46)' {
  local i pids=()
  for i in {1..8}; do make "k$i"; done
  for i in {1..8}; do
    "$AK_TOOL" disable -q "k$i" </dev/null &
    pids+=($!)
    "$AK_TOOL" edit -q "k$i" --tag "t$i" </dev/null &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  for i in {1..8}; do
    [ "$(field "k$i" status)" = disabled ]
    [ "$(field "k$i" tags)" = "t$i" ]
  done
}
