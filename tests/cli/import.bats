#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# import: all lines of an export or none, and what is off is named.
# shellcheck disable=SC2154,SC2317
load helper
load kill_helper

# A file of one key that was never made here; each test changes it.
KEY='{"type":"key","id":"7QxR2mNd","name":"deploy","owner":"alice","prefix":"ak","scheme":1,"digest":"84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0","status":"enabled","created_at":"2026-01-31T12:00:00Z","created_by":"root"}'
TOKEN_OF_KEY=ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX

# given LINE...: a file with a header and these lines.
given() {
  { echo '{"type":"export","version":1}'; printf '%s\n' "$@"; } >"$PLACE/file"
}

# changed FILTER: the key, changed by jq.
changed() {
  jq -c "$1" <<<"$KEY"
}

# Another installation.
elsewhere() {
  export AUTHKEY_DIR=$PLACE/elsewhere
  "$AK_TOOL" init -q --group "$(id -gn)"
}

@test 'what was exported is the same after an import elsewhere, and its tokens work there' {
  make one --service nginx --from 192.0.2.0/24,2001:db8::/32 -d $'\u00e9t\u00e9 "x" \\'
  make old --expires 2999-01-01 --not-before 2998-01-01
  make ended
  "$AK_TOOL" revoke -q ended --reason lost
  make bait --decoy
  make off --disabled --owner bob
  "$AK_TOOL" owner set -q alice --name 'Alice Archer' --email a@example.org
  "$AK_TOOL" owner suspend -q bob --reason late
  "$AK_TOOL" owner verify -q alice
  make deploy
  "$AK_TOOL" export >"$PLACE/file"
  elsewhere
  authkey import "$PLACE/file"
  ends 0
  says 'Added keys: 6, owners: 2;'
  run diff <(state) <(tail -n +2 "$PLACE/file")
  ends 0
  [ "$(verdict)" = VALID ]
}

