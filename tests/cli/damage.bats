#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A damaged record closes its own key, and keeps no other from being revoked.
# shellcheck disable=SC2154
load helper

# A key named spoilt whose record cannot be read, and one named other.
spoil() {
  make other
  other=$token
  make spoilt
  "$AK_TOOL" backup -q "$PLACE/file"
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET expires_at = -5 WHERE id = '$id'"
}

@test 'another key is disabled and revoked as ever, and the damaged one opens nothing, loudly' {
  spoil
  [ "$(verdict)" = VALID ] # as it was published
  authkey disable other
  ends 0
  says "the records of 1 keys are damaged, first $id"
  says 'authkey restore FILE'
  [ "$(token=$other verdict)/$(verdict)" = DISABLED/NOT_FOUND ]
  authkey revoke -q other
  ends 0
  [ "$(token=$other verdict)" = REVOKED ]
}

@test 'scan names the damaged key, which keeps no other from being found and disabled' {
  spoil
  printf '%s\n' "$token" "$other" >"$PLACE/tokens"
  authkey scan --json "$PLACE/tokens"
  ends 1
  [ "$(jq -c 'map([.id, .status, .live])' <<<"$output")" = \
    "[[\"$id\",\"damaged\",false],[\"${other:3:8}\",\"enabled\",true]]" ]
  says 'authkey publish leaves them out'
  authkey scan --disable "$PLACE/tokens"
  ends 1
  says 'Disabled'
  says "the records of 1 keys are damaged, first $id"
  [ "$(token=$other verdict)/$(verdict)" = DISABLED/NOT_FOUND ]
  authkey scan --disable "$PLACE/tokens"
  ends 5
}

@test 'publish says so too, and is exit 5' {
  spoil
  authkey publish
  ends 5
  says "first $id"
  [ "$(token=$other verdict)/$(verdict)" = VALID/NOT_FOUND ]
}

@test 'a restore brings the damaged key back, and keeps what was revoked' {
  spoil
  "$AK_TOOL" revoke -q other
  authkey restore -y "$PLACE/file"
  ends 0
  [ "$(token=$other verdict)/$(verdict)" = REVOKED/VALID ]
  authkey publish
  ends 0
}

@test 'what cannot be restored is not backed up' {
  spoil
  authkey backup "$PLACE/second"
  ends 5
  says "$AUTHKEY_DIR/master/master.db: is damaged"
  [ ! -e "$PLACE/second" ]
}
