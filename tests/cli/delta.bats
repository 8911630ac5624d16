#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A big store and its delta, through the tool: a change is in force at once and leaves the
# store as it is, whatever ends the command (R26, R43, R47).
# shellcheck disable=SC2154,SC2034,SC2317
load helper
load kill_helper
load crowd_helper

AT_MOST=3

# A key named deploy among so many others that the store has a delta.
big() {
  make deploy --owner alice
  crowd
  [ "$(deltas)" = 1 ]
}

deltas() {
  find "$AUTHKEY_DIR" -maxdepth 1 -name 'keys.delta.*' | wc -l
}

delta() {
  echo "$AUTHKEY_DIR"/keys.delta.*.db
}

store() {
  stat -c '%i %Y %s' "$AUTHKEY_DIR/keys.db"
}

# unsynced WHEN COMMAND...: one in which that many syncs of the root work, and no more.
unsynced() {
  run --separate-stderr strace -f -o "$PLACE/trace" -e trace=fsync -P "$AUTHKEY_DIR" \
    -e inject=fsync:error=EIO:when="$1" "${@:2}"
}

@test 'a change that cannot be forced to disk is said to be in force only when it is' {
  needs_strace
  root_only
  big
  unsynced 1 "$AK_TOOL" disable deploy
  ends 5
  says 'the change is published but may be lost if the power fails now'
  [ "$(verdict)" = DISABLED ]
  "$AK_TOOL" enable -q deploy
  local before
  before=$(store)
  unsynced 1 "$AK_TOOL" publish
  ends 5
  says 'the change is kept but not published: run authkey publish'
  [ "$(store)" = "$before" ]
  unsynced 2 "$AK_TOOL" publish
  ends 5
  says 'the change is published but may be lost if the power fails now'
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = VALID ]
}

@test 'a change of a big store leaves the store as it is and is in force at once (R26)' {
  big
  local before
  before=$(store)
  [ "$(verdict)" = VALID ]
  authkey disable deploy
  ends 0
  [ "$(verdict)" = DISABLED ]
  authkey owner suspend alice -y
  ends 0
  authkey enable deploy
  ends 0
  [ "$(verdict)" = OWNER_SUSPENDED ]
  authkey owner resume alice
  authkey edit deploy --scope read
  ends 0
  [ "$(verdict --scope write)" = SCOPE_MISSING ]
  make second
  [ "$(verdict)" = VALID ]
  authkey revoke -y second
  [ "$(verdict)" = REVOKED ]
  authkey purge -y second
  ends 0
  [ "$(verdict)" = NOT_FOUND ]
  [ "$(store)" = "$before" ]
  [ "$(deltas)" = 1 ]
  authkey doctor
  ends 0
}

@test 'a key that the delta alone has is found, and one that it calls deleted is none (R47)' {
  big
  "$AK_TOOL" revoke -q -y deploy
  "$AK_TOOL" purge -q -y deploy # the store has it still
  authkey doctor
  ends 0
  make second
  master_sql "DELETE FROM key WHERE id = '$id'"
  [ "$(verdict)" = VALID ]
  authkey doctor --json
  ends 1
  [ "$(jq -r '.[] | "\(.check) \(.thing)"' <<<"$output")" = "store $id" ]
}

@test 'what imports, restores and publishes writes the store once' {
  big
  local before
  "$AK_TOOL" backup "$PLACE/backup"
  "$AK_TOOL" disable -q deploy
  before=$(store)
  authkey restore -y "$PLACE/backup"
  ends 0
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = DISABLED ] # a restore revives nothing
  before=$(store)
  authkey publish
  ends 0
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = DISABLED ]
  [ "$(deltas)" = 1 ]
}

@test 'fold merges a delta that has become large, and leaves a small one' {
  big
  local before
  before=$(store)
  "$AK_TOOL" disable -q deploy
  authkey fold
  ends 0
  [ "$(store)" = "$before" ]
  # About 5,500 of 8,192 that fit.
  for n in 1 2 3; do
    "$AK_TOOL" owner suspend -y -q "user$n"
  done
  [ "$(store)" = "$before" ]
  authkey fold
  ends 0
  says 'Merged what has changed into the store.'
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = DISABLED ]
  [ "$(stat -c %s "$(delta)")" -lt 200 ]
  authkey doctor
  ends 0
}

@test 'the change that leaves little room merges, when it is in force and said (R26)' {
  big
  local before
  before=$(store)
  for n in 1 2 3; do
    authkey owner suspend -y "user$n"
    ends 0
    [[ $stderr != *merged* ]]
  done
  [ "$(store)" = "$before" ]
  # Now about 7,300 of 8,192 that fit. It has no disk to merge on, and is in force.
  mkdir "$AUTHKEY_DIR/keys.merge.new"
  authkey owner suspend -y user4
  ends 0
  says 'the change is in force, but what has changed could not be merged'
  [ "$(store)" = "$before" ]
  rmdir "$AUTHKEY_DIR/keys.merge.new"
  authkey list --limit 1 # changes nothing
  [ "$(store)" = "$before" ]
  "$AK_TOOL" disable --field status deploy </dev/null >"$PLACE/out" 2>"$PLACE/err"
  [ "$(cat "$PLACE/out")" = disabled ]
  grep -q 'is merged into it now' "$PLACE/err"
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = DISABLED ]
  [ "$(stat -c %s "$(delta)")" -lt 200 ]
  authkey doctor
  ends 0
}

