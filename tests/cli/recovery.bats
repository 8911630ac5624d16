#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# recovery init, status and off: who opts in, and that the file comes before the key.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2034,SC2317
load helper
load recovery_helper
load upgrade_helper

@test 'recovery is off until somebody opts in, and status says how' {
  authkey recovery status
  ends 0
  prints off
  says 'authkey recovery init FILE'
  [ "$("$AK_TOOL" recovery status --json | jq -c .)" = \
    '{"recovery":"off","public_key":null,"sealed":0}' ]
  make deploy
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT count(*) FROM key WHERE sealed IS NOT NULL')" = 0 ]
}

@test 'init takes the passphrase from stdin and writes one line of mode 0600 (R24)' {
  (umask 0; hears "$PASSPHRASE" recovery init "$PLACE/recovery.key"; ends 0
    says "Take $PLACE/recovery.key off this host now")
  [ "$(stat -c '%a %h %s' "$PLACE/recovery.key")" = '600 1 204' ]
  grep -qE '^authkey-recovery-1 [A-Za-z0-9+/]{182}==$' "$PLACE/recovery.key"
  [ "$("$AK_TOOL" recovery status --json | jq -r '.recovery, (.public_key | length), .sealed')" = \
    $'on\n64\n0' ]
}

@test 'the file begins with the public key that the master has' {
  recovery_on
  [ "$(tail -c +20 "$PLACE/recovery.key" | base64 -d | head -c 32 | od -An -v -tx1 | tr -d ' \n')" = \
    "$("$AK_TOOL" recovery status --field public_key)" ]
}

@test 'init asks twice at a terminal, without echo' {
  dialog 100 'A passphrase has at least 15 characters' '' 'Passphrase: ' "$PASSPHRASE\\r" \
    'Passphrase, once more: ' "$PASSPHRASE\\r" -- \
    "$AK_TOOL" recovery init "$PLACE/recovery.key"
  ends 0
  [[ $output != *"nobody says"* ]]
  recovery_is on
  make deploy
  [ "$(reveals deploy)" = "$token" ]
}

@test 'passphrases that differ, are too short or never come make nothing' {
  dialog 100 'Passphrase: ' "$PASSPHRASE\\r" 'once more: ' "$PASSPHRASE.\\r" -- \
    "$AK_TOOL" recovery init "$PLACE/recovery.key"
  ends 2
  prints 'differ'
  dialog 100 'Passphrase: ' 'fourteen bytes\r' -- \
    "$AK_TOOL" recovery init "$PLACE/recovery.key"
  ends 2
  prints 'at least 15 characters'
  dialog 100 'Passphrase: ' 'four words\003' -- \
    "$AK_TOOL" recovery init "$PLACE/recovery.key"
  ends 130
  dialog 100 'Passphrase: ' "$PASSPHRASE\\r" 'once more: ' '\004' -- \
    "$AK_TOOL" recovery init "$PLACE/recovery.key"
  ends 2
  authkey recovery init "$PLACE/recovery.key"
  ends 2
  says 'there is no passphrase on stdin'
  hears 'fourteen bytes' recovery init "$PLACE/recovery.key"
  ends 2
  says 'init: a passphrase has at least 15 characters'
  hears 'äöüäöüäöüäöüäö' recovery init "$PLACE/recovery.key" # 28 bytes
  ends 2
  hears "$(printf '%1025s' x)" recovery init "$PLACE/recovery.key"
  ends 2
  says 'at most 1024 bytes'
  [ ! -e "$PLACE/recovery.key" ]
  recovery_is off
  [ "$(audited 'recovery init')" = 0 ]
}

@test 'a passphrase of 15 characters and one of 1024 bytes will do' {
  hears 'fifteen letters' recovery init "$PLACE/a"
  ends 0
  "$AK_TOOL" recovery off -q
  hears "$(printf '%1024s' x)" recovery init "$PLACE/b"
  ends 0
}