@test 'the same again changes nothing and publishes nothing' {
  given "$KEY"
  "$AK_TOOL" import -q "$PLACE/file"
  local generation
  generation=$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT generation FROM installation')
  authkey import --json "$PLACE/file"
  ends 0
  [ "$(jq -c '[.keys_added, .keys_same]' <<<"$output")" = '[0,1]' ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT generation FROM installation')" = "$generation" ]
}

@test 'import reads stdin, a pipe and -' {
  given "$KEY"
  run --separate-stderr bash -c '"$AK_TOOL" import <"$1"' - "$PLACE/file"
  ends 0
  run --separate-stderr bash -c '"$AK_TOOL" import - <"$1"' - "$PLACE/file"
  ends 0
  run --separate-stderr bash -c 'cat "$1" | "$AK_TOOL" import' - "$PLACE/file"
  ends 0
  says 'here already: 1, 0.'
  [ "$(token=$TOKEN_OF_KEY verdict)" = VALID ]
  [ -z "$(find "$AUTHKEY_DIR/master" -name 'lines.*')" ]
}

@test 'the audit has a row for an import, with counts and the hash of the file' {
  given "$KEY"
  "$AK_TOOL" import -q "$PLACE/file"
  run jq -c '.[-1] | [.action, .subject, .detail.keys_added[1], .detail.blake2b[1]]' \
    <("$AK_TOOL" --json audit)
  [ "$output" = "[\"import\",\"import\",1,\"$(b2sum -l 256 <"$PLACE/file" | cut -d' ' -f1)\"]" ]
}

@test 'every mistake in a field is named with its line, and nothing is imported' {
  make other
  local before filter field
  before=$(state)
  while IFS='|' read -r field filter; do
    given "$(changed '.id = "22222222" | .name = "fine"')" "$(changed "$filter")"
    authkey import "$PLACE/file"
    [ "$status" = 2 ] || { echo "$filter: exit $status: $stderr"; return 1; }
    says "line 3: field $field: "
    [ "$(state)" = "$before" ]
  done <<'END'
id|.id = "short"
id|.id = "0QxR2mNd"
id|.id = 12345678
id|.id = null
id|del(.id)
name|.name = "-x"
name|.name = " "
name|.name = ""
name|del(.name)
name|.name = "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"
owner|.owner = "a b"
owner|.owner = "__token__"
prefix|.prefix = "TOOLONG"
scheme|.scheme = 2
scheme|.scheme = "1"
scheme|.scheme = 1.5
digest|.digest = .digest[1:]
digest|.digest += "0"
digest|.digest = (.digest | ascii_upcase)
digest|.digest = "z" + .digest[1:]
digest|.digest = null
digest|del(.digest)
status|.status = "expired"
status|.status = true
status|del(.status)
description|.description = "a\nb"
description|.description = ["x"]
description|.description = "x" * 1025
description|.description = "see ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"
services|.services = "nginx"
services|.services = ["a b"]
services|.services = ["a,b"]
services|.services = [""]
services|.services = [7]
services|.services = ["../x"]
scopes|.scopes = ["UPPER"]
scopes|.scopes = [range(100) | "scope-that-is-rather-long-" + tostring]
networks|.networks = ["192.0.2.1/24"]
networks|.networks = ["example.org"]
tags|.tags = {"a": 1}
not_before|.not_before = "90d"
expires_at|.expires_at = 1767225600
expires_at|.expires_at = "2026-13-01"
expires_at|.expires_at = "2026-01-01T00:00:00"
not_before|.not_before = "2027-01-01" | .expires_at = "2027-01-01"
created_at|del(.created_at)
created_by|.created_by = "x" * 129
created_by|.created_by = ""
revoked_at|.revoked_at = "2026-02-01"
revoked_at|.status = "revoked"
replaced_by|.replaced_by = "nobody"
replaced_by|.replaced_by = .id
decoy|.decoy = 1
sealed|.sealed = "AAAA"
uses|.uses = 5
Name|.Name = "x"
type|.type = "token"
type|del(.type)
END
}

@test 'a token in a field name, a path or a mistake is not repeated, and not kept by the audit (R40)' {
  make one
  printf '{"some-field-that-goes-before-it %s":1}\n' "$token" >"$PLACE/file"
  local command
  for command in import 'apply -y'; do
    # shellcheck disable=SC2086 # words
    authkey $command "$PLACE/file"
    ends 2
    [[ $output$stderr != *"${token:11:20}"* ]]
  done
  printf '{"type":"export","version":1}\n{"type":"owner","owner":"bob"}\n' >"$PLACE/$token"
  authkey import "$PLACE/$token"
  ends 0
  "$AK_TOOL" backup -q "$PLACE/$token.db"
  [[ $("$AK_TOOL" audit --json | jq -r '.[-2:][].detail.file[1]') == *"${token:0:11}..."*"${token:0:11}..."* ]]
  run ! grep -aq "${token:11:20}" "$AUTHKEY_DIR"/master/master.db*
}

@test 'mistakes in owners are named, too' {
  local filter field
  while IFS='|' read -r field filter; do
    given "$(jq -nc "{type:\"owner\", owner:\"alice\"} | $filter")"
    authkey import "$PLACE/file"
    [ "$status" = 2 ] || { echo "$filter: exit $status: $stderr"; return 1; }
    says "line 2: field $field: "
  done <<'END'
owner|del(.owner)
owner|.owner = "a b"
name|.name = "x" * 257
email|.email = "a\u0007"
verified_at|.verified_at = true
verified|.verified = true
END
}

@test 'what is no line of an export is refused' {
  local line
  while IFS= read -r line; do
    given "$line"
    authkey import "$PLACE/file"
    [ "$status" = 2 ] || { echo "$line: exit $status: $stderr"; return 1; }
    says 'line 2: '
    [ -z "$(state)" ]
  done <<'END'
{
[]
null
"x"
{"type":"key","type":"key"}
{"type":"key"} x
{"type":"export","version":1}
{"type":"key","id":"7QxR2mNd
END
  given "$(printf '{"type":"owner","owner":"alice","email":"%070000d"}' 0)"
  authkey import "$PLACE/file"
  ends 2
  says 'line 2: is longer than'
}

@test 'a file without its header, or of another version, is refused' {
  echo "$KEY" >"$PLACE/file"
  authkey import "$PLACE/file"
  ends 2
  says 'line 1: field type'
  printf '%s\n' '{"type":"export","version":2}' "$KEY" >"$PLACE/file"
  authkey import "$PLACE/file"
  ends 2
  says 'line 1: field version'
  : >"$PLACE/file"
  authkey import "$PLACE/file"
  ends 2
  says 'empty'
}

@test 'a file that was cut at the end of a line is refused' {
  make one
  make two
  "$AK_TOOL" export | head -n -1 >"$PLACE/file"
  elsewhere
  authkey import "$PLACE/file"
  ends 2
  says 'line 1: field keys: says 2, and there are 1'
  [ -z "$(state)" ]
}

@test 'up to twenty mistakes are named' {
  local bad=() i
  for i in {1..30}; do bad+=('{"type":"key","id":7}'); done
  given "${bad[@]}"
  authkey import "$PLACE/file"
  ends 2
  [ "$(grep -c 'line .*field id' <<<"$stderr")" = 20 ]
  says 'line 21: '
  says 'mistakes in the file: 20, and maybe more'
}

@test 'a key that is otherwise here is a conflict, until --replace' {
  given "$KEY"
  "$AK_TOOL" import -q "$PLACE/file"
  given "$(changed '.services = ["nginx"]')" "$(changed '.id = "22222222" | .name = "new"')"
  local before
  before=$(state)
  authkey import "$PLACE/file"
  ends 6
  says 'line 2: alice/deploy (7QxR2mNd) is here, and not the same'
  [ "$(state)" = "$before" ]
  authkey import --replace "$PLACE/file"
  ends 0
  [ "$(field 7QxR2mNd services)" = nginx ]
  [ "$(field new id)" = 22222222 ]
  run jq -c '.[-1].detail' <("$AK_TOOL" --json audit 7QxR2mNd)
  [ "$output" = '{"services":[[],["nginx"]]}' ]
}

@test 'another key of the same owner and name is a conflict; --replace revokes it' {
  make deploy --owner alice
  given "$KEY"
  authkey import "$PLACE/file"
  ends 6
  says "line 2: alice/deploy ($id) has this name"
  [ "$(verdict)" = VALID ]
  authkey import --replace "$PLACE/file"
  ends 0
  [ "$(verdict)" = REVOKED ]
  [ "$(field "$id" replaced_by)" = 7QxR2mNd ]
  [ "$(token=$TOKEN_OF_KEY verdict)" = VALID ]
}

@test 'two keys that have swapped their names are both replaced' {
  given "$KEY" "$(changed '.id = "22222222" | .name = "other"')"
  "$AK_TOOL" import -q "$PLACE/file"
  given "$(changed '.name = "other"')" "$(changed '.id = "22222222"')"
  authkey import --replace "$PLACE/file"
  ends 0
  [ "$(field 22222222 name)/$(field 7QxR2mNd name)" = deploy/other ]
  [ "$(field 22222222 status)/$(field 7QxR2mNd status)" = enabled/enabled ]
}

@test 'an import never brings a revoked key or a suspended owner back, --replace neither' {
  given "$KEY" '{"type":"owner","owner":"alice","email":"a@example.org"}'
  "$AK_TOOL" import -q "$PLACE/file"
  "$AK_TOOL" revoke -q 7QxR2mNd
  "$AK_TOOL" owner suspend -q alice
  authkey import "$PLACE/file"
  ends 6
  authkey import --replace "$PLACE/file"
  ends 0
  says 'are revoked here, and stay so'
  [ "$(field 7QxR2mNd status)" = revoked ]
  [ "$("$AK_TOOL" owner show alice --field suspended)" = yes ]
}

@test 'a key that lost its name to an import is not brought back by the next, in the same second neither' {
  make one --owner alice
  local first=$id
  "$AK_TOOL" export >"$PLACE/first"
  elsewhere
  make one --owner alice
  "$AK_TOOL" export >"$PLACE/second"
  local i
  for i in {1..5}; do # one of them within a second
    "$AK_TOOL" import -q --replace "$PLACE/first" || return 1
    "$AK_TOOL" import -q --replace "$PLACE/second" 2>"$PLACE/ignored" || return 1
    [ "$(field "$id" status)/$(field "$first" status)" = revoked/enabled ]
  done
}

@test 'the audit says how an owner was changed by an import' {
  "$AK_TOOL" owner set -q alice --email a@example.org
  "$AK_TOOL" owner verify -q alice
  "$AK_TOOL" export >"$PLACE/file"
  "$AK_TOOL" owner verify -q --undo alice
  authkey import --replace "$PLACE/file"
  ends 0
  [ "$("$AK_TOOL" audit --json | jq -c '.[-2:] | map([.action, .subject, .detail.verified])')" = \
    '[["import","alice",[false,true]],["import","import",null]]' ]
}

@test 'the same id twice in a file is a conflict unless both are the same' {
  given "$KEY" "$KEY"
  authkey import --dry-run "$PLACE/file"
  ends 0
  given "$KEY" "$(changed '.name = "other"')"
  authkey import "$PLACE/file"
  ends 6
  says 'line 3: '
  [ -z "$(state)" ]
}

@test '--dry-run checks everything and changes nothing' {
  given "$KEY"
  authkey import --dry-run --json "$PLACE/file"
  ends 0
  says 'Would add keys: 1,'
  [ "$(jq .keys_added <<<"$output")" = 1 ]
  [ -z "$(state)" ]
  given "$(changed '.id = 7')"
  authkey import --dry-run "$PLACE/file"
  ends 2
}

@test 'import says of its file what is wrong: missing, a folder, not to be read' {
  authkey import "$PLACE/nothing"
  ends 3
  authkey import "$PLACE"
  ends 2
  says 'is a folder'
  authkey import a b
  ends 2
  root_only
  given "$KEY"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$AK_TOOL" import "$PLACE/file"
  ends 4
}

@test 'kill -9 at any change of an import: all or nothing, and the next command works (R43)' {
  needs_strace
  make here
  given "$KEY" "$(changed '.id = "22222222" | .name = "other"')"
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    case $("$AK_TOOL" list --owner alice --field id | sort | tr '\n' ' ') in
      '') ;;
      '22222222 7QxR2mNd ')
        took=$((took + 1))
        [ "$(token=$TOKEN_OF_KEY verdict)" = VALID ]
        ;;
      *) return 1 ;;
    esac
  }
  again() {
    "$AK_TOOL" revoke -q 7QxR2mNd 22222222 2>/dev/null || true
    "$AK_TOOL" purge -q 7QxR2mNd 22222222 2>/dev/null || true
  }
  interrupt signal=KILL again import "$PLACE/file"
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}

