# SPDX-License-Identifier: BSD-2-Clause
# For tests in which there are so many keys that the store has a delta.
# shellcheck shell=bash

# crowd: keys beside those that there are, published.
crowd() {
  sqlite3 "$AUTHKEY_DIR/master/master.db" "
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16400)
    INSERT INTO key (id, prefix, name, owner, scheme, digest, state, created_at, created_by)
    SELECT 'k' || replace(printf('%07d', i), '0', 'A'), 'ak', 'key ' || i, 'user' || (i % 9), 1,
           randomblob(32), 1, i, 'root' FROM n"
  "$AK_TOOL" publish -q
}
