#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# apply: keys and owners become what a file says, and are that already the second time.
# shellcheck disable=SC2154,SC2317
load helper
load kill_helper

# file JSON: what the file says.
file() {
  printf '%s\n' "$@" >"$PLACE/file"
}

# changes: ACTION OWNER/NAME FIELD... of the answer in $output, a line each.
changes() {
  jq -r '.[] | [.action, .owner + (if .name then "/" + .name else "" end)] + (.changes | keys)
    | join(" ")' <<<"$output"
}

@test 'keys that are missing are made; each token is shown once, and works' {
  file '[{"owner":"alice","name":"deploy","services":["nginx"],"tags":["prod"]},
    {"owner":"bob","name":"laptop","description":"his","expires_at":"2099-01-01","status":"disabled"}]'
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(jq -r 'map(.action) | join(" ")' <<<"$output")" = 'create create' ]
  token=$(jq -r '.[0].key' <<<"$output")
  [ "$(verdict --service nginx)" = VALID ]
  token=$(jq -r '.[1].key' <<<"$output")
  [ "$(verdict)" = DISABLED ]
  [ "$(field laptop expires_at)/$(field deploy tags)" = 2099-01-01T00:00:00Z/prod ]
  [ "$(jq -r '.[0].id' <<<"$output")" = "$(field deploy id)" ]
}

@test 'the same file again changes nothing, publishes nothing and shows no token' {
  file '{"owners":[{"owner":"alice","email":"a@example.org"}],"keys":[{"owner":"alice","name":"deploy"}]}'
  "$AK_TOOL" apply -q -y "$PLACE/file"
  local before
  before=$(state; stat -c %y "$AUTHKEY_DIR/keys.db")
  authkey apply "$PLACE/file"
  ends 0
  says 'nothing to do'
  silent
  [ "$(state; stat -c %y "$AUTHKEY_DIR/keys.db")" = "$before" ]
  authkey apply --json --dry-run "$PLACE/file"
  ends 0
  [ "$output" = '[]' ]
}

@test 'what the file says is changed, and what it does not say stays' {
  make deploy --owner alice --service nginx --tag prod -d 'old' --expires 2099-01-01
  file '[{"owner":"alice","name":"deploy","services":["nginx","sshd"],"expires_at":null,"status":"disabled"}]'
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(changes)" = 'change alice/deploy expires_at services status' ]
  [ "$(field deploy services)/$(field deploy tags)/$(field deploy description)" = 'nginx sshd/prod/old' ]
  [ -z "$(field deploy expires_at)" ]
  [ "$(verdict --service sshd)" = DISABLED ]
  file '[{"owner":"alice","name":"deploy","services":[],"status":"enabled"}]'
  authkey apply -y "$PLACE/file"
  ends 0
  [ "$(verdict --service cups)" = VALID ]
}

@test 'keys the file does not name stay, and with --prune they are revoked' {
  make keep --owner alice
  local keep=$token
  make drop --owner bob
  file '[{"owner":"alice","name":"keep"}]'
  authkey apply "$PLACE/file"
  ends 0
  [ "$(verdict)" = VALID ]
  authkey apply --prune "$PLACE/file"
  ends 2
  says 'revoke bob/drop'
  says 'say yes with -y'
  [ "$(verdict)" = VALID ]
  authkey apply --prune -y --json "$PLACE/file"
  ends 0
  [ "$(changes | cut -d' ' -f1,2)" = 'revoke bob/drop' ]
  [ "$(verdict)/$(token=$keep verdict)" = REVOKED/VALID ]
  authkey apply --prune "$PLACE/file"
  ends 0
  says 'nothing to do'
}

@test '--dry-run shows the difference, exits 1 and changes nothing' {
  make deploy --owner alice
  file '[{"owner":"alice","name":"deploy","tags":["x"]},{"owner":"alice","name":"new"}]'
  local before
  before=$(state)
  authkey apply --dry-run --json "$PLACE/file"
  ends 1
  [ "$(jq -c '[.[0].changes.tags, .[1].id, .[1].key]' <<<"$output")" = '[[[],["x"]],null,null]' ]
  authkey apply --dry-run "$PLACE/file"
  ends 1
  prints 'tags: x'
  [ "$(state)" = "$before" ]
}

