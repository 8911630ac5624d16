# SPDX-License-Identifier: BSD-2-Clause
# For tests in which the installation was made by an older or a newer authkey.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

MASTER_VERSIONS=$(find "$AK_TOP/schema/migrations" -name '*.sql' | wc -l)
USAGE_VERSIONS=$(find "$AK_TOP/schema/usage" -name '*.sql' | wc -l)

version() {
  sqlite3 "$1" 'PRAGMA user_version'
}

# older_master N: the master as an authkey with N migrations would have it, with what is in
# it that had a place then.
older_master() {
  local master=$AUTHKEY_DIR/master/master.db old=$PLACE/older.db table columns
  rm -f "$old"
  find "$AK_TOP/schema/migrations" -name '*.sql' | sort | head -n "$1" | xargs cat |
    sqlite3 "$old"
  for table in $(sqlite3 "$old" "SELECT name FROM sqlite_schema WHERE type = 'table'"); do
    columns=$(sqlite3 "$old" \
      "SELECT group_concat('\"' || name || '\"') FROM pragma_table_info('$table')")
    sqlite3 "$old" "ATTACH '$master' AS new;
      INSERT INTO main.$table ($columns) SELECT $columns FROM new.$table"
  done
  sqlite3 "$old" "PRAGMA application_id = $(sqlite3 "$master" 'PRAGMA application_id');
    PRAGMA user_version = $1; PRAGMA journal_mode = ${2:-WAL}" >/dev/null
  rm -f "$master" "$master-wal" "$master-shm"
  cp "$old" "$master"
  chmod 600 "$master"
}

# newer DATABASE: as one that an authkey with one more migration has left.
newer() {
  sqlite3 "$1" "PRAGMA user_version = $(($(version "$1") + 1))"
}

# newer_store, older_store: the version is the last byte of a number in the file's header.
store_version() {
  # shellcheck disable=SC2059
  printf "$1" | dd of="$AUTHKEY_DIR/keys.db" bs=1 seek=63 conv=notrunc status=none
}
newer_store() {
  store_version '\177'
}
older_store() {
  store_version '\0'
}

# sums: every file of the installation, and what is in it; not SQLite's index of its log.
sums() {
  (cd "$AUTHKEY_DIR" && find . -type f -size +0 ! -name '*-shm' -exec sha256sum {} + | sort -k 2)
}

# backups: the names of those that upgrades have left.
backups() {
  (cd "$AUTHKEY_DIR/master" && find . -name 'master-schema-*' -printf '%f\n' | sort)
}