@test 'init never writes over or through anything that is there, and then asks nothing (R23)' {
  echo mine >"$PLACE/mine"
  ln -s "$PLACE/mine" "$PLACE/link"
  ln -s "$PLACE/nowhere" "$PLACE/dangling"
  mkfifo "$PLACE/fifo"
  for name in mine link dangling fifo; do
    authkey recovery init "$PLACE/$name"
    ends 6
    says 'is there already'
  done
  authkey recovery init "$PLACE"
  ends 6
  authkey recovery init "$PLACE/folder/recovery.key"
  ends 3
  says 'no such folder'
  authkey recovery init "$PLACE/mine/recovery.key"
  ends 5
  for name in '' "$PLACE/" "/$(printf 'x%.0s' {1..5000})"; do
    authkey recovery init "$name"
    ends 2
  done
  [ "$(cat "$PLACE/mine")" = mine ]
  [ ! -e "$PLACE/nowhere" ]
  recovery_is off
}

@test 'init in a folder where one may not write is exit 4' {
  [ "$(id -u)" != 0 ] || skip 'root may write anywhere'
  mkdir -m 555 "$PLACE/theirs"
  hears "$PASSPHRASE" recovery init "$PLACE/theirs/recovery.key"
  ends 4
  recovery_is off
}

@test 'a second init is a conflict, exit 6, and asks nothing' {
  recovery_on
  local before
  before=$(sha256sum "$PLACE/recovery.key")
  authkey recovery init "$PLACE/second.key"
  ends 6
  says 'first: authkey recovery off'
  authkey recovery init "$PLACE/recovery.key"
  ends 6
  [ ! -e "$PLACE/second.key" ]
  [ "$(sha256sum "$PLACE/recovery.key")" = "$before" ]
}

@test 'init and off stand in the audit, with the public key and how many were kept' {
  recovery_on
  local public
  public=$("$AK_TOOL" recovery status --field public_key)
  make a
  make b
  "$AK_TOOL" recovery off -q -y
  [ "$("$AK_TOOL" audit --json | jq -c '[.[] | select(.subject == "recovery") | [.action, .detail]]')" = \
    "[[\"recovery init\",{\"recovery\":[\"off\",\"on\"],\"public_key\":[null,\"$public\"]}],[\"recovery off\",{\"recovery\":[\"on\",\"off\"],\"public_key\":[\"$public\",null],\"sealed\":[2,0]}]]" ]
  "$AK_TOOL" audit --verify -q
}

@test 'off needs a yes where tokens are kept: a question, or -y' {
  recovery_on
  make deploy
  authkey recovery off
  ends 2
  says '1 sealed token for good'
  recovery_is on
  make another
  dialog 100 'Delete 2 sealed tokens and switch recovery off? [y/N] ' 'n\r' -- \
    "$AK_TOOL" recovery off
  ends 1
  prints 'Nothing was changed'
  recovery_is on
  dialog 100 'switch recovery off? [y/N] ' 'y\r' -- "$AK_TOOL" recovery off
  ends 0
  recovery_is off
  [ "$(verdict)" = VALID ]
  authkey recovery off
  ends 0
  says 'off already'
  recovery_on "$PLACE/second.key"
  make third
  authkey recovery off -y
  ends 0
  [ "$("$AK_TOOL" recovery status --json | jq -c .)" = \
    '{"recovery":"off","public_key":null,"sealed":0}' ]
}

@test 'off without tokens asks nothing' {
  recovery_on
  authkey recovery off
  ends 0
  says 'Recovery is off; no token is kept.'
}

@test 'whoever may not read the master may not do any of it, exit 4' {
  root_only
  recovery_on
  chmod 755 "$PLACE"
  local words
  for words in "recovery init $PLACE/new" 'recovery status' 'recovery off' \
    "reveal deploy --recovery-key $PLACE/recovery.key"; do
    # shellcheck disable=SC2086
    run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
      "$AK_TOOL" $words </dev/null
    ends 4
  done
}

