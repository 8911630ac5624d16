#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/timing.sh FOLDER KEYS
#
# An installation of KEYS keys in the new FOLDER, as `keys` makes it, and tokens that are
# refused: FOLDER/tokens_KIND has some of each kind, no key twice. Those that were changed
# after the whole store was written stand in its delta, where it has one.
#
#   AK_TOOL, AK_MODULE, AK_BUILD  what is built
set -eu

folder=$1 keys=$2
each=512
export AUTHKEY_DIR=$folder/authkey

# pick KIND FIELDS: the next tokens of the sample are this kind's; print what makes their
# keys so, as JSON for `apply`.
first=1
pick() {
  sed -n "$first,$((first + each - 1))p" "$folder/tokens" >"$folder/tokens_$1"
  first=$((first + each))
  sed 's/^[^_]*_\(........\).*/{"id":"\1",'"$2"'}/' "$folder/tokens_$1"
}

mkdir "$folder"
"$AK_BUILD/bench/keys" "$folder" "$keys" "$AK_MODULE"
{
  for kind in wrong unknown stranger password; do
    pick $kind '"status":"enabled"'
  done
  pick revoked '"status":"revoked"'
  pick disabled '"status":"disabled"'
  pick expired '"expires_at":"2020-01-01T00:00:00Z"'
  pick restricted '"services":["elsewhere"]'
} >"$folder/change"
pick changed '"description":"changed"' >"$folder/late_change"

# A usage file that would get full would drop records, which takes another time.
"$AK_TOOL" -q config usage-cap 4G
rm "$AUTHKEY_DIR/usage.d/$(id -u)"
"$AK_TOOL" -q init --group "$(id -gn)"

"$AK_TOOL" -q -y apply "$folder/change"
"$AK_TOOL" -q publish
"$AK_TOOL" -q -y apply "$folder/late_change"
