#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Exit 0 of a command that disables, revokes or restricts means that logins obey: R26.
# Also when an earlier one was ended between its commit and its rename.
# shellcheck disable=SC2154,SC2030,SC2031
load helper
load crowd_helper

# The tool, on a disk where no store can be renamed into place.
without_rename() {
  run --separate-stderr strace -f -o /dev/null -e trace=rename \
    -e inject=rename:error=ENOSPC "$AK_TOOL" "$@" </dev/null
}

# disable_slowly: begin to disable deploy, which is committed and is not renamed yet; $slow.
disable_slowly() {
  strace -f -o /dev/null -e trace=rename -e inject=rename:delay_enter=2000000 \
    "$AK_TOOL" disable deploy >/dev/null 2>&1 &
  slow=$!
  for ((tries = 0; tries < 1000; tries++)); do
    [ "$(master_sql 'SELECT count(*) FROM key WHERE state <> 1')" = 0 ] || break
  done
  kill -0 "$slow"
}

# opens_the_lock PID: wait until it has.
opens_the_lock() {
  until readlink "/proc/$1/fd/"* | grep -qx "$(realpath "$AUTHKEY_DIR")/master/lock"; do
    kill -0 "$1"
  done
}

# says_the_truth COMMAND...: it fails, once and again, and then works, and never claims more.
says_the_truth() {
  needs_strace
  make deploy --owner alice
  for _ in 1 2; do
    without_rename "$@"
    [ "$status" -eq 5 ]
    [[ $stderr == *'STILL LIVE'* ]]
    [ "$(verdict)" = VALID ]
  done
  "$AK_TOOL" "$@" </dev/null
  [ "$(verdict)" != VALID ]
}

@test "a disable that is repeated never passes for one that is in force, R26" {
  says_the_truth disable deploy
}

@test "a revoke that is repeated never passes for one that is in force, R26" {
  says_the_truth revoke -y deploy
}

@test "a revoke of an owner's keys that is repeated never passes for one in force, R26" {
  says_the_truth revoke -y --owner alice
}

@test "a suspension that is repeated never passes for one that is in force, R26" {
  says_the_truth owner suspend alice
}

@test "a restriction that is repeated never passes for one that is in force, R26" {
  says_the_truth edit deploy --expires 2020-01-01
}

@test "a disable that finds the work of one killed meanwhile publishes it, R26" {
  needs_strace
  make deploy --owner alice
  # Stopped when it has looked at the store and opened the lock, which it has not taken.
  strace -f -o /dev/null -P "$AUTHKEY_DIR/master/lock" -e trace=openat \
    -e inject=openat:signal=STOP:when=1 "$AK_TOOL" disable deploy >/dev/null 2>&1 3>&- &
  slow=$!
  until stopped=$(pgrep -P "$slow" -x authkey); do kill -0 "$slow"; done
  opens_the_lock "$stopped"
  strace -f -o /dev/null -e trace=rename -e inject=rename:signal=KILL \
    "$AK_TOOL" disable deploy >/dev/null 2>&1 || true
  [ "$(verdict)" = VALID ]
  kill -CONT "$stopped"
  wait "$slow"
  [ "$(verdict)" = DISABLED ]
}

@test "a lost group makes a disable exit 5 and say that the key is live, R26" {
  make deploy --owner alice
  sql "$AUTHKEY_DIR/master/master.db" \
    "UPDATE installation SET unix_group = 'no-such-group-here'"
  run --separate-stderr "$AK_TOOL" disable deploy
  [ "$status" -eq 5 ]
  [[ $stderr == *'STILL LIVE'* ]]
  [ "$(verdict)" = VALID ]
}

@test "a change waits for one that is between its commit and its rename, R26 and R46" {
  needs_strace
  make deploy
  make other
  disable_slowly
  "$AK_TOOL" disable other
  wait "$slow"
  "$AK_TOOL" list --json | jq -e 'map(.status) == ["disabled", "disabled"]'
  [ "$(verdict)" = DISABLED ]
}

@test "who looks while another is between commit and rename waits, and finds all well (R26)" {
  needs_strace
  make deploy
  disable_slowly
  run --separate-stderr "$AK_TOOL" list --field status
  wait "$slow"
  [ "$output" = disabled ]
  [ -z "$stderr" ] # nothing was to be published again
}

@test 'another command that holds the lock is waited for (R46)' {
  make deploy
  exec 9<"$AUTHKEY_DIR/master/lock"
  flock 9
  "$AK_TOOL" disable -q deploy </dev/null 9<&- &
  local pid=$!
  opens_the_lock "$pid"
  [ "$(verdict)" = VALID ]
  kill -0 "$pid"
  exec 9<&-
  wait "$pid"
  [ "$(verdict)" = DISABLED ]
}

# hold_all: a user of the group holds each lock that he can take, until 8 is closed. The
# files that he has locked are in $PLACE/held, and a 1 when he also reads in a transaction.
hold_all() {
  mkfifo "$PLACE/hold"
  # shellcheck disable=SC2016 # for bash
  setpriv --reuid=65534 --regid="$(id -g)" --clear-groups bash -c '
    while read -r file; do
      exec {fd}<"$file" && flock -n "$fd" && echo "$file"
    done < <(find "$1" -readable)
    { echo "BEGIN; SELECT count(*) > 0 FROM key;"; cat; } | sqlite3 -readonly "$1/keys.db"
    ' - "$AUTHKEY_DIR" <"$PLACE/hold" >"$PLACE/held" 2>"$PLACE/err" 3>&- &
  holder=$!
  exec 8>"$PLACE/hold"
  until grep -qx 1 "$PLACE/held"; do kill -0 "$holder"; done
}

let_go() {
  exec 8>&-
  wait "$holder"
  rm "$PLACE/hold"
}

# Also a store that has a delta.
@test 'revoke is in force while a user of the group holds every lock that he can (R26)' {
  root_only
  local name held
  cp -p "$AUTHKEY_DIR/usage.d/0" "$AUTHKEY_DIR/usage.d/65534"
  chown 65534 "$AUTHKEY_DIR/usage.d/65534"
  for name in small big; do
    make $name
    [ $name = small ] || crowd
    hold_all
    for held in '' /keys.db /usage.d/65534 $([ $name = small ] || echo /keys.delta); do
      grep -q "^$AUTHKEY_DIR$held" "$PLACE/held"
    done
    run -1 flock -n "$AUTHKEY_DIR/keys.db" true
    run --separate-stderr timeout 10 "$AK_TOOL" revoke -y $name </dev/null 8>&-
    ends 0
    [ "$(verdict)" = REVOKED ]
    kill -0 "$holder"
    let_go
  done
}