@test 'at a terminal it says what changes and asks' {
  make deploy --owner alice
  file '[{"owner":"alice","name":"deploy","tags":["x"]},{"owner":"alice","name":"new"}]'
  dialog 100 '[y/N]' 'n\r' -- "$AK_TOOL" apply "$PLACE/file"
  ends 1
  prints 'change alice/deploy: tags: x'
  prints 'create alice/new'
  [ -z "$(field deploy tags)" ]
  dialog 100 '[y/N]' 'y\r' -- "$AK_TOOL" apply "$PLACE/file"
  ends 0
  [ "$(field deploy tags)/$(field new owner)" = x/alice ]
}

@test 'when it would change other keys by the time of the answer, nothing is changed' {
  make asked
  local asked=$id
  file '{"keys":[]}'
  dialog 100 'Apply' "!$AK_TOOL -q revoke -y asked && $AK_TOOL -q create later" '[y/N]' 'y\r' \
    -- "$AK_TOOL" apply --prune "$PLACE/file"
  ends 6
  prints 'keys were changed in the meantime, and nothing is done'
  [ "$(field "$asked" status)/$(field later status)" = revoked/enabled ]
}

@test 'an export is applied as it is: nothing here, everything elsewhere' {
  make one --service nginx
  make two --decoy
  make ended
  "$AK_TOOL" revoke -q ended
  "$AK_TOOL" owner set -q alice --email a@example.org
  "$AK_TOOL" export >"$PLACE/file"
  authkey apply "$PLACE/file"
  ends 0
  says 'nothing to do'
  make three
  "$AK_TOOL" export >"$PLACE/file"
  export AUTHKEY_DIR=$PLACE/elsewhere
  "$AK_TOOL" init -q --group "$(id -gn)"
  authkey apply -y "$PLACE/file"
  ends 0
  [[ $output != *"${token:11}"* ]]
  run diff <(state) <(tail -n +2 "$PLACE/file")
  ends 0
  [ "$(verdict)" = VALID ]
}

@test 'with its id a key can be renamed' {
  make old --owner alice
  file "[{\"id\":\"$id\",\"name\":\"new\"}]"
  authkey apply -y "$PLACE/file"
  ends 0
  [ "$(field "$id" name)" = new ]
}

# twins: the installation, and one elsewhere with the same keys.
twins() {
  "$AK_TOOL" export >"$PLACE/file"
  export FIRST=$AUTHKEY_DIR SECOND=$PLACE/elsewhere
  "$AK_TOOL" --dir "$SECOND" init -q --group "$(id -gn)"
  "$AK_TOOL" --dir "$SECOND" import -q "$PLACE/file"
}

# second [OPTION]...: make it what the first is; the same file again changes nothing.
second() {
  AUTHKEY_DIR=$FIRST "$AK_TOOL" export >"$PLACE/file"
  AUTHKEY_DIR=$SECOND authkey apply -y --json "$@" "$PLACE/file"
  ends 0
  local first=$output
  AUTHKEY_DIR=$SECOND authkey apply "$@" "$PLACE/file"
  ends 0
  says 'nothing to do'
  output=$first
}

