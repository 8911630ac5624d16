#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# restore: a backup takes the place of the master, and revives nothing that was ended since.
# shellcheck disable=SC2154,SC2317
load helper
load kill_helper
load recovery_helper

backup() {
  "$AK_TOOL" backup -q --force "$PLACE/file" </dev/null
}

generation() {
  sql "$AUTHKEY_DIR/master/master.db" 'SELECT generation FROM installation'
}

kept() {
  find "$AUTHKEY_DIR/master" -name 'master.db.2*' ! -name '*-wal'
}

@test 'what is lost or changed is back after a restore, and logins obey it at once' {
  make deploy --service nginx
  backup
  "$AK_TOOL" edit -q deploy --service sshd --name other
  make late
  local late=$token before
  before=$(generation)
  authkey restore -y "$PLACE/file"
  ends 0
  says ": 1, now: 2; made since, and lost: 1; changed since: 1."
  [ "$("$AK_TOOL" list --field name)" = deploy ]
  [ "$(field deploy services)" = nginx ]
  [ "$(token=$late verdict)" = NOT_FOUND ]
  [ "$(generation)" -gt "$before" ]
  run "$AK_TOOL" audit --verify
  ends 0
  [ "$("$AK_TOOL" audit --json | jq -r '.[-1].action')" = restore ]
}

@test 'what is replaced is kept beside the master, whole and for its owner alone' {
  make deploy
  backup
  make late
  "$AK_TOOL" restore -q -y "$PLACE/file"
  local file
  file=$(kept)
  [ "$(stat -c %a "$file")" = 600 ]
  [ "$(sql "$file" 'PRAGMA integrity_check; SELECT count(*) FROM key')" = ok$'\n'2 ]
  authkey restore -y "$file"
  ends 0
  [ "$("$AK_TOOL" list --field name | sort | tr '\n' ' ')" = 'deploy late ' ]
}

@test 'keys that were revoked, deleted or disabled since stay so, and are named' {
  make revoked
  local revoked=$id token_of_revoked=$token
  make deleted
  local deleted=$id token_of_deleted=$token
  make disabled
  local disabled=$id
  make kept
  backup
  "$AK_TOOL" revoke -q revoked --reason lost
  "$AK_TOOL" revoke -q deleted
  "$AK_TOOL" purge -q "$deleted"
  "$AK_TOOL" disable -q disabled
  authkey restore -y --json "$PLACE/file"
  ends 0
  says "/revoked ($revoked) was revoked after the backup was made, and will stay so"
  says "($deleted) was deleted after"
  says "($disabled) was disabled after"
  [ "$(jq -c '[.revoked_since, .deleted_since, .disabled_since, .revived]' <<<"$output")" = \
    "[[\"$revoked\"],[\"$deleted\"],[\"$disabled\"],false]" ]
  [ "$(token=$token_of_revoked verdict)/$(token=$token_of_deleted verdict)" = REVOKED/REVOKED ]
  [ "$(field "$revoked" revoke_reason)" = lost ]
  [ "$(field "$disabled" status)/$(verdict)" = disabled/VALID ]
}

@test 'a key that was rotated since ends when its overlap does, and never lives longer' {
  make rotated
  local rotated=$id
  make ended --not-before 2020-01-01
  local ended=$id token_of_ended=$token
  make longer --expires 30d
  local longer=$id end
  end=$(field "$longer" expires_at)
  backup
  "$AK_TOOL" rotate -q rotated --overlap 7d >/dev/null
  local until
  until=$(field "$rotated" expires_at)
  sql "$AUTHKEY_DIR/master/master.db" \
    "UPDATE key SET expires_at = 1500000000, not_before = NULL WHERE id = '$ended'"
  "$AK_TOOL" edit -q longer --expires 60d
  authkey restore -y --json "$PLACE/file"
  ends 0
  says "/rotated ($rotated) was given an earlier end after the backup was made, and will stay so"
  [ "$(jq -c '[(.ends_sooner_since | sort), .revoked_since]' <<<"$output")" = \
    "[$(jq -cn '$ARGS.positional | sort' --args "$rotated" "$ended"),[]]" ]
  [ "$(field "$rotated" expires_at)/$(field "$longer" expires_at)" = "$until/$end" ]
  [ "$(token=$token_of_ended verdict)" = EXPIRED ]
  authkey restore -y --revive "$PLACE/file"
  ends 0
  [ "$(field "$rotated" expires_at)" = '' ]
}

