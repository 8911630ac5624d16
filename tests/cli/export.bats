#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# export: all keys and owners in lines of JSON, without a secret.
# shellcheck disable=SC2154
load helper

# lines TYPE: the exported lines of this type, in a list.
of_type() {
  "$AK_TOOL" export | jq -s -c "map(select(.type == \"$1\"))"
}

@test 'export begins with a header, then the owners, then the keys in the order of their ids' {
  make one
  make two
  "$AK_TOOL" owner set -q zoe --email zoe@example.org
  "$AK_TOOL" owner set -q adam --name Adam
  authkey export
  ends 0
  [ "$(jq -r .type <<<"$output" | tr '\n' ' ')" = 'export owner owner key key ' ]
  [ "$(jq -c '[.version, .prefix, .owners, .keys]' <<<"${lines[0]}")" = '[1,"ak",2,2]' ]
  [ "$(jq -rs 'map(select(.type == "owner").owner) | join(" ")' <<<"$output")" = 'adam zoe' ]
  run jq -rs 'map(select(.type == "key").id)[]' <<<"$output"
  [ "$output" = "$(sort <<<"$output")" ]
}

@test 'an empty installation exports its header alone' {
  authkey export
  ends 0
  [ "${#lines[@]}" = 1 ]
  [ "$(jq -c '[.type, .owners, .keys]' <<<"$output")" = '["export",0,0]' ]
}

@test 'export tells everything that a key is, and what is not set is left out' {
  make full --owner alice -d 'all of it' --service nginx,sshd --scope read --tag t \
    --from 192.0.2.0/24 --expires 2999-01-01 --not-before 2998-01-01 --decoy
  run of_type key
  [ "$(jq -c '.[0] | del(.id, .digest, .created_at, .activated_at)' <<<"$output")" = \
    "$(jq -nc --arg by "$(id -un)" '{type:"key", name:"full", owner:"alice", prefix:"ak",
      scheme:1, status:"enabled", description:"all of it", services:["nginx","sshd"],
      scopes:["read"], networks:["192.0.2.0/24"], tags:["t"],
      not_before:"2998-01-01T00:00:00Z", expires_at:"2999-01-01T00:00:00Z",
      created_by:$by, decoy:true}')" ]
  [ "$(jq -r '.[0].digest' <<<"$output")" = "$(printf %s "$token" | b2sum -l 256 | cut -d' ' -f1)" ]
  "$AK_TOOL" disable -q full
  "$AK_TOOL" revoke -q full --reason 'seen in a log'
  [ "$(of_type key | jq -c '.[0] | [.status, .revoke_reason, has("revoked_at")]')" = \
    '["revoked","seen in a log",true]' ]
}

@test 'no token is in an export, and nothing of it is secret (R40)' {
  make deploy
  "$AK_TOOL" export >"$PLACE/export"
  run grep -c "${token:11}" "$PLACE/export"
  [ "$output" = 0 ]
  run jq -rs 'map(keys) | flatten | unique[]' "$PLACE/export"
  [[ $output != *sealed* ]]
}

@test 'what could steer a terminal is spelt out, and reads back as it was (R41)' {
  make deploy -d $'left \u202e right'
  authkey export
  [[ $output == *'\u202e'* ]]
  [[ $output != *$'\u202e'* ]]
  [ "$(of_type key | jq -r '.[0].description')" = $'left \u202e right' ]
}

@test 'two exports of the same installation are the same but for their time' {
  make one
  make two
  run diff <("$AK_TOOL" export | tail -n +2) <("$AK_TOOL" export | tail -n +2)
  ends 0
}

@test 'export refuses arguments, csv and fields' {
  authkey export something
  ends 2
  authkey --format csv export
  ends 2
  silent
  authkey export --field id
  ends 2
  silent
}

@test 'an export that stdout does not take is exit 5 (R43)' {
  make deploy
  run --separate-stderr bash -c '"$AK_TOOL" export >/dev/full'
  ends 5
}

@test 'export needs the installation, and the right to read it' {
  AUTHKEY_DIR=$PLACE/nowhere authkey export
  ends 3
  silent
  root_only
  chmod 755 "$PLACE"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$AK_TOOL" export
  ends 4
  silent
}
