#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# backup: the master at one moment, as a file.
# shellcheck disable=SC2154,SC2317
load helper
load kill_helper

@test 'a backup is a whole database with all keys, for its owner alone' {
  make one
  make two
  authkey backup "$PLACE/file"
  ends 0
  says 'Wrote 2 keys'
  silent
  [ "$(stat -c %a "$PLACE/file")" = 600 ]
  [ "$(sql "$PLACE/file" 'PRAGMA integrity_check; SELECT count(*) FROM key; PRAGMA journal_mode')" = \
    ok$'\n'2$'\n'delete ]
  [ "$(find "$PLACE" -maxdepth 1 -name 'file*' | wc -l)" = 1 ]
  [ ! -e "$AUTHKEY_DIR/master/copy.new" ]
}

@test 'a backup says in JSON what it holds, and stands in the audit; logins are not published anew' {
  make one
  local published
  published=$(stat -c %y "$AUTHKEY_DIR/keys.db")
  authkey --json backup "$PLACE/file"
  ends 0
  [ "$(jq -c '[.file, .keys, .generation]' <<<"$output")" = "[\"$PLACE/file\",1,1]" ]
  [ "$(jq .bytes <<<"$output")" = "$(stat -c %s "$PLACE/file")" ]
  [ "$("$AK_TOOL" audit --json | jq -c '.[-1] | [.action, .subject, .detail.keys[1]]')" = \
    '["backup","backup",1]' ]
  [ "$(stat -c %y "$AUTHKEY_DIR/keys.db")" = "$published" ]
}

@test 'a backup made while keys are toggled is whole, and of one moment' {
  make one
  make two
  local i
  (for i in {1..20}; do
    "$AK_TOOL" disable -q one two </dev/null
    "$AK_TOOL" enable -q one two </dev/null
  done) 3>&- &
  local pid=$!
  for i in {1..10}; do
    "$AK_TOOL" backup -q --force "$PLACE/file" </dev/null
    [ "$(sql "$PLACE/file" 'PRAGMA integrity_check; SELECT count(DISTINCT state) FROM key')" = ok$'\n'1 ]
  done
  wait "$pid"
}

@test 'a file that is there is not replaced without --force, and a folder or link never' {
  make one
  echo mine >"$PLACE/file"
  authkey backup "$PLACE/file"
  ends 6
  says "$PLACE/file: is there already; choose another name, or replace it with --force"
  [ "$(cat "$PLACE/file")" = mine ]
  authkey backup --force "$PLACE/file"
  ends 0
  [ "$(sql "$PLACE/file" 'SELECT count(*) FROM key')" = 1 ]
  for path in "$PLACE" "$PLACE/"; do
    authkey backup --force "$path"
    ends 2
    says "$path: is a folder; name a file in it: $PLACE/authkey.db; see"
  done
  ln -s "$PLACE" "$PLACE/way"
  authkey backup "$PLACE/way"
  ends 2
  says "name a file in it: $PLACE/way/authkey.db"
  ln -s "$PLACE/file" "$PLACE/link"
  authkey backup --force "$PLACE/link"
  ends 6
}

@test 'a backup never takes the place of what the installation is made of' {
  make one
  local before path
  before=$(find "$AUTHKEY_DIR" -type f -exec stat -c '%n %i' {} + | sort)
  ln -s "$AUTHKEY_DIR/master" "$PLACE/link"
  cd "$AUTHKEY_DIR/master"
  for path in "$AUTHKEY_DIR"/master/{master.db,usage.db,lock,new} "$AUTHKEY_DIR/keys.db" \
    "$AUTHKEY_DIR/usage.d/0" "$AUTHKEY_DIR" "$PLACE/link/master.db" master.db; do
    authkey backup --force "$path"
    ends 2
    says "$path: is in the installation's own folder"
  done
  [ "$(find "$AUTHKEY_DIR" -type f -exec stat -c '%n %i' {} + | sort)" = "$before" ]
}

@test 'backup refuses what is no file to write: nothing, -, a missing folder' {
  authkey backup
  ends 2
  authkey backup ''
  ends 2
  authkey backup -- -
  ends 2
  authkey backup a b
  ends 2
  authkey backup "$PLACE/nowhere/file"
  ends 5
  AUTHKEY_DIR=$PLACE/nowhere authkey backup "$PLACE/file"
  ends 3
  [ ! -e "$PLACE/file" ]
  root_only
  chmod 755 "$PLACE"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$AK_TOOL" backup "$PLACE/file"
  ends 4
}

@test 'a damaged master is not backed up' {
  make one
  sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA journal_mode = DELETE' >/dev/null
  # The last page is an index: listed keys are fine, and the database is not.
  local page
  page=$(sql "$AUTHKEY_DIR/master/master.db" "SELECT rootpage FROM sqlite_schema WHERE name = 'key_name'")
  dd if=/dev/zero of="$AUTHKEY_DIR/master/master.db" bs=4096 seek=$((page - 1)) count=1 \
    conv=notrunc 2>/dev/null
  authkey backup "$PLACE/file"
  ends 5
  [ ! -e "$PLACE/file" ]
}

@test 'one backup at a time' {
  exec 9<"$AUTHKEY_DIR/master"
  flock 9
  run --separate-stderr "$AK_TOOL" backup "$PLACE/file" 9<&-
  ends 5
  says 'another backup or restore is at work'
  exec 9<&-
}

@test 'kill -9 at any change of a backup: no file of its name or a whole one (R43)' {
  needs_strace
  make deploy
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ -e "$PLACE/file" ] || return 0
    took=$((took + 1))
    [ "$(sql "$PLACE/file" 'PRAGMA integrity_check; SELECT count(*) FROM key')" = ok$'\n'1 ]
  }
  interrupt signal=KILL 'rm -f "$PLACE"/file*' backup "$PLACE/file"
  [ "$ended" -gt 10 ]
  [ "$took" -gt 0 ]
  authkey backup "$PLACE/file"
  ends 0
}
