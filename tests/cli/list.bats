#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

@test 'an empty list says so on stderr and names the command for the first key' {
  authkey list
  ends 0
  silent
  says 'There are no keys yet. The first one: authkey create NAME'
  authkey list --json
  ends 0
  [ "$(jq -c . <<<"$output")" = '[]' ]
  authkey list -q
  ends 0
  silent
  [ -z "$stderr" ]
}

@test 'the table has the columns of the contract' {
  make 'Swaggy M.' --owner alice
  authkey list
  ends 0
  [[ ${lines[0]} =~ ^NAME\ +OWNER\ +LAST\ USED\ +API\ AUTH\ KEY\ +CREATED\ +STATUS$ ]]
  [[ ${lines[1]} =~ ^Swaggy\ M\.\ +alice\ +never\ +ak_$id…\ +20[0-9TZ:-]+\ +enabled$ ]]
}

@test 'the JSON of a key has the fields of the contract, in list and in show' {
  make deploy
  local want='["id","name","description","owner","status","key","created_at","activated_at",
    "expires_at","not_before","last_used_at","last_used_from","last_used_service","uses",
    "refusals","services","scopes","networks","tags","revoked_at","revoked_by",
    "revoke_reason","replaced_by","replaces","draining_since","decoy"]'
  authkey list --json
  [ "$(jq -c '.[0] | keys_unsorted' <<<"$output")" = "$(jq -c . <<<"$want")" ]
  local listed
  listed=$(jq -cS '.[0]' <<<"$output")
  authkey show deploy --json
  [ "$(jq -cS 'del(.old_callers)' <<<"$output")" = "$listed" ]
  [ "$(jq -c '[.services, .scopes, .networks, .tags, .old_callers]' <<<"$output")" = '[[],[],[],[],[]]' ]
  [ "$(jq -c '[.description, .expires_at, .last_used_at, .uses, .revoked_by]' \
    <<<"$output")" = '[null,null,null,0,null]' ]
}

@test 'the JSON of many keys is one array' {
  for i in 1 2 3; do make "k$i"; done
  authkey list --json
  [ "$(jq -r 'map(.name) | join(" ")' <<<"$output")" = 'k1 k2 k3' ]
}

@test 'list filters by owner, tag, service, status, end and text' {
  make a1 --owner alice --tag prod --service nginx --expires 10d
  make a2 --owner alice --disabled -d 'Nightly Backup'
  make b1 --owner bob --tag test --service sshd --expires 100d
  make b2 --owner bob --not-before 5d
  "$AK_TOOL" revoke -q b1
  [ "$(names --owner alice)" = 'a1 a2' ]
  [ "$(names --tag prod)" = a1 ]
  [ "$(names --service nginx)" = 'a1 a2 b2' ]
  [ "$(names --status enabled)" = a1 ]
  [ "$(names --status disabled)" = a2 ]
  [ "$(names --status revoked)" = b1 ]
  [ "$(names --status pending)" = b2 ]
  [ "$(names --expires-before 30d)" = a1 ]
  [ "$(names backup)" = a2 ]
  [ "$(names BOB)" = 'b1 b2' ]
  [ "$(names "$id")" = b2 ]
  [ "$(names --owner alice --status disabled)" = a2 ]
}

@test 'what no key fits is an empty answer that says how to see all' {
  make deploy
  authkey list --tag other
  ends 0
  silent
  says 'No key fits. All of them: authkey list'
}

@test 'list sorts, and pages with --limit and --after' {
  make c --owner x --expires 30d
  make a --owner z --expires 20d
  make b --owner y
  [ "$(names --sort name)" = 'a b c' ]
  [ "$(names --sort owner)" = 'c b a' ]
  [ "$(names --sort expires_at)" = 'a c b' ]
  [ "$(names --sort name --limit 2)" = 'a b' ]
  [ "$(names --sort name --limit 2 --after b)" = c ]
  [ "$(names --sort name --after x/c)" = '' ]
}

