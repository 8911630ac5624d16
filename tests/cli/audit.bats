#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

# rows [SUBJECT]...: ACTION of each row, in one line.
rows() {
  "$AK_TOOL" audit --field action "$@" | paste -sd,
}

# last: the detail of the newest row.
last() {
  "$AK_TOOL" audit --limit 1 --json | jq -c '.[0].detail'
}

# holds ROWS, broken ROW: what --verify says.
holds() {
  authkey audit --verify
  ends 0
  [[ $stderr == "$1 row"*hold* ]]
}
broken() {
  authkey audit --verify
  ends 1
  says "row $1 does not hold"
  authkey audit --verify --json
  ends 1
  [ "$(jq -c '[.holds, .broken]' <<<"$output")" = "[false,$1]" ]
}

# Five rows.
five() {
  make deploy --owner alice
  "$AK_TOOL" disable -q deploy
  "$AK_TOOL" enable -q deploy
  "$AK_TOOL" edit -q deploy -d text
  "$AK_TOOL" config -q retention 40d
}

@test 'every command that changes something leaves a row with what was and what is' {
  make deploy --owner alice --service nginx
  [ "$(last | jq -c '[.id, .name, .services, .expires_at, .key]')" = \
    "[[null,\"$id\"],[null,\"deploy\"],[[],[\"nginx\"]],null,null]" ]
  "$AK_TOOL" edit -q deploy --service +sshd -d 'for CI'
  [ "$(last)" = '{"description":[null,"for CI"],"services":[["nginx"],["nginx","sshd"]]}' ]
  "$AK_TOOL" disable -q deploy
  [ "$(last)" = '{"status":["enabled","disabled"]}' ]
  "$AK_TOOL" enable -q deploy
  [ "$(last | jq -c .status)" = '["disabled","enabled"]' ]
  "$AK_TOOL" owner set -q alice --email a@example.org
  [ "$(last)" = '{"email":[null,"a@example.org"]}' ]
  "$AK_TOOL" owner suspend -q alice --reason leave
  [ "$(last | jq -c '[.suspended, .suspend_reason]')" = '[[false,true],[null,"leave"]]' ]
  "$AK_TOOL" owner resume -q alice
  [ "$(last | jq -c .suspended)" = '[true,false]' ]
  "$AK_TOOL" owner verify -q alice
  [ "$(last | jq -c .verified)" = '[false,true]' ]
  "$AK_TOOL" owner verify -q alice --undo
  "$AK_TOOL" config -q prefix kalp
  [ "$(last)" = '{"prefix":["ak","kalp"]}' ]
  rm "$(usage_file)"
  "$AK_TOOL" verifier add -q "$(id -un)"
  [ "$(last)" = '{"usage_file":[false,true]}' ]
  "$AK_TOOL" revoke -q deploy --reason lost
  [ "$(last | jq -c '[.status, .revoke_reason]')" = \
    '[["enabled","revoked"],[null,"lost"]]' ]
  "$AK_TOOL" purge -q deploy
  [ "$(last | jq -c '[.id, .name]')" = "[[\"$id\",null],[\"deploy\",null]]" ]
  [ "$(rows)" = "create,edit,disable,enable,owner set,owner suspend,owner resume,\
owner verify,owner verify,config,verifier add,revoke,purge" ]
  holds 13
}

@test 'what changes nothing leaves no row, and publishes nothing' {
  five
  local generation
  generation=$("$AK_TOOL" publish --field generation)
  "$AK_TOOL" enable -q deploy
  "$AK_TOOL" edit -q deploy -d text
  "$AK_TOOL" edit -q deploy --tag +x --tag -x
  "$AK_TOOL" config -q retention 40d
  "$AK_TOOL" owner resume -q alice
  "$AK_TOOL" verifier add -q "$(id -un)"
  "$AK_TOOL" list -q >/dev/null
  "$AK_TOOL" fold -q
  holds 5
  [ "$("$AK_TOOL" publish --field generation)" = "$generation" ]
}

@test 'what fails leaves no row' {
  make deploy --owner alice
  authkey create deploy --owner alice
  ends 6
  authkey purge deploy
  ends 6
  authkey config retention 1m
  ends 2
  authkey owner suspend nobody
  ends 3
  holds 1
}

@test 'several keys in one command leave a row each' {
  make a --owner alice
  make b --owner alice
  make c --owner alice --disabled
  "$AK_TOOL" disable -q a b c
  [ "$(rows)" = 'create,create,create,disable,disable' ]
  "$AK_TOOL" revoke -qy --owner alice
  [ "$(rows | tr , '\n' | grep -c revoke)" = 3 ]
}

@test 'no row has a token or a digest in it' {
  make deploy --owner alice
  "$AK_TOOL" edit -q deploy -d new
  "$AK_TOOL" revoke -q deploy
  "$AK_TOOL" purge -q deploy
  "$AK_TOOL" audit --json >"$PLACE/audit"
  [ "$(grep -cF "${token:11}" "$PLACE/audit")" = 0 ]
  jq -e '[.[].detail | keys] | flatten | all(. != "digest" and . != "key")' \
    "$PLACE/audit" >/dev/null
  [ "$(jq length "$PLACE/audit")" = 4 ]
}