@test 'an export is applied where the key has not been rotated yet, with and without an overlap' {
  make k1 --owner bo
  make k2 --owner bo
  local old=$id
  twins
  "$AK_TOOL" rotate -q bo/k1 >/dev/null
  local new
  new=$("$AK_TOOL" rotate -q bo/k2 --overlap 7d)
  second --prune
  [ "$(changes | grep -v ^add | sort)" = 'change bo/k2 expires_at replaced_by
revoke bo/k1 replaced_by revoke_reason revoked_at revoked_by status' ]
  [ "$(changes | cut -d' ' -f1,2 | grep ^add | sort | paste -sd,)" = 'add bo/k1,add bo/k2' ]
  AUTHKEY_DIR=$SECOND
  [ "$(field "$old" replaced_by)" = "${new:3:8}" ]
  [ "$(field bo/k2 id)" = "${new:3:8}" ]
  [ "$(verdict)/$(token=$new verdict)" = VALID/VALID ]
  "$AK_TOOL" --dir "$FIRST" revoke -q "$old"
  second --prune
  [ "$(verdict)/$(token=$new verdict)" = REVOKED/VALID ]
}

@test 'a name goes to the key that the file gives it, whoever gives it up, in any order' {
  make a --owner bo
  local a=$id b c
  make b --owner bo
  b=$id
  make c --owner bo
  c=$id
  file "[{\"id\":\"$a\",\"name\":\"b\"},{\"id\":\"$b\",\"name\":\"a\"}]"
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(changes)" = $'change bo/b name\nchange bo/a name' ]
  [ "$(jq -c '.[0].changes' <<<"$output")" = '{"name":["a","b"]}' ]
  [ "$(field "$a" name)$(field "$b" name)" = ba ]
  authkey apply "$PLACE/file"
  ends 0
  says 'nothing to do'
  # A ring of three, one of which ends; a new one is made under the name that is left.
  file "[{\"owner\":\"bo\",\"name\":\"a\",\"tags\":[\"new\"]},
    {\"id\":\"$a\",\"name\":\"c\"},{\"id\":\"$b\",\"name\":\"b\"},
    {\"id\":\"$c\",\"status\":\"revoked\"}]"
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(field "$a" name)$(field "$b" name)$(field "$c" status)" = cbrevoked ]
  [ "$(field bo/a tags)/$(field "$b" replaced_by)" = new/ ]
  [ "$("$AK_TOOL" list --owner bo --field replaced_by | tr -d '\n')" = '' ]
  # What stays as it was gives nothing up.
  file "[{\"id\":\"$a\",\"name\":\"b\"}]"
  authkey apply -y "$PLACE/file"
  ends 6
  says "bo/c ($a) cannot have a name that another key has"
  [ "$(field "$a" name)/$(field "$a" replaced_by)" = c/ ]
}

@test 'a new key has the name of one that --prune revokes' {
  make deploy --owner bo
  twins
  "$AK_TOOL" revoke -q deploy
  "$AK_TOOL" purge -q deploy
  local old=$token
  make deploy --owner bo
  "$AK_TOOL" export >"$PLACE/file"
  AUTHKEY_DIR=$SECOND authkey apply -y "$PLACE/file"
  ends 6
  second --prune
  [ "$(jq -r 'map(.action) | join(" ")' <<<"$output")" = 'revoke add' ]
  AUTHKEY_DIR=$SECOND
  [ "$(verdict)/$(token=$old verdict)" = VALID/REVOKED ]
}

@test 'a status of revoked ends a key, and does nothing to one that is not there' {
  make deploy --owner alice
  file '[{"owner":"alice","name":"deploy","status":"revoked","revoke_reason":"left"},{"owner":"eve","name":"x","status":"revoked"}]'
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(jq -r '.[].action' <<<"$output")" = revoke ]
  [ "$(verdict)" = REVOKED ]
  [ "$(field "$id" revoke_reason)" = left ]
  authkey apply "$PLACE/file"
  says 'nothing to do'
}

@test 'owners are described, suspended and resumed' {
  make deploy --owner alice
  file '{"owners":[{"owner":"alice","name":"Alice Archer","suspended_at":"2026-01-01"}]}'
  authkey apply -y --json "$PLACE/file"
  ends 0
  [ "$(verdict)" = OWNER_SUSPENDED ]
  file '{"type":"owner","owner":"alice","suspended_at":null}'
  authkey apply -y "$PLACE/file"
  ends 0
  [ "$(verdict)" = VALID ]
  [ "$("$AK_TOOL" owner show alice --field name)" = 'Alice Archer' ]
}

@test 'what cannot be is a conflict: another digest, owner or prefix, a decoy, a revoked key' {
  make deploy --owner alice
  local filter before
  before=$(state)
  while IFS= read -r filter; do
    file "$(jq -c "select(.type == \"key\") | $filter" <("$AK_TOOL" export))"
    authkey apply -y "$PLACE/file"
    [ "$status" = 6 ] || { echo "$filter: exit $status: $stderr"; return 1; }
    says "line 1: alice/deploy ($id) "
    [ "$(state)" = "$before" ]
  done <<'END'
.digest = "84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0"
.owner = "bob"
.prefix = "kalp"
.decoy = true
END
  "$AK_TOOL" export >"$PLACE/file"
  "$AK_TOOL" revoke -q deploy
  authkey apply -y "$PLACE/file"
  ends 6
  says 'is revoked, and that is for good'
}

@test 'mistakes are named with line, number and field; nothing is changed' {
  local line want
  while IFS='|' read -r want line; do
    file "$line"
    authkey apply -y "$PLACE/file"
    [ "$status" = 2 ] || { echo "$line: exit $status: $stderr"; return 1; }
    says "$want"
    silent
    [ -z "$(state)" ]
  done <<'END'
line 1, key 2: field owner|[{"owner":"a","name":"b"},{"name":"x"}]
line 1, key 1: field name|[{"owner":"alice"}]
line 1, key 1: field expires_at|[{"owner":"alice","name":"x","expires_at":"90d"}]
line 1, key 1: field colour|[{"owner":"alice","name":"x","colour":"red"}]
line 1, key 1: field name|[{"owner":"alice","name":"ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"}]
line 1, key 1: field not_before|[{"owner":"alice","name":"x","not_before":"2099-01-01","expires_at":"2098-01-01"}]
line 1, key 2: names a key|[{"owner":"alice","name":"x"},{"owner":"alice","name":"x"}]
line 1, key 1: field replaced_by|[{"owner":"alice","name":"x","replaced_by":"22222222"}]
line 1, key 1: field id|[{"id":"22222222","owner":"alice","name":"x"}]
line 1, key 1: field id|[{"owner":"alice","name":"x","scheme":1,"digest":"84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0"}]
line 1, owner 1: field owner|{"owners":[{"name":"x"}]}
line 1, owner 2: field owner: was named|{"owners":[{"owner":"x"},{"owner":"x"}]}
line 1: beside owners and keys|{"keys":[],"more":1}
line 1: owners and keys must be lists|{"keys":{}}
line 1, key 1: must be a JSON object|["x"]
line 1: is no JSON|7
line 2: is no JSON|{"owner":"alice",
line 1: field version|{"type":"export","version":7}
END
}

@test 'tokens that stdout does not take are named with their keys, which are there (R43)' {
  file '[{"owner":"alice","name":"one"},{"owner":"alice","name":"two"}]'
  run --separate-stderr bash -c '"$AK_TOOL" apply -y "$1" >/dev/full' - "$PLACE/file"
  ends 5
  says "authkey revoke $(field one id)"
  says "authkey revoke $(field two id)"
}

@test '-q prints the tokens alone, and a field that hides them is refused' {
  file '[{"owner":"alice","name":"one"}]'
  authkey apply -y --field owner "$PLACE/file"
  ends 2
  [ -z "$(state)" ]
  authkey apply -y -q "$PLACE/file"
  ends 0
  [[ $output =~ $TOKEN ]]
}

@test 'apply says of its file what is wrong, and reads stdin' {
  authkey apply
  ends 2
  authkey apply "$PLACE/nothing"
  ends 3
  authkey apply "$PLACE"
  ends 2
  authkey apply /proc/self/status # nobody knows how long it is
  ends 6
  says 'became longer while it was read'
  file '[{"owner":"alice","name":"one"}]'
  run --separate-stderr bash -c '"$AK_TOOL" apply -y - <"$1"' - "$PLACE/file"
  ends 0
  [ "$(field one owner)" = alice ]
  root_only
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$AK_TOOL" apply -y "$PLACE/file"
  ends 4
}

@test 'with --prune a replaced key ends, or stays, with the one in its place' {
  make keep --owner alice
  local keep=$token drop new
  new=$("$AK_TOOL" rotate -q keep --drain)
  make drop --owner alice
  drop=$token
  "$AK_TOOL" rotate -q drop --overlap 7d
  "$AK_TOOL" rotate -q drop --overlap 7d
  file '[{"owner":"alice","name":"keep"}]'
  authkey apply --prune -y "$PLACE/file"
  ends 0
  [ "$(token=$drop verdict)" = REVOKED ]
  [ "$("$AK_TOOL" list --json | jq -c '[.[] | select(.status != "revoked") | .name]')" = \
    '["keep","keep"]' ]
  [ "$(token=$keep verdict)/$(token=$new verdict)" = VALID/VALID ]
}

@test 'a file that is empty, full of NULs or cut revokes nothing with --prune' {
  make one
  make two
  "$AK_TOOL" export >"$PLACE/whole"
  local before
  before=$(state)
  : >"$PLACE/file"
  authkey apply -y --prune "$PLACE/file"
  ends 2
  says "$PLACE/file: the file is empty"
  head -c 4096 /dev/zero >"$PLACE/file"
  authkey apply -y --prune "$PLACE/file"
  ends 2
  says 'line 1: is no JSON'
  head -n -1 "$PLACE/whole" >"$PLACE/file"
  authkey apply -y --prune "$PLACE/file"
  ends 2
  says 'line 1: field keys: says 2, and there are 1'
  cat "$PLACE/whole" "$PLACE/whole" >"$PLACE/file"
  authkey apply -y --prune "$PLACE/file"
  ends 2
  says 'there is one header'
  [ "$(state)" = "$before" ]
  file '{"keys":[]}'
  authkey apply -y --prune "$PLACE/file"
  ends 0
  [ "$("$AK_TOOL" list --field status | sort -u)" = revoked ]
}

@test 'a key is not replaced by itself, and one that nothing replaces any more drains no longer' {
  make deploy
  file "{\"id\":\"$id\",\"replaced_by\":\"$id\"}"
  authkey apply -y "$PLACE/file"
  ends 2
  says 'field replaced_by: must be another key'
  authkey rotate --drain deploy
  ends 0
  [ -n "$(field "$id" draining_since)" ]
  "$AK_TOOL" revoke -q deploy
  file "{\"id\":\"$id\",\"replaced_by\":null}"
  authkey apply -y "$PLACE/file"
  ends 0
  [ -z "$(field "$id" draining_since)" ]
  [ "$(field "$id" status)" = enabled ]
}

@test 'the audit has a row for each key and owner that apply changed' {
  file '{"owners":[{"owner":"alice","email":"a@example.org"}],"keys":[{"owner":"alice","name":"one"},{"owner":"alice","name":"two"}]}'
  "$AK_TOOL" apply -q -y "$PLACE/file"
  [ "$("$AK_TOOL" audit --json | jq -r 'map(.action) | join(" ")')" = 'apply apply apply' ]
  run "$AK_TOOL" audit --verify
  ends 0
}

@test 'kill -9 at any change of apply: all or nothing, and no token that is not stored (R43)' {
  needs_strace
  make deploy --owner alice
  file '[{"owner":"alice","name":"deploy","status":"disabled"},{"owner":"alice","name":"new"}]'
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    local names printed
    names=$("$AK_TOOL" list --owner alice --field name | sort | tr '\n' ' ')
    case $(field "$id" status)/$names in
      'enabled/deploy ') ;;
      'disabled/deploy new ') took=$((took + 1)) ;;
      *) return 1 ;;
    esac
    printed=$(grep -oE 'ak_[1-9A-HJ-NP-Za-km-z]{41}' "$PLACE/out") || return 0
    [ "$(token=$printed verdict)" = VALID ]
  }
  again() {
    "$AK_TOOL" enable -q "$id"
    "$AK_TOOL" revoke -q new 2>/dev/null || true
    "$AK_TOOL" purge -q new 2>/dev/null || true
  }
  AT_MOST=12
  interrupt signal=KILL again apply -q -y "$PLACE/file"
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}
