#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Many commands and logins at once, of which one after the other is killed (R43, R46): each
# login is answered as the last command that was done has left its key, and in the end all
# is whole. AK_KILLS=N kills so many, AK_SEED=N draws others: make kills.
# shellcheck disable=SC2154 # make sets token and id
load ../cli/helper

# Each change forces its files to disk, which is not what is tested here.
[ ! -w /dev/shm ] || [ -n "${TMPDIR:-}" ] || export TMPDIR=/dev/shm

PAIRS=8

@test 'what is killed at any moment leaves all whole, and nothing is lost that was done R43 R46' {
  local i state text line sum uses
  mkdir "$PLACE/pam.d"
  line="$AK_MODULE store=$AUTHKEY_DIR/keys.db store_owner=$(id -un)"
  printf '%s\n' "auth required $line" "account required $line" >"$PLACE/pam.d/api"
  for ((i = 1; i <= PAIRS; i++)); do
    make "key $i" --owner alice -d 0
    echo "$id $token"
  done >"$PLACE/keys.txt"
  authkey doctor --pam-dir "$PLACE/pam.d"
  before=$output

  "$AK_BUILD/tests/killer" "$AK_TOOL" "$AK_BUILD/demo/login" "$PLACE/pam.d" \
    "${AK_KILLS:-60}" "${AK_SEED:-1}" <"$PLACE/keys.txt" >"$PLACE/known"
  read -r _ kills changes logins unsure < <(grep '^sum ' "$PLACE/known")

  # What the last command has left behind is mended by the next, with no word of doctor's.
  "$AK_TOOL" fold -q
  authkey doctor --pam-dir "$PLACE/pam.d"
  [ "$output" = "$before" ]
  "$AK_TOOL" audit --verify -q
  sum=$(find "$AUTHKEY_DIR" -name '*.db' -exec sqlite3 {} 'PRAGMA integrity_check' \; | sort -u)
  [ "$sum" = ok ]
  while read -r id state text; do
    [ "$id" != sum ] || continue
    [[ $state == either || $(field "$id" status) == "$state" ]]
    [[ "|$text|" == *"|$(field "$id" description)|"* ]]
  done <"$PLACE/known"
  # Each login is counted once; of one that was killed nobody knows whether it was one.
  uses=$(sql "$AUTHKEY_DIR/master/usage.db" 'SELECT sum(uses) FROM key_usage')
  ((logins <= uses && uses <= logins + unsure))
  ((kills >= ${AK_KILLS:-60} && changes > 0 && logins > 0))
  [ -z "$(find "$AUTHKEY_DIR" -name '*.new*')" ]
  [ -z "${AK_KILLS:-}" ] ||
    echo "# $kills kills survived, among $changes commands that were done and $logins logins" >&3
}