@test 'what changes nothing does not merge, and what ends with 1 does (R26)' {
  big
  local before
  before=$(store)
  mkdir "$AUTHKEY_DIR/keys.merge.new"
  for n in 1 2 3 4; do
    authkey owner suspend -y "user$n"
  done
  says 'could not be merged'
  rmdir "$AUTHKEY_DIR/keys.merge.new"
  printf '%s\n' '{"type":"export","version":1}' '{"type":"owner","owner":"zoe"}' >"$PLACE/new"
  authkey import --dry-run "$PLACE/new"
  ends 0
  [[ $stderr != *'in force'* ]]
  authkey backup "$PLACE/backup"
  ends 0
  [[ $stderr != *'in force'* ]]
  [ "$(store)" = "$before" ]
  echo "$token" >"$PLACE/file"
  authkey scan --disable "$PLACE/file"
  ends 1
  says 'is merged into it now'
  [ "$(store)" != "$before" ]
  [ "$(verdict)" = DISABLED ]
}

@test 'a delta that is missing, or not what it must be, is unavailable, found and mended (R47)' {
  big
  "$AK_TOOL" disable -q deploy
  local path spoil
  for spoil in 'rm' 'chmod g+w' 'truncate -s 80' 'truncate -s 0'; do
    path=$(delta)
    $spoil "$path"
    [ "$(verdict)" = STORE_UNAVAILABLE ]
    authkey doctor
    ends 1
    prints "$path"
    "$AK_TOOL" publish -q
    [ "$(verdict)" = DISABLED ]
    authkey doctor
    ends 0
  done
  # Any command heals it, too.
  rm "$(delta)"
  authkey list --limit 1
  says 'it is published again'
  [ "$(verdict)" = DISABLED ]
}

@test 'of a lost master, a store that has lost its delta still tells what it knows (R26)' {
  make gone
  local gone=$token late
  big
  "$AK_TOOL" backup -q "$PLACE/backup"
  "$AK_TOOL" revoke -q -y gone
  "$AK_TOOL" publish -q
  late=$token
  "$AK_TOOL" revoke -q -y deploy
  echo nonsense >"$AUTHKEY_DIR/master/master.db"
  rm -f "$AUTHKEY_DIR"/master/master.db-* "$(delta)"
  keep
  authkey restore -y "$PLACE/backup"
  ends 0
  says 'has lost its delta'
  says 'revoke once more what was later'
  token=$gone
  [ "$(verdict)" = REVOKED ]
  token=$late
  [ "$(verdict)" = VALID ]
  back
  rm "$AUTHKEY_DIR/keys.db"
  authkey restore -y "$PLACE/backup"
  ends 0
  says 'nothing tells what was revoked or suspended since'
}

@test 'the delta of a store that is gone is found and taken away (R47)' {
  big
  local stray=$AUTHKEY_DIR/keys.delta.0123456789abcdef.db
  cp -p "$(delta)" "$stray"
  authkey doctor
  ends 1
  prints "$stray"
  prints 'left over'
  "$AK_TOOL" publish -q
  [ ! -e "$stray" ]
  authkey doctor
  ends 0
}

@test 'a key that only the store has is found once, though it stands in the delta too (R47)' {
  big
  authkey disable deploy
  sql "$AUTHKEY_DIR/master/master.db" "DELETE FROM key WHERE id = '$id'"
  authkey doctor --field thing
  ends 1
  [ "$output" = "$id" ]
}

@test 'a merge that goes on is nothing that doctor finds (R47)' {
  needs_strace
  big
  # Before its first fsync keys.merge.new is whole, and no change has to wait.
  strace -f -o /dev/null -e trace=fsync -e inject=fsync:signal=STOP:when=1 \
    "$AK_TOOL" publish -q 3>&- &
  local tracer=$! merging
  until merging=$(pgrep -P $tracer -x authkey) &&
    grep -q '^State:.*[tT] ' "/proc/$merging/status" && [ -e "$AUTHKEY_DIR/keys.merge.new" ]; do
    kill -0 $tracer
    sleep 0.05
  done
  authkey doctor
  kill -CONT "$merging"
  wait $tracer
  ends 0
  [ ! -e "$AUTHKEY_DIR/keys.merge.new" ]
  : >"$AUTHKEY_DIR/keys.merge.new"
  authkey doctor
  ends 1
  prints 'left over'
}

# dies COMMAND...: killed at each of its steps, all is as before or as after, and at no time
# is a key revived: gone was revoked since the store was published.
dies() {
  needs_strace
  keep
  after() {
    [ "$(verdict_of "$gone")" = REVOKED ] || { echo "# revived at $1 $2" >&3; return 1; }
    is_whole || { echo "# killed at $1 $2: $state, $(verdict)" >&3; return 1; }
    [ "$(verdict_of "$gone")" = REVOKED ] || return 1
    [ "$state" = "$was" ] || took=$((took + 1))
    code=0
    "$AK_TOOL" "${again[@]}" </dev/null >/dev/null 2>&1 || code=$?
    [ "$code" = 0 ] || [ "$code" = "${may:-0}" ] || return 1
    [ "$(field "$id" status)" = "$wanted" ] && [ "$(verdict_of "$gone")" = REVOKED ]
  }
  local again=("$@") was=enabled wanted=${wanted:-enabled}
  interrupt signal=KILL back "$@"
  [ "$ended" -gt 5 ]
}

verdict_of() {
  local token=$1
  verdict
}

with_gone() {
  make gone
  gone=$token
  big
  "$AK_TOOL" revoke -q -y gone
}

@test 'kill -9 at any change of disable and of create' {
  with_gone
  wanted=disabled dies disable -q deploy
  [ "$took" -gt 0 ]
  back
  may=6 dies create -q --owner bob new # given again, it may find the name taken
}

@test 'kill -9 at any change of publish and of a fold that merges' {
  with_gone
  AT_MOST=2
  dies publish -q
  back
  for n in 1 2 3; do
    "$AK_TOOL" owner suspend -y -q "user$n"
  done
  dies fold -q
}