@test 'an owner stays suspended when only what is published still says so, and is named once' {
  make one --owner alice
  make two --owner alice
  local token_of_alice=$token
  make other --owner bob
  backup
  "$AK_TOOL" owner suspend -q alice
  sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA user_version = 99' # made by a newer one
  authkey restore --dry-run --json "$PLACE/file"
  ends 0
  [ "$(jq -c .suspended_since <<<"$output")" = '["alice"]' ]
  authkey restore -y --json "$PLACE/file"
  ends 0
  [ "$(jq -c .suspended_since <<<"$output")" = '["alice"]' ]
  [ "$(token=$token_of_alice verdict)/$(verdict)" = OWNER_SUSPENDED/VALID ]
  "$AK_TOOL" owner resume -q alice
  [ "$(token=$token_of_alice verdict)" = VALID ]
}

@test 'an owner who is not verified any more stays so, but not in another installation' {
  make deploy --owner alice
  "$AK_TOOL" owner verify -q alice
  backup
  "$AK_TOOL" owner verify -q --undo alice
  authkey restore -y --json "$PLACE/file"
  ends 0
  says 'alice lost the mark of being verified after'
  [ "$(jq -c .unverified_since <<<"$output")" = '["alice"]' ]
  [ "$("$AK_TOOL" owner show alice --json | jq .verified)" = false ]
  export AUTHKEY_DIR=$PLACE/elsewhere
  "$AK_TOOL" init -q --group "$(id -gn)"
  "$AK_TOOL" owner set -q alice --name Alice
  authkey restore -y "$PLACE/file"
  ends 0
  [ "$("$AK_TOOL" owner show alice --json | jq .verified)" = true ]
}

@test 'a master whose audit cannot be read is mended, and what was revoked since stays so' {
  make deploy
  make lost
  make purged
  local purged=$id
  backup
  "$AK_TOOL" revoke -q lost purged
  "$AK_TOOL" purge -q "$purged"
  sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE' \
    >"$PLACE/ignored"
  local page size
  page=$(sql "$AUTHKEY_DIR/master/master.db" "SELECT rootpage FROM sqlite_schema WHERE name = 'audit'")
  size=$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA page_size')
  head -c "$size" /dev/urandom | dd of="$AUTHKEY_DIR/master/master.db" bs="$size" \
    seek=$((page - 1)) conv=notrunc status=none
  authkey restore -y "$PLACE/file"
  ends 0
  [ "$("$AK_TOOL" list --field status --sort name | tr '\n' ' ')" = 'enabled revoked revoked ' ]
  authkey audit --verify
  ends 0
}

# deleted_for_good: K and X are made, each before a backup, the older backup is restored, and
# K is revoked and deleted then; $K is its id and $token_of_K its token.
deleted_for_good() {
  make K
  K=$id token_of_K=$token
  backup
  mv "$PLACE/file" "$PLACE/older"
  make X
  backup
  "$AK_TOOL" restore -q -y "$PLACE/older"
  "$AK_TOOL" revoke -q K
  "$AK_TOOL" purge -q "$K"
}

@test 'a key that was deleted after an earlier restore stays so, and is named (R26)' {
  deleted_for_good
  authkey restore -y --json "$PLACE/file"
  ends 0
  says "($K) was deleted after the backup was made, and will stay so"
  [ "$(jq -c .deleted_since <<<"$output")" = "[\"$K\"]" ]
  [ "$(token=$token_of_K verdict)/$(verdict)" = REVOKED/VALID ]
}

