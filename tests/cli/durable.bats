#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What is told as done is on the disk, whatever the power does: the order of the system
# calls says so (R26, R43), and tokens are locked in memory (R44).
# shellcheck disable=SC2154
load helper
load kill_helper
load upgrade_helper

setup_file() {
  bats_require_minimum_version 1.5.0
}

# traced COMMAND...: the calls of the tool, with the paths of its descriptors, in $PLACE/trace.
traced() {
  needs_strace
  strace -f -y -o "$PLACE/trace" "$AK_TOOL" "$@" >"$PLACE/out" 2>"$PLACE/err" </dev/null
}

# number_of EXPRESSION [FROM]: of the first line of the trace that fits it, behind FROM.
number_of() {
  grep -nE -- "$1" "$PLACE/trace" | awk -F : -v from="${2:-0}" '$1 > from { print $1; exit }'
}

RENAMED=' rename(at2?)?\(.*keys[.a-z]*\.new".* = 0$'

@test 'a store is on the disk before it has its name, and its name before the tool ends (R43)' {
  make deploy
  traced disable deploy
  renames=$(grep -nE "$RENAMED" "$PLACE/trace" | cut -d : -f 1)
  [ -n "$renames" ]
  for at in $renames; do
    store=$(sed -n "${at}s/.*\"\([^\"]*\.new\)\".*/\1/p" "$PLACE/trace")
    synced=$(number_of "f(data)?sync\([0-9]+<$store>\) = 0")
    [ "$synced" -lt "$at" ]
    named=$(number_of "fsync\([0-9]+<$AUTHKEY_DIR>\) = 0" "$at")
    [ "$named" -gt "$at" ]
  done
}

@test 'a change is on the disk before it is in force, and in force before it is told (R26, R43)' {
  make deploy
  traced disable deploy
  committed=$(number_of "f(data)?sync\([0-9]+<$AUTHKEY_DIR/master/master.db-wal>\) = 0")
  in_force=$(number_of "$RENAMED")
  told=$(number_of ' write\([12]<')
  [ "$committed" -lt "$in_force" ]
  [ "$in_force" -lt "$told" ]
}

@test 'a token is written once, when its key is in force, and was never to be swapped (R40, R44)' {
  traced create -q deploy
  token=$(<"$PLACE/out")
  [[ $token =~ $TOKEN ]]
  [ ! -s "$PLACE/err" ]
  [ "$(grep -c "${token:0:20}" "$PLACE/trace")" = 1 ]
  told=$(number_of " write\(1<.*${token:0:20}")
  in_force=$(number_of "$RENAMED")
  locked=$(number_of ' mlock2?\(0x[0-9a-f]+, [0-9]{2}[,)]') # the token alone, not all of stdout
  [ "$in_force" -lt "$told" ]
  [ "$locked" -lt "$in_force" ]
}

@test 'a token whose key is not in force is not told (R40, R43)' {
  needs_strace
  for call in rename fsync; do
    run --separate-stderr strace -f -o /dev/null -e "trace=$call" \
      -e "inject=$call:error=ENOSPC:when=1" "$AK_TOOL" create deploy </dev/null
    ends 5
    silent
    [[ $stderr != *ak_* ]]
    "$AK_TOOL" revoke -q deploy 2>/dev/null || true
  done
}

# last_number_of EXPRESSION BEFORE: of the last line that fits it, in front of BEFORE.
last_number_of() {
  grep -nE -- "$1" "$PLACE/trace" | awk -F : -v to="$2" '$1 < to { at = $1 } END { print at }'
}

# is_kept_first NAME: what was put aside as NAME, written whole, was on the disk before it
# had the name, and the name was before the master was changed.
is_kept_first() {
  local master=$AUTHKEY_DIR/master/master.db named written synced folder changed
  named=$(number_of " rename(at2?)?\(.*\"$master\.kept\".*\"$1\".* = 0$")
  written=$(last_number_of " pwrite64\([0-9]+<$master\.kept>" "$named")
  synced=$(number_of " f(data)?sync\([0-9]+<$master\.kept>\) = 0" "$written")
  folder=$(number_of " fsync\([0-9]+<$AUTHKEY_DIR/master>\) = 0" "$named")
  changed=$(number_of " pwrite64\([0-9]+<$master(-wal|-journal)?>")
  [ "$written" -lt "$synced" ]
  [ "$synced" -lt "$named" ]
  [ "$named" -lt "$folder" ]
  [ "$folder" -lt "$changed" ]
}

@test 'the backup of an upgrade is on the disk before the master is changed (R43)' {
  make deploy
  older_master 3
  traced list -q
  is_kept_first "$AUTHKEY_DIR/master/master-schema-3.db"
}

@test 'so is one that is there already, of an upgrade that was killed (R43)' {
  make deploy
  older_master 3
  "$AK_TOOL" list -q
  older_master 3
  traced list -q
  [ "$(backups)" = master-schema-3.db ]
  synced=$(number_of " fsync\([0-9]+<$AUTHKEY_DIR/master>\) = 0")
  changed=$(number_of " pwrite64\([0-9]+<$AUTHKEY_DIR/master/master.db(-wal)?>")
  [ "$synced" -lt "$changed" ]
}

@test 'what restore replaces is on the disk before it is replaced (R43)' {
  make deploy
  "$AK_TOOL" backup -q "$PLACE/backup.db"
  traced restore -y "$PLACE/backup.db"
  is_kept_first "$AUTHKEY_DIR/master/master\.db\.[0-9TZ.]+"
}