@test 'a row says who did it: behind sudo the caller, and at which terminal' {
  make deploy --owner alice
  [ "$("$AK_TOOL" audit --json | jq -c '.[0] | [.who, .tty]')" = "[\"$(id -un)\",null]" ]
  dialog 80 -- "$AK_TOOL" disable -q deploy
  [[ $("$AK_TOOL" audit --limit 1 --field tty) == /dev/pts/* ]]
  root_only
  SUDO_USER=carol "$AK_TOOL" enable -q deploy
  [ "$("$AK_TOOL" audit --limit 1 --field who)" = carol ]
  SUDO_USER=$'x\ny' "$AK_TOOL" disable -q deploy
  [ "$("$AK_TOOL" audit --limit 1 --field who)" = root ]
}

@test 'audit of a subject, and of a key by its name, has their rows alone' {
  make deploy --owner alice
  make other --owner bob
  "$AK_TOOL" disable -q other
  "$AK_TOOL" owner suspend -q bob
  "$AK_TOOL" config -q retention 2d
  [ "$(rows deploy)" = create ]
  [ "$(rows bob/other)" = create,disable ]
  [ "$(rows "$id")" = create,disable ]
  [ "$(rows bob)" = 'owner suspend' ]
  [ "$(rows retention)" = config ]
  authkey audit nothing
  ends 3
  "$AK_TOOL" revoke -q other
  "$AK_TOOL" purge -q other
  [ "$(rows "$id")" = create,disable,revoke,purge ]
}

@test 'audit --limit takes the newest rows, --since those since' {
  five
  [ "$(rows --limit 2)" = edit,config ]
  [ "$(rows --limit 100)" = create,disable,enable,edit,config ]
  master_sql 'UPDATE audit SET at = at - 86400 WHERE seq <= 3'
  [ "$(rows --since 1h)" = edit,config ]
  [ "$(rows --since 1h --limit 1)" = config ]
  authkey audit --since 2999-01-01
  ends 0
  silent
}

@test 'people read what changed from what to what' {
  make deploy --owner alice --tag prod
  "$AK_TOOL" edit -q deploy --tag +eu
  authkey audit
  [[ ${lines[0]} =~ ^TIME\ +WHO\ +ACTION\ +SUBJECT\ +CHANGE\ *$ ]]
  [[ ${lines[2]} == *" edit "*"$id"*" tags: prod -> eu,prod"* ]]
}

@test 'audit in JSON has the fields of the contract, and CSV is guarded (R41)' {
  make deploy --owner alice -d '=1+1'
  [ "$("$AK_TOOL" audit --json | jq -c '.[0] | keys_unsorted')" = \
    '["seq","time","who","tty","action","subject","detail","hash"]' ]
  [[ $("$AK_TOOL" audit --field hash) =~ ^[0-9a-f]{64}$ ]]
  master_sql "UPDATE audit SET who = '=1+1'"
  "$AK_TOOL" audit --format csv >"$PLACE/csv"
  grep -qF ",\"'=1+1\"," "$PLACE/csv"
}

@test '--verify of an empty chain, and of one that holds' {
  authkey audit --verify
  ends 0
  says '0 rows hold'
  five
  holds 5
  authkey audit --verify --json
  [ "$(jq -c '[.holds, .rows, .broken]' <<<"$output")" = '[true,5,null]' ]
}

@test '--verify names a row that was changed, in any of its fields' {
  five
  cp "$AUTHKEY_DIR/master/master.db" "$PLACE/master"
  local change
  while IFS= read -r change; do
    master_sql "UPDATE audit SET $change WHERE seq = 3"
    broken 3
    rm -f "$AUTHKEY_DIR/master/master.db-"*
    cp "$PLACE/master" "$AUTHKEY_DIR/master/master.db"
  done <<'END'
at = at + 1
who = 'mallory'
tty = '/dev/pts/9'
action = 'disable'
subject = 'x'
detail = '{}'
detail = 'no JSON'
hash = randomblob(32)
END
  holds 5
}

@test '--verify names the first of the rows that were deleted, in the middle or at the end' {
  five
  master_sql 'DELETE FROM audit WHERE seq = 2'
  broken 2
  rm -rf "$AUTHKEY_DIR"
  "$AK_TOOL" init -q --group "$(id -gn)"
  five
  master_sql 'DELETE FROM audit WHERE seq >= 4'
  broken 4
}

@test '--verify names a row that was put in, in the middle or at the end' {
  five
  local copy="SELECT at, who, tty, action, subject, detail, hash FROM audit WHERE seq = 2"
  master_sql "INSERT INTO audit SELECT 6, * FROM ($copy)"
  broken 6
  master_sql "DELETE FROM audit WHERE seq = 6;
    UPDATE audit SET seq = seq + 10 WHERE seq >= 3;
    UPDATE audit SET seq = seq - 9 WHERE seq > 10;
    INSERT INTO audit SELECT 3, * FROM ($copy)"
  broken 3
}

@test 'a row that is no JSON any more is shown as what it is' {
  make deploy --owner alice
  master_sql "UPDATE audit SET detail = 'x' || char(27) || '[2J'"
  authkey audit --json
  ends 0
  [ "$(jq -c '.[0].detail' <<<"$output")" = '"x\u001b[2J"' ]
  authkey audit
  ends 0
  [[ $output != *$'\e'* ]]
}

@test '--verify stands alone' {
  local words
  while read -ra words; do
    authkey audit --verify "${words[@]}"
    ends 2
  done <<'END'
deploy
--limit 3
--since 1d
--field seq
END
}

@test 'two commands at once: both have their row, and the chain holds (R46)' {
  local i
  for i in {1..12}; do make "k$i" --owner alice; done
  for i in {1..12}; do
    "$AK_TOOL" disable -q "k$i" 3>&- &
  done
  wait
  holds 24
}