@test 'a restore that is undone brings no key back that was deleted meanwhile (R26)' {
  deleted_for_good
  authkey restore -y --json "$(kept)"
  ends 0
  [ "$(jq -c .deleted_since <<<"$output")" = "[\"$K\"]" ]
  [ "$(token=$token_of_K verdict)/$(verdict)" = REVOKED/VALID ]
}

@test 'after an earlier restore, owners and recovery are compared as before' {
  recovery_on
  make deploy --owner alice
  "$AK_TOOL" owner verify -q alice
  backup
  mv "$PLACE/file" "$PLACE/older"
  make other
  backup
  "$AK_TOOL" restore -q -y "$PLACE/older"
  "$AK_TOOL" owner verify -q --undo alice
  "$AK_TOOL" recovery off -q -y
  authkey restore -y --json "$PLACE/file"
  ends 0
  [ "$(jq -c '[.unverified_since, .recovery_off_since]' <<<"$output")" = '[["alice"],true]' ]
  [ "$("$AK_TOOL" owner show alice --json | jq .verified)" = false ]
  recovery_is off
}

@test 'a damaged owner hides no other who was suspended or is not verified any more (R26)' {
  make one --owner alice
  make two --owner alice
  make three --owner bob
  "$AK_TOOL" owner set -q aaa --name Aaa
  "$AK_TOOL" owner verify -q bob
  "$AK_TOOL" owner set -q 0 --name Zero
  "$AK_TOOL" owner verify -q 0
  make zero --owner 0
  backup
  "$AK_TOOL" owner suspend -q alice
  "$AK_TOOL" owner suspend -q 0
  "$AK_TOOL" owner verify -q --undo bob
  "$AK_TOOL" owner verify -q --undo 0
  master_sql "UPDATE owner SET verified_at = 9000000000000000000 WHERE name = 'aaa'"
  authkey restore -y --json "$PLACE/file"
  ends 0
  [ "$(jq -c '[(.suspended_since, .unverified_since) | sort]' <<<"$output")" = \
    '[["0","alice"],["0","bob"]]' ]
  [ "$("$AK_TOOL" owner list --json | jq -c 'map(select(.suspended)) | map(.owner)')" = '["0","alice"]' ]
}

@test 'an owner who only the store says is not verified any more stays so, and is named once' {
  make one --owner alice
  make two --owner alice
  make other --owner bob
  "$AK_TOOL" owner verify -q alice
  "$AK_TOOL" owner verify -q bob
  backup
  "$AK_TOOL" owner verify -q --undo alice
  master_sql 'PRAGMA user_version = 99' # made by a newer one
  authkey restore -y --json "$PLACE/file"
  ends 0
  [ "$(jq -c '[.unverified_since, .suspended_since]' <<<"$output")" = '[["alice"],[]]' ]
  [ "$("$AK_TOOL" owner show alice --json | jq .verified)" = false ]
  [ "$("$AK_TOOL" owner show bob --json | jq .verified)" = true ]
}

@test '--revive brings them back, and says that they are LIVE' {
  make deploy
  backup
  "$AK_TOOL" revoke -q deploy
  authkey restore -y --revive "$PLACE/file"
  ends 0
  says "($id) was revoked after the backup was made, and will be LIVE again"
  [ "$(verdict)" = VALID ]
}

@test 'an owner who was suspended since stays suspended' {
  make deploy --owner alice
  backup
  "$AK_TOOL" owner suspend -q alice --reason late
  authkey restore -y "$PLACE/file"
  ends 0
  says 'alice was suspended after'
  [ "$(verdict)" = OWNER_SUSPENDED ]
}