@test 'revoke, purge, an import and off delete the sealed token, also from the file behind' {
  recovery_on
  local sealed=() name
  for name in revoked purged imported switched; do
    make "$name"
    sealed+=("$(sql "$AUTHKEY_DIR/master/master.db" \
      "SELECT hex(substr(sealed, 1, 32)) FROM key WHERE id = '$id'")")
  done
  in_files() {
    cat "$AUTHKEY_DIR"/master/* "$AUTHKEY_DIR"/keys.db | od -An -v -tx1 | tr -d ' \n' |
      grep -ciF "$1" || true
  }
  [ "$(in_files "${sealed[0]}")" = 1 ]
  "$AK_TOOL" revoke -q revoked
  [ "$(in_files "${sealed[0]}")" = 0 ]
  "$AK_TOOL" revoke -q purged
  "$AK_TOOL" purge -q purged
  [ "$(in_files "${sealed[1]}")" = 0 ]
  "$AK_TOOL" export | jq -c 'if .name == "imported" then .status = "revoked" |
    .revoked_at = "2026-01-01T00:00:00Z" else . end' >"$PLACE/keys.jsonl"
  [ "$(in_files "${sealed[2]}")" = 1 ]
  "$AK_TOOL" import -q --replace "$PLACE/keys.jsonl"
  [ "$(field imported status)" = revoked ]
  [ "$(in_files "${sealed[2]}")" = 0 ]
  [ "$(in_files "${sealed[3]}")" = 1 ]
  "$AK_TOOL" recovery off -q -y
  [ "$(in_files "${sealed[3]}")" = 0 ]
}

@test 'an import of the same leaves what is kept, and --no-recovery, as they are' {
  recovery_on
  make kept
  local first=$token
  make left --no-recovery
  "$AK_TOOL" export >"$PLACE/keys.jsonl"
  authkey import "$PLACE/keys.jsonl"
  ends 0
  authkey import --replace "$PLACE/keys.jsonl"
  ends 0
  [ "$(reveals kept)" = "$first" ]
  hears "$PASSPHRASE" reveal left --recovery-key "$PLACE/recovery.key"
  ends 3
  says '--no-recovery was asked for'
  sed -i 's/"name":"kept"/"name":"kept","no_recovery":true/' "$PLACE/keys.jsonl"
  authkey import --replace "$PLACE/keys.jsonl"
  ends 0
  hears "$PASSPHRASE" reveal kept --recovery-key "$PLACE/recovery.key"
  ends 3
  says '--no-recovery was asked for'
}

@test 'neither store nor exports nor any answer have a sealed token' {
  recovery_on
  make deploy
  local sealed
  sealed=$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT hex(sealed) FROM key')
  [ "${#sealed}" = $((2 * (44 + 48))) ]
  od -An -v -tx1 "$AUTHKEY_DIR/keys.db" | tr -d ' \n' | tr a-f A-F >"$PLACE/store"
  lacks "${sealed:0:64}" "$PLACE/store"
  {
    "$AK_TOOL" list --json
    "$AK_TOOL" show deploy --json
    "$AK_TOOL" audit --json
    "$AK_TOOL" list --format csv
    "$AK_TOOL" export
  } >"$PLACE/all"
  tr a-f A-F <"$PLACE/all" >"$PLACE/hex"
  lacks "${sealed:64:32}" "$PLACE/hex"
  { "$AK_TOOL" list --json; "$AK_TOOL" export; } >"$PLACE/keys.json"
  lacks sealed "$PLACE/keys.json"
}

@test 'off names what restore and an upgrade have left with sealed tokens, and so does doctor' {
  mkdir "$PLACE/pam.d"
  older_master 2 # could not seal, and is not named
  recovery_on
  make deploy
  older_master 3
  "$AK_TOOL" backup -q "$PLACE/backup.db"
  "$AK_TOOL" restore -q -y "$PLACE/backup.db"
  aside=("$AUTHKEY_DIR"/master/master.db.2*)
  [ "${#aside[@]}" = 1 ]
  aside+=("$AUTHKEY_DIR/master/master-schema-3.db")
  authkey doctor --pam-dir "$PLACE/pam.d" # recovery is on: they are where they belong
  ends 0
  authkey recovery off -y
  ends 0
  says 'the master keeps no token'
  [ "$(grep -oE 'rm -- [^ ]+' <<<"$stderr" | sort)" = \
    "$(printf 'rm -- %s\n' "${aside[@]}" | sort)" ] || { echo "$stderr"; return 1; }
  authkey doctor --json --pam-dir "$PLACE/pam.d"
  ends 1
  [ "$(jq -r '.[] | "\(.severity) \(.check) \(.thing)"' <<<"$output" | sort)" = \
    "$(printf 'warning recovery %s\n' "${aside[@]}" | sort)" ] || { echo "$output"; return 1; }
  bash -c "$(jq -r '.[].fix' <<<"$output")"
  authkey doctor --pam-dir "$PLACE/pam.d"
  ends 0
  echo rubbish >"${aside[0]}"
  authkey recovery off
  says "${aside[0]} cannot be read and may hold"
}