@test 'the pages of every order are the whole list, each key once' {
  local i sort all page last pages
  for i in {1..7}; do make "k$i" --owner "o$((i % 3))" --expires "$((50 - i % 4))d"; done
  make x --owner o1
  master_sql "UPDATE key SET created_at = 1700000000 + abs(random() % 3)"
  for sort in created_at name owner expires_at last_used; do
    for filter in '' '--owner=o1' '--status=enabled'; do
      all=$("$AK_TOOL" list --sort "$sort" --field id $filter)
      last='' pages=''
      while page=$("$AK_TOOL" list -q --sort "$sort" --field id --limit 2 $filter \
        ${last:+--after "$last"}) && [ -n "$page" ]; do
        pages+=${pages:+$'\n'}$page
        last=${page##*$'\n'}
      done
      [ "$pages" = "$all" ]
    done
  done
}

@test 'a page may follow a key that does not fit the filters' {
  make a --owner alice --expires 10d
  make b --owner bob
  make c --owner alice --expires 30d
  [ "$(names --sort name --owner alice --after b)" = c ]
  [ "$(names --owner alice --after b)" = c ]
  [ "$(names --sort owner --owner bob --after c)" = b ]
  [ "$(names --sort expires_at --after c)" = b ]
}

@test 'filters that nothing can fit are usage errors' {
  while read -r option value; do
    authkey list "$option" "$value"
    ends 2
    silent
    says "$option"
  done <<'END'
--status live
--sort color
--limit 0
--limit -3
--limit 5x
--tag A
--owner a/b
--service a/b
--expires-before someday
END
  authkey list --after nothing
  ends 3
}

@test '--field gives the values alone, one a line' {
  make one -d 'first' --service nginx --service sshd
  make two
  authkey list --field description
  [ "$output" = first ] # and an empty line
  [ "$("$AK_TOOL" list --field description | wc -l)" = 2 ]
  authkey show one --field services
  [ "$output" = 'nginx sshd' ]
}

@test 'CSV has a head, quotes what needs it, and ends lines as RFC 4180 says' {
  make deploy -d 'a, "b"'
  "$AK_TOOL" list --format csv >"$PLACE/csv"
  [ "$(head -n1 "$PLACE/csv" | cut -d, -f1-4)" = id,name,description,owner ]
  grep -qF ',"a, ""b""",' "$PLACE/csv"
  [ "$(grep -c $'\r$' "$PLACE/csv")" = 2 ]
}

@test 'a CSV cell that a spreadsheet would take for a formula is guarded (R41)' {
  local formula number=0
  for formula in '=cmd|x' '+1' '-1' '@SUM(A1)'; do
    make "k$((number++))" -d "$formula"
    "$AK_TOOL" list --format csv >"$PLACE/csv"
    grep -qF ",\"'$formula\"," "$PLACE/csv"
  done
}

@test 'risky characters are spelt out in JSON and tables (R41)' {
  make deploy -d $'a\xe2\x80\xaeb\xc2\xa0\xe2\x81\xa6c'
  authkey show deploy
  prints 'a\u202eb'
  [[ $output != *$'\xe2\x80\xae'* ]]
  "$AK_TOOL" list --json >"$PLACE/json"
  grep -qF 'a\u202eb' "$PLACE/json"
  run grep -q $'\xe2\x80\xae\|\xe2\x81\xa6' "$PLACE/json"
  [ "$status" = 1 ]
  [ "$(jq -r '.[0].description' "$PLACE/json")" = $'a\xe2\x80\xaeb\xc2\xa0\xe2\x81\xa6c' ]
}

# No command takes such a description; who writes it is one who can write into the master.
@test 'controls of eight bits and DEL are spelt out as those of seven are (R41)' {
  make deploy
  master_sql "UPDATE key SET description = 'a' || char(155, 127, 9, 13) || 'b'"
  authkey show deploy
  prints 'a\u009b\x7f\x09\x0db'
  authkey list --json
  prints '"a\u009b\u007f\t\rb"'
  [[ $output != *$'\xc2\x9b'* && $output != *$'\x7f'* ]]
}

@test 'text of other languages stays readable' {
  make deploy -d 'Schlüssel für 東京'
  authkey show deploy
  prints 'Schlüssel für 東京'
  authkey list --json
  prints 'Schlüssel für 東京'
}

@test 'show tells everything about a key' {
  make deploy --owner alice --service nginx --from 192.0.2.0/24
  authkey show alice/deploy
  ends 0
  for line in 'NAME +deploy' 'OWNER +alice' 'STATUS +enabled' 'SERVICES +nginx' \
    'NETWORKS +192.0.2.0/24' 'EXPIRES +never' 'LAST USED +never'; do
    grep -qE "^$line\$" <<<"$output"
  done
}

@test 'KEY is an id, a name or OWNER/NAME; what is none of them is exit 3' {
  make 'Swaggy M.' --owner alice
  [ "$(field "$id" name)" = 'Swaggy M.' ]
  [ "$(field 'Swaggy M.' id)" = "$id" ]
  [ "$(field 'alice/Swaggy M.' id)" = "$id" ]
  for key in nothing 'bob/Swaggy M.' 'alice/x' / '' 'swaggy m.' '%' "' OR 1=1--"; do
    authkey show -- "$key"
    ends 3
    silent
    says 'there is no key'
  done
}

# What is typed is bound, never part of a statement: it finds nothing, and breaks nothing.
@test 'SQL that is typed for a name, an owner or a text is a name that nothing has (R22)' {
  make deploy --owner alice --tag web --service nginx
  for text in "' OR '1'='1" "deploy' --" "x'; DROP TABLE key; --" "deploy') OR ('1'='1" \
    '" OR ""="' 'deploy%' '%' '_eploy' '*' "deploy'||'"; do
    authkey disable -y -- "$text"
    ends 3
    authkey show -- "alice/$text"
    ends 3
    authkey revoke -y --owner "$text"
    authkey revoke -y --tag "$text"
    for by in --owner --tag --service --status --after --sort; do
      authkey list "$by" "$text" --field name
      silent
    done
    authkey list --field name -- "$text"
    silent
    authkey owner suspend "$text"
  done
  authkey edit deploy -d "x'; UPDATE key SET state = 3; --"
  ends 0
  [ "$(field deploy description)" = "x'; UPDATE key SET state = 3; --" ]
  [ "$(verdict --service nginx)" = VALID ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA integrity_check; SELECT count(*) FROM key')" = $'ok\n1' ]
}

@test 'a name that fits several keys is exit 6 with the candidates on stderr' {
  make deploy --owner alice
  local first=$id
  make deploy --owner bob
  authkey show deploy
  ends 6
  silent
  says 'fits 2 keys'
  says "$first  alice/deploy  enabled"
  says "$id  bob/deploy  enabled"
  authkey show bob/deploy --field id
  [ "$output" = "$id" ]
}

@test 'a live key comes before revoked ones of its name' {
  make deploy
  "$AK_TOOL" revoke -q deploy
  [ "$(field deploy status)" = revoked ]
  make deploy
  [ "$(field deploy id)" = "$id" ]
  "$AK_TOOL" revoke -q deploy
  authkey show deploy
  ends 6
  says 'revoked'
}

@test 'a key that is named like the id of another fits both' {
  make first --owner alice
  local first=$id
  make "$first" --owner bob
  authkey disable "$first"
  ends 6
  says 'fits 2 keys'
  says "  ak_$first  alice/first  enabled"
  says "bob/$first"
  "$AK_TOOL" disable -q "ak_$first"
  [ "$(field alice/first status)/$(field "bob/$first" status)" = disabled/enabled ]
  "$AK_TOOL" disable -q "bob/$first"
  [ "$(field "bob/$first" status)" = disabled ]
}

@test 'KEY is also what a list shows: prefix and id, with or without the ellipsis' {
  make deploy
  for key in "ak_$id" "ak_$id…" "ak_$id..."; do
    [ "$(field "$key" name)" = deploy ]
  done
  for key in "x_$id" "ak_$id.." "ak_${id}x" "_$id" "ak_"; do
    authkey show "$key"
    ends 3
  done
  authkey show "$token"
  ends 2
}

@test 'a key that is nearly named like that is suggested' {
  make Laptop --owner alice
  authkey show laptop
  ends 3
  says 'there is no key laptop; did you mean Laptop?'
  authkey disable alice/Latop
  ends 3
  says 'did you mean alice/Laptop?'
  authkey show xyzzyx
  ends 3
  says 'there is no key xyzzyx; see: authkey list'
}

@test 'times are RFC 3339 in UTC without a terminal, whatever TZ is' {
  make deploy
  TZ=Asia/Tokyo authkey show deploy --field created_at
  [[ $output =~ ^20[0-9-]+T[0-9:]+Z$ ]]
  [ "$(date -u +%Y-%m-%dT%H)" = "${output:0:13}" ] ||
    [ "$(date -u -d '1 minute ago' +%Y-%m-%dT%H)" = "${output:0:13}" ]
}

@test 'a damaged master is exit 5' {
  make deploy
  printf 'not a database, and long enough to be looked at as one%0500d' 1 \
    >"$AUTHKEY_DIR/master/master.db"
  authkey list
  ends 5
  says 'master.db'
  authkey disable deploy
  ends 5
  says 'STILL LIVE'
}
