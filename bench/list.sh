#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/list.sh FOLDER [KEYS]
#
# What a page of `authkey list` costs among a million keys: the median of 21 runs, whole
# processes. FOLDER is empty and belongs to the caller.
#
#   AK_TOOL  the tool
set -eu

export AUTHKEY_DIR=$1/keys
keys=${2:-1000000}

"$AK_TOOL" init -q --group "$(id -gn)"
sqlite3 "$AUTHKEY_DIR/master/master.db" "
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $keys - 1)
  INSERT INTO key (id, prefix, name, owner, scheme, digest, state, created_at, created_by)
  SELECT printf('%08d', i * 7919 % $keys), 'ak', 'key ' || i,
         'owner' || (i % 1000), 1, randomblob(32), 1, 1700000000 + i / 2, 'bench'
    FROM n"
"$AK_TOOL" publish -q

# median WHAT OPTION...
median() {
  local what=$1 start i
  shift
  for ((i = 0; i < 21; i++)); do
    start=${EPOCHREALTIME/./}
    "$AK_TOOL" list "$@" --json >/dev/null
    echo $((${EPOCHREALTIME/./} - start))
  done | sort -n | sed -n 11p | awk -v what="$what" '{ printf "%-44s %8.1f ms\n", what, $1 / 1000 }'
}

far=$(sqlite3 "$AUTHKEY_DIR/master/master.db" \
  "SELECT id FROM key ORDER BY created_at LIMIT 1 OFFSET $keys * 9 / 10")
echo "of $keys keys:"
median 'list --limit 50' --limit 50
median 'list --limit 50 --after KEY' --limit 50 --after "$far"
median 'list --limit 50 --owner U' --limit 50 --owner owner77
