#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# An older master is migrated after a backup of it was made; what is newer is left alone.
# shellcheck disable=SC2154,SC2034,SC2030,SC2031,SC2016,SC2317
load helper
load kill_helper
load upgrade_helper

@test 'an older master of any version is migrated by any command, after a backup of it' {
  local n
  for ((n = 1; n < MASTER_VERSIONS; n++)); do
    make "deploy$n"
    older_master "$n"
    cp "$AUTHKEY_DIR/master/master.db" "$PLACE/was.db"
    authkey list --field name
    ends 0
    says "kept in $AUTHKEY_DIR/master/master-schema-$n.db"
    [ "$(version "$AUTHKEY_DIR/master/master.db")" = "$MASTER_VERSIONS" ]
    [ "$(verdict)" = VALID ]
    local backup=$AUTHKEY_DIR/master/master-schema-$n.db
    [ "$(stat -c '%a %h' "$backup")" = '600 1' ]
    [ "$(version "$backup")" = "$n" ]
    [ "$(sql "$backup" 'PRAGMA integrity_check')" = ok ]
    [ "$(sql "$backup" .dump)" = "$(sql "$PLACE/was.db" .dump)" ]
    [ "$(sql "$backup" 'PRAGMA journal_mode')" = delete ]
    # once
    authkey list
    ends 0
    [ -z "$stderr" ]
  done
  [ "$(backups | wc -l)" = $((MASTER_VERSIONS - 1)) ]
}

@test 'each command that migrates says where the backup is' {
  local words
  make deploy
  cp -a "$AUTHKEY_DIR" "$PLACE/now"
  "$AK_TOOL" backup -q "$PLACE/backup.db"
  for words in list publish fold init 'disable deploy' '-q list' "restore -y $PLACE/backup.db" \
    'stats' 'doctor'; do
    rm -rf "$AUTHKEY_DIR"
    cp -a "$PLACE/now" "$AUTHKEY_DIR"
    older_master 1
    # shellcheck disable=SC2086
    authkey $words
    if [ "$words" = doctor ]; then # changes nothing, and says what to do
      prints 'an older authkey'
      prints 'fold'
      [ "$(version "$AUTHKEY_DIR/master/master.db")" = 1 ]
      [ -z "$(backups)" ]
      continue
    fi
    ends 0
    says "kept in $AUTHKEY_DIR/master/master-schema-1.db"
    [ "$(version "$AUTHKEY_DIR/master/master.db")" = "$MASTER_VERSIONS" ]
    [ "$(backups)" = master-schema-1.db ]
  done
}

@test 'many that open an older master at once make one backup' {
  local i round pids mode
  make deploy
  for mode in WAL DELETE; do
    for round in 1 2 3; do
      rm -f "$AUTHKEY_DIR"/master/master-schema-*
      older_master 2 "$mode"
      pids=()
      for i in {1..8}; do
        "$AK_TOOL" show deploy --field name </dev/null >/dev/null 2>"$PLACE/err$i" &
        pids+=($!)
      done
      for i in "${pids[@]}"; do wait "$i"; done
      [ "$(backups)" = master-schema-2.db ]
      [ "$(cat "$PLACE"/err* | grep -c 'kept in')" = 1 ]
      [ "$(verdict)" = VALID ]
    done
  done
}

@test 'a backup of the same name stays, and the next is numbered' {
  make deploy
  older_master 3
  "$AK_TOOL" list -q >/dev/null
  make another
  older_master 3
  authkey list
  says "kept in $AUTHKEY_DIR/master/master-schema-3.db.1"
  [ "$(backups)" = $'master-schema-3.db\nmaster-schema-3.db.1' ]
  [ "$(sql "$AUTHKEY_DIR/master/master-schema-3.db" 'SELECT name FROM key')" = deploy ]
  [ "$(sql "$AUTHKEY_DIR/master/master-schema-3.db.1" 'SELECT count(*) FROM key')" = 2 ]
  # the same once more is no other backup
  older_master 3
  authkey list
  says "kept in $AUTHKEY_DIR/master/master-schema-3.db.1"
  [ "$(backups | wc -l)" = 2 ]
  # what is in the way is not followed, and stays
  rm "$AUTHKEY_DIR"/master/master-schema-*
  ln -s "$PLACE/elsewhere" "$AUTHKEY_DIR/master/master-schema-3.db"
  older_master 3
  authkey list
  says "kept in $AUTHKEY_DIR/master/master-schema-3.db.1"
  [ ! -e "$PLACE/elsewhere" ]
}

@test 'doctor takes the backups of upgrades for what they are (R47)' {
  mkdir "$PLACE/pam.d"
  older_master 3
  "$AK_TOOL" publish -q
  make deploy
  older_master 3
  "$AK_TOOL" publish -q
  authkey doctor --json --pam-dir "$PLACE/pam.d"
  [ "$(jq '[.[] | select(.check == "strays")] | length' <<<"${output:-[]}")" = 0 ]
  touch "$AUTHKEY_DIR/master/master-schema-x"
  authkey doctor --json --pam-dir "$PLACE/pam.d"
  [ "$(jq '[.[] | select(.check == "strays")] | length' <<<"$output")" = 1 ]
}

