#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# prune: the records of keys that ended long ago.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper
load kill_helper

# ago NAME COLUMN DAYS: a time of a key was so many days ago.
ago() {
  sql "$AUTHKEY_DIR/master/master.db" \
    "UPDATE key SET $2 = unixepoch() - $3 * 86400 WHERE name = '$1'"
}

# left: the names of all keys, in one line.
left() {
  "$AK_TOOL" list -q --sort name --field name | paste -sd' '
}

# keys: one of each kind, revoked or expired 100 days ago and 10 days ago, and live ones.
keys() {
  local name
  for name in live off revoked100 revoked10 expired100 expired10 both; do make "$name"; done
  "$AK_TOOL" disable -q off
  "$AK_TOOL" revoke -q revoked100 revoked10 both
  ago revoked100 revoked_at 100
  ago revoked10 revoked_at 10
  ago expired100 expires_at 100
  ago expired10 expires_at 10
  ago both expires_at 200
  ago both revoked_at 10
}

@test 'prune deletes what ended 90 days ago or earlier, and nothing else' {
  keys
  authkey prune -y
  ends 0
  silent
  says 'Deleted the record of '
  [ "$(left)" = 'both expired10 live off revoked10' ]
  authkey prune -y
  ends 0
  says 'No keys fit; nothing to do.'
  authkey prune --older-than 5d -y --json
  ends 0
  [ "$(jq -r 'map(.label | sub(" .*"; "") | sub(".*/"; "")) | sort | join(" ")' <<<"$output")" \
    = 'both expired10 revoked10' ]
  [ "$(left)" = 'live off' ]
}

@test 'the boundary is the second' {
  make a
  "$AK_TOOL" revoke -q a
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET revoked_at = unixepoch() - 3600 + 30"
  authkey prune --older-than 1h -y
  says 'nothing to do'
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET revoked_at = unixepoch() - 3600"
  authkey prune --older-than 1h -y
  says 'Deleted the record of'
}

@test 'the audit keeps a row of each, and logins know the keys no more' {
  keys
  "$AK_TOOL" prune -q -y --older-than 1d
  [ "$("$AK_TOOL" audit --json | jq -r '.[] | select(.action == "prune") | .detail.name[0]' |
    sort | paste -sd' ')" = 'both expired10 expired100 revoked10 revoked100' ]
  "$AK_TOOL" audit -q --verify
  [ "$(verdict)" = NOT_FOUND ] # of `both`, the last that was made
}

@test 'without a terminal it needs -y, and says what it would do' {
  keys
  authkey prune
  ends 2
  says 'it would delete 2 keys, which ended 90d ago or earlier; say yes with -y'
  authkey prune -q
  ends 2
  [ "$(left | wc -w)" = 7 ]
}

@test 'at a terminal it names them and asks with the count' {
  keys
  dialog 100 'revoked100' '' 'Delete 2 keys, which ended 90d ago or earlier? [y/N]' 'n\r' -- \
    "$AK_TOOL" prune
  ends 1
  prints 'Nothing was deleted.'
  [ "$(left | wc -w)" = 7 ]
  dialog 100 'Delete 2 keys' 'y\r' -- "$AK_TOOL" prune
  ends 0
  [ "$(left)" = 'both expired10 live off revoked10' ]
}

@test 'what is no length of time is a usage error' {
  keys
  local length
  for length in 90 d -1d 2020-01-01 forever ''; do
    authkey prune -y --older-than "$length"
    ends 2
  done
  authkey prune -y all
  ends 2
  [ "$(left | wc -w)" = 7 ]
  authkey --dir "$PLACE/none" prune -y
  ends 3
}

@test 'who may not write the master prunes nothing, exit 4' {
  root_only
  keys
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$PLACE/authkey" --dir "$AUTHKEY_DIR" prune -y
  ends 4
  [ "$(left | wc -w)" = 7 ]
}

@test 'kill -9 at any change of prune: all are there or none, the next command works (R43)' {
  needs_strace
  make old1
  make old2
  make deploy # whose token is_whole tries
  again() {
    local name
    for name in old1 old2; do
      "$AK_TOOL" show -q "$name" >/dev/null 2>&1 || "$AK_TOOL" create -q "$name" >/dev/null
      "$AK_TOOL" revoke -q "$name"
      ago "$name" revoked_at 100
    done
  }
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    case $(left) in
      deploy) took=$((took + 1)) ;;
      'deploy old1 old2') ;;
      *) echo "# killed at $1 $2: $(left)" >&3; return 1 ;;
    esac
  }
  again
  interrupt signal=KILL again prune -qy
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}
