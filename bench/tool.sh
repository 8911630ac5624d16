#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/tool.sh FOLDER KEYS RUNS MOVE
#
# What the commands of the tool cost over the keys in FOLDER/authkey (`keys` made them):
# whole processes, time and memory, as rows of CSV. MOVE is 1 to export and import all.
#
#   AK_TOOL  the tool         AK_BUILD  what is built
set -eu

folder=$1 keys=$2 runs=$3 move=$4
export AUTHKEY_DIR=$folder/authkey

# One with a thousand keys, or with all.
owner=alice
[ "$keys" -le 65536 ] || owner=owner77

# timed WORK RUNS COMMAND...
timed() {
  local work=$1 runs=$2
  shift 2
  "$AK_BUILD/bench/timed" tool "$keys" "$work" "$runs" "$@"
}

far=$(sqlite3 "$AUTHKEY_DIR/master/master.db" \
  "SELECT id FROM key ORDER BY created_at, name, id LIMIT 1 OFFSET $keys * 9 / 10")

"$AK_TOOL" -q fold
timed create "$runs" "$AK_TOOL" -q create 'bench {}' --owner bench
timed disable "$runs" "$AK_TOOL" -q disable 'bench/bench {}'
timed enable "$runs" "$AK_TOOL" -q enable 'bench/bench {}'
timed revoke "$runs" "$AK_TOOL" -q -y revoke 'bench/bench {}'
timed 'list --limit 50' "$runs" "$AK_TOOL" list --json --limit 50
timed 'list --limit 50 --after KEY' "$runs" "$AK_TOOL" list --json --limit 50 --after "$far"
timed 'list --limit 50 --owner USER' "$runs" "$AK_TOOL" list --json --limit 50 --owner "$owner"
for sort in name owner expires_at last_used; do
  timed "list --limit 50 --sort $sort" "$runs" "$AK_TOOL" list --json --limit 50 --sort "$sort"
done
timed 'list --limit 50 --status disabled' "$runs" \
  "$AK_TOOL" list -q --json --limit 50 --status disabled
timed 'list --limit 50 TEXT' "$runs" "$AK_TOOL" list -q --json --limit 50 'in no key'
timed expiring "$runs" "$AK_TOOL" expiring -q --json
timed 'owner list' "$runs" "$AK_TOOL" owner list --json
timed 'show KEY' "$runs" "$AK_TOOL" show --json "$far"
timed publish 1 "$AK_TOOL" -q publish
if [ "$move" = 1 ]; then
  timed export 1 sh -c "'$AK_TOOL' export >'$folder/export'"
  export AUTHKEY_DIR=$folder/moved
  "$AK_TOOL" -q init --group "$(id -gn)"
  timed import 1 "$AK_TOOL" -q import "$folder/export"
  rm -rf "$folder/moved" "$folder/export"
fi