# many COUNT: lines of as many keys, in no order but that of their ids.
many() {
  awk -v count="$1" 'BEGIN {
    print "{\"type\":\"export\",\"version\":1}"
    for (i = 0; i < count; i++) {
      id = sprintf("m%07d", i)
      gsub("0", "A", id)
      printf "{\"type\":\"key\",\"id\":\"%s\",\"name\":\"key %d\",\"owner\":\"u%d\",\"prefix\":\"ak\",\"scheme\":1,\"digest\":\"%064d\",\"status\":\"enabled\",\"tags\":[\"t%d\"],\"description\":\"%060d\",\"created_at\":\"2026-01-%02dT12:00:00Z\",\"created_by\":\"root\"}\n",
        id, i * 7919 % count, i % 50, i, i % 9, i, 1 + i % 28
    }
  }'
}

schema() {
  sql "$AUTHKEY_DIR/master/master.db" 'SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2'
}

@test 'an import of many keys leaves every index whole, and one that fails leaves all as it was' {
  make here --owner alice
  local before
  before=$(schema)
  many 20000 >"$PLACE/file"
  { cat "$PLACE/file"; echo '{"type":"key"}'; } >"$PLACE/spoilt"
  authkey import "$PLACE/spoilt"
  ends 2
  [ "$("$AK_TOOL" list --field name)" = here ]
  [ "$(schema)" = "$before" ]
  authkey import "$PLACE/file"
  ends 0
  [ "$(schema)" = "$before" ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check')" = ok ]
  [ "$("$AK_TOOL" list --sort name --field name --limit 2 | paste -sd' ')" = 'here key 0' ]
  [ "$("$AK_TOOL" list --owner u7 --tag t4 --field id | wc -l)" = \
    "$(grep -c '"u7".*"t4"' "$PLACE/file")" ]
  [ "$("$AK_TOOL" audit --verify -q; echo $?)" = 0 ]
  "$AK_TOOL" list >"$PLACE/table" # in parts, under one heading
  [ "$(wc -l <"$PLACE/table")" = 20002 ]
  [ "$(grep -c '^NAME' "$PLACE/table")" = 1 ]
  [ "$(ls "$AUTHKEY_DIR/master")" = lock$'\n'master.db$'\n'usage.db ]
  authkey import "$PLACE/file" --json
  [ "$(jq -c '[.keys_added, .keys_same]' <<<"$output")" = '[0,20000]' ]
}

@test 'an import of many keys with a name that is taken names the line' {
  make 'key 7' --owner u0
  many 20000 | sed 's/"owner":"u[0-9]*"/"owner":"u0"/' >"$PLACE/file"
  authkey import "$PLACE/file"
  ends 6
  says 'has this name of this owner here'
}