@test 'on a full disk nothing is migrated, and the key opens' {
  small 512k
  export AUTHKEY_DIR=$PLACE/small/keys
  "$AK_TOOL" init -q --group root
  make deploy
  older_master 1
  dd if=/dev/zero of="$PLACE/small/filler" bs=4k 2>/dev/null || true
  local before
  before=$(sums)
  authkey list
  ends 5
  says 'no space left'
  [ "$(sums)" = "$before" ]
  [ "$(verdict)" = VALID ]
  truncate -s -48K "$PLACE/small/filler" # room for SQLite's index, and no more
  authkey list
  ends 5
  says 'is not migrated without a backup'
  says 'no space left'
  [ "$(sums)" = "$before" ]
  [ "$(verdict)" = VALID ]
  rm "$PLACE/small/filler"
  authkey list
  ends 0
  [ "$(backups)" = master-schema-1.db ]
  [ "$(verdict)" = VALID ]
}

@test 'kill -9 at any change of a migration: the older master or the newer, one backup (R43)' {
  needs_strace
  make deploy
  older_master 1
  keep # the older master, and no backup
  local was is
  was=$(sql "$AUTHKEY_DIR/master/master.db" .dump)
  after() {
    is=$(version "$AUTHKEY_DIR/master/master.db")
    [ "$(verdict)" = VALID ] || { echo "# locked out at $1 $2" >&3; return 1; }
    case $is in
      1)
        [ "$(sql "$AUTHKEY_DIR/master/master.db" .dump)" = "$was" ] || {
          echo "# not the older one at $1 $2" >&3
          return 1
        }
        ;;
      "$MASTER_VERSIONS")
        took=$((took + 1))
        [ "$(backups)" = master-schema-1.db ] || { echo "# no backup at $1 $2" >&3; return 1; }
        ;;
      *) echo "# version $is at $1 $2" >&3; return 1 ;;
    esac
    # a backup that has its name is whole
    [ -z "$(backups)" ] || {
      [ "$(sql "$AUTHKEY_DIR/master/master-schema-1.db" .dump)" = "$was" ] || {
        echo "# torn at $1 $2" >&3
        return 1
      }
    }
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ "$(version "$AUTHKEY_DIR/master/master.db")" = "$MASTER_VERSIONS" ]
    [ "$(backups)" = master-schema-1.db ] || { echo "# two at $1 $2: $(backups)" >&3; return 1; }
    [ "$(sql "$AUTHKEY_DIR/master/master-schema-1.db" .dump)" = "$was" ]
  }
  AT_MOST=12
  interrupt signal=KILL back list -q
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}

@test 'a disk that fills up at any change of a migration: the older master, or done' {
  needs_strace
  make deploy
  older_master 1
  keep # the older master, and no backup
  after() {
    [ "$(verdict)" = VALID ] || { echo "# locked out at $1 $2" >&3; return 1; }
    if [ "$code" = 0 ]; then
      took=$((took + 1))
      [ "$(version "$AUTHKEY_DIR/master/master.db")" = "$MASTER_VERSIONS" ] || return 1
      [ "$(backups)" = master-schema-1.db ] || return 1
    else
      [ "$code" = 5 ] || { echo "# exit $code at $1 $2: $(cat "$PLACE/err")" >&3; return 1; }
    fi
    is_whole || { echo "# failed at $1 $2" >&3; return 1; }
    [ "$(backups)" = master-schema-1.db ] || { echo "# two at $1 $2" >&3; return 1; }
  }
  CHANGING='pwrite64 fsync fdatasync rename fchmod ftruncate'
  AT_MOST=12
  interrupt error=ENOSPC back list -q
  [ "$ended" -gt 5 ]
}

@test 'with the older tool, restore goes back to the backup, and revives nothing' {
  make deploy
  make gone
  local kept=$AUTHKEY_DIR/master/master-schema-$MASTER_VERSIONS.db
  "$AK_TOOL" backup -q "$PLACE/backup.db"
  mv "$PLACE/backup.db" "$kept" # what a newer tool leaves of a master of this version
  "$AK_TOOL" revoke -q gone
  newer "$AUTHKEY_DIR/master/master.db"
  authkey list
  ends 5
  authkey restore -y "$kept"
  ends 0
  authkey show deploy --field status
  [ "$output" = enabled ]
  [ "$(field gone status)" = revoked ]
  authkey list
  ends 0
  [ "$(verdict)" = REVOKED ]
  # what counts is put aside by hand, and begins anew
  newer "$AUTHKEY_DIR/master/usage.db"
  authkey fold
  ends 5
  mv "$AUTHKEY_DIR/master/usage.db" "$PLACE/usage.db.newer"
  authkey fold
  ends 0
}