@test 'in another installation nothing counts as deleted, and tokens work there' {
  make deploy
  backup
  export AUTHKEY_DIR=$PLACE/elsewhere
  "$AK_TOOL" init -q --group "$(id -gn)"
  make other
  local other=$token
  authkey restore -y "$PLACE/file"
  ends 0
  [ "$("$AK_TOOL" list --field name)" = deploy ]
  [ "$("$AK_TOOL" list --field status)" = enabled ]
  [ "$(token=$other verdict)" = NOT_FOUND ]
}

@test '--dry-run says what would change, and changes nothing' {
  make deploy
  backup
  "$AK_TOOL" revoke -q deploy
  local before
  before=$(sha256sum "$AUTHKEY_DIR/master/master.db" "$AUTHKEY_DIR/keys.db")
  authkey restore --dry-run --json "$PLACE/file"
  ends 0
  [ "$(jq -c '[.revoked_since[0], .kept]' <<<"$output")" = "[\"$id\",null]" ]
  [ "$(sha256sum "$AUTHKEY_DIR/master/master.db" "$AUTHKEY_DIR/keys.db")" = "$before" ]
  [ -z "$(kept)" ]
}

@test 'a restore asks at a terminal, and needs -y elsewhere' {
  make deploy
  backup
  "$AK_TOOL" edit -q deploy --name other
  authkey restore "$PLACE/file"
  ends 2
  says 'say yes with -y'
  [ "$(field "$id" name)" = other ]
  dialog 80 '[y/N]' 'n\r' -- "$AK_TOOL" restore "$PLACE/file"
  ends 1
  [ "$(field "$id" name)" = other ]
  dialog 80 '[y/N]' 'y\r' -- "$AK_TOOL" restore "$PLACE/file"
  ends 0
  [ "$(field "$id" name)" = deploy ]
}

@test 'what is revoked or made while the question stands is neither revived nor lost' {
  make deploy
  backup
  local command
  for command in "revoke -y deploy" "create later"; do
    dialog 100 'Replace' "!$AK_TOOL -q $command" '[y/N]' 'y\r' \
      -- "$AK_TOOL" restore --revive "$PLACE/file"
    ends 6
    prints 'keys were changed in the meantime, and nothing is restored'
  done
  [ "$(field "$id" status)/$(field later status)" = revoked/enabled ]
}

@test 'a master that SQLite cannot read, or that is gone, is mended; what was revoked since stays so' {
  local how
  for how in 'head -c 8192 /dev/urandom >"$AUTHKEY_DIR/master/master.db"' \
    ': >"$AUTHKEY_DIR/master/master.db"' 'rm "$AUTHKEY_DIR/master/master.db"'; do
    make deploy
    make lost
    local revoked=$id
    backup
    "$AK_TOOL" revoke -q lost
    eval "$how"
    rm -f "$AUTHKEY_DIR"/master/master.db-*
    authkey restore -y "$PLACE/file"
    [ "$status" = 0 ] || { echo "$how: $stderr"; return 1; }
    says 'the present master cannot be read'
    [ "$(field "$revoked" status)" = revoked ]
    [ "$(field deploy status)" = enabled ]
    [ "$(verdict)" = REVOKED ]
    "$AK_TOOL" revoke -q deploy
    "$AK_TOOL" list --field id | xargs "$AK_TOOL" purge -q
  done
}

@test 'a backup that others may have changed is refused' {
  make deploy
  backup
  chmod 622 "$PLACE/file"
  authkey restore -y "$PLACE/file"
  ends 5
  says 'others may have changed it'
  chmod 600 "$PLACE/file"
  ln -s file "$PLACE/link"
  authkey restore -y "$PLACE/link"
  ends 5
  ln "$PLACE/file" "$PLACE/second"
  authkey restore -y "$PLACE/file"
  ends 5
  says 'one name'
  rm "$PLACE/second"
  mkfifo "$PLACE/fifo"
  authkey restore -y "$PLACE/fifo"
  ends 5
  authkey restore -y "$PLACE"
  ends 5
  authkey restore -y "$PLACE/nothing"
  ends 3
  root_only
  chown 65534 "$PLACE/file"
  authkey restore -y "$PLACE/file"
  ends 5
}

# spoilt SQL: a restore of the backup after this was done to it is refused, says $2, and
# changes nothing.
spoilt() {
  cp "$PLACE/file" "$PLACE/bad"
  sql "$PLACE/bad" "$1" >/dev/null
  local before
  before=$(sha256sum "$AUTHKEY_DIR/master/master.db")
  authkey restore -y "$PLACE/bad"
  [ "$status" = 5 ] || { echo "$1: exit $status: $stderr"; return 1; }
  says "$2"
  [ "$(sha256sum "$AUTHKEY_DIR/master/master.db")" = "$before" ]
  [ -z "$(find "$AUTHKEY_DIR/master" -name 'copy.new*')" ]
}

@test 'a backup that was tampered with, is newer, or something else is refused (R26)' {
  make deploy
  backup
  spoilt "UPDATE audit SET who = 'nobody'" 'its audit is broken at row 1'
  spoilt 'DELETE FROM audit' 'its audit is broken'
  spoilt "CREATE TRIGGER t AFTER INSERT ON key BEGIN DELETE FROM audit; END" 'somebody changed it'
  spoilt 'DROP INDEX key_name' 'somebody changed it'
  spoilt "PRAGMA writable_schema = ON; UPDATE sqlite_schema
    SET sql = replace(sql, 'owner.suspended_at IS NOT NULL', '0') WHERE name = 'record'" 'somebody changed it'
  spoilt 'DROP TABLE delta; CREATE TABLE delta (id, since, record)' 'somebody changed it'
  spoilt 'DROP TABLE delta; CREATE VIRTUAL TABLE delta USING dbstat; VACUUM' 'somebody changed it'
  spoilt "PRAGMA writable_schema = ON; UPDATE sqlite_schema
    SET sql = replace(sql, 'CHECK (state IN (1, 2, 3))', '') WHERE name = 'key'" 'somebody changed it'
  spoilt 'DROP INDEX key_name; CREATE INDEX key_name ON key (owner)' 'somebody changed it'
  spoilt 'PRAGMA user_version = 99' 'newer authkey'
  spoilt 'PRAGMA user_version = -7' 'damaged'
  spoilt 'PRAGMA user_version = 0' 'damaged'
  spoilt 'PRAGMA application_id = 7' 'is no backup'
  spoilt 'UPDATE key SET expires_at = -5' 'is damaged'
  spoilt 'DELETE FROM installation' 'is damaged'
  cp "$AUTHKEY_DIR/keys.db" "$PLACE/bad"
  chmod 600 "$PLACE/bad"
  authkey restore -y "$PLACE/bad"
  ends 5
  says 'is no backup'
  : >"$PLACE/bad"
  authkey restore -y "$PLACE/bad"
  ends 5
}

@test 'a backup whose group is not on this system is refused, with the way out' {
  backup
  sql "$PLACE/file" "UPDATE installation SET unix_group = 'no-such-group-here'"
  authkey restore -y "$PLACE/file"
  ends 3
  says 'groupadd --system no-such-group-here'
}

@test 'a backup with pages overwritten or cut off is refused' {
  make deploy
  backup
  cp "$PLACE/file" "$PLACE/bad"
  dd if=/dev/urandom of="$PLACE/bad" bs=4096 seek=3 count=6 conv=notrunc 2>/dev/null
  authkey restore -y "$PLACE/bad"
  ends 5
  head -c 12288 "$PLACE/file" >"$PLACE/bad"
  authkey restore -y "$PLACE/bad"
  ends 5
  [ "$(verdict)" = VALID ]
}

@test 'restore refuses words it does not know, and needs the installation and the right' {
  authkey restore
  ends 2
  authkey restore a b
  ends 2
  AUTHKEY_DIR=$PLACE/nowhere authkey restore -y "$PLACE/file"
  ends 3
  root_only
  backup
  chmod 644 "$PLACE/file"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$AK_TOOL" restore -y "$PLACE/file"
  ends 4
}

@test 'who has the master open during a restore sees old or new, and loses nothing' {
  make deploy
  backup
  "$AK_TOOL" edit -q deploy --name other
  exec 8>"$PLACE/in"
  coproc READER { sqlite3 "$AUTHKEY_DIR/master/master.db"; } 2>/dev/null
  echo 'BEGIN; SELECT name FROM key;' >&"${READER[1]}"
  read -r name <&"${READER[0]}"
  [ "$name" = other ]
  authkey restore -y "$PLACE/file"
  ends 0
  echo 'SELECT name FROM key; COMMIT; SELECT name FROM key;' >&"${READER[1]}"
  read -r name <&"${READER[0]}"
  [ "$name" = other ]
  read -r name <&"${READER[0]}"
  [ "$name" = deploy ]
  echo '.quit' >&"${READER[1]}"
  wait "$READER_PID" 2>/dev/null || true
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check')" = ok ]
}

@test 'kill -9 at any change of a restore: all old or all new, and the next command works (R43)' {
  needs_strace
  make deploy
  make ended
  local ended_token=$token
  id=$("$AK_TOOL" show deploy --field id)
  token=
  backup
  "$AK_TOOL" revoke -q ended
  after() {
    case $(field "$id" name) in
      later) ;;
      deploy) took=$((took + 1)) ;;
      *) return 1 ;;
    esac
    [ "$(token=$ended_token verdict)" = REVOKED ] || return 1
    [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check')" = ok ]
    "$AK_TOOL" audit --verify -q
  }
  again() {
    "$AK_TOOL" edit -q "$id" --name later
    rm -f "$AUTHKEY_DIR"/master/master.db.2*
  }
  again
  AT_MOST=12
  interrupt signal=KILL again restore -y "$PLACE/file"
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}

@test 'kill -9 at any change of a restore of a master that is lost: the next restore mends it' {
  needs_strace
  make deploy
  backup
  rm -f "$AUTHKEY_DIR"/master/master.db*
  keep
  after() {
    [ "$(verdict)" = VALID ] || { echo "# locked out at $1 $2" >&3; return 1; }
    ! "$AK_TOOL" show -q deploy >/dev/null 2>&1 || took=$((took + 1))
    "$AK_TOOL" restore -q -y "$PLACE/file" || { echo "# killed at $1 $2" >&3; return 1; }
    is_whole && "$AK_TOOL" audit --verify -q
  }
  AT_MOST=3
  interrupt signal=KILL back restore -y "$PLACE/file"
  [ "$ended" -gt 10 ]
  [ "$took" -gt 0 ]
}

@test 'sealed tokens that recovery off has deleted do not come back, unless --revive' {
  recovery_on
  make deploy
  backup
  "$AK_TOOL" recovery off -q -y
  authkey restore -y "$PLACE/file"
  ends 0
  says 'its sealed tokens stay deleted'
  recovery_is off
  [ "$("$AK_TOOL" recovery status --field sealed)" = 0 ]
  [ "$(verdict)" = VALID ]
  authkey restore -y --revive "$PLACE/file" --json
  ends 0
  [ "$(jq .recovery_off_since <<<"$output")" = true ]
  says 'come back'
  recovery_is on
  [ "$(reveals deploy)" = "$token" ]
}

@test 'of another pair that was made since, the backup brings no tokens back' {
  recovery_on "$PLACE/first.key"
  make deploy
  backup
  "$AK_TOOL" recovery off -q -y
  recovery_on
  make late
  authkey restore -y "$PLACE/file"
  ends 0
  recovery_is on
  [ "$("$AK_TOOL" recovery status --field sealed)" = 0 ]
  make later
  [ "$(reveals later)" = "$token" ]
}
