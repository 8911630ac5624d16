#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

@test 'create prints a notice, the token once, status and date' {
  authkey create 'Swaggy M.' --owner alice
  ends 0
  says 'Created the key "Swaggy M." of alice'
  prints 'enabled'
  prints "$(date -u +%Y-%m-%d)"
  [ "$(grep -oE 'ak_[1-9A-HJ-NP-Za-km-z]{41}' <<<"$output" | wc -l)" = 1 ]
  [[ $stderr != *ak_* ]]
}

@test 'create -q prints the token alone' {
  authkey create deploy -q
  ends 0
  [[ $output =~ $TOKEN ]]
  [ -z "$stderr" ]
}

@test 'the token opens what it was made for (R40)' {
  make deploy --owner alice --service nginx
  [ "$(verdict --user alice --service nginx)" = VALID ]
}

@test 'create --json has the whole token, everything else masks it (R40)' {
  authkey create deploy --json -d 'for the pipeline'
  ends 0
  token=$(jq -r .key <<<"$output")
  [[ $token =~ $TOKEN ]]
  [ "$(jq -r .status <<<"$output")" = enabled ]
  [ "$(jq -r .description <<<"$output")" = 'for the pipeline' ]
  for words in list 'list --json' 'list --format csv' 'show deploy' 'show deploy --json' \
    'list --field key'; do
    # shellcheck disable=SC2086
    authkey $words
    ends 0
    [[ $output$stderr != *"${token:11:27}"* ]]
    prints "${token:0:11}…"
  done
}

@test 'nothing on disk holds the token or its secret (R40)' {
  make deploy
  run grep -raF "${token:11:27}" "$AUTHKEY_DIR"
  [ "$status" = 1 ]
}

@test 'a masked key ends in three dots when the locale has no ellipsis' {
  make deploy
  LC_ALL=C authkey list --field key
  [ "$output" = "${token:0:11}..." ]
  LC_ALL=C authkey list --json
  [ "$(jq -r '.[0].key' <<<"$output")" = "${token:0:11}…" ]
}

@test 'every option of create ends up in the key' {
  authkey create deploy --owner alice -d 'a b' --service sshd --service nginx \
    --scope read,write --from 192.0.2.0/24 --from 2001:db8::/32 --tag prod \
    --expires 2999-12-31 --not-before 2999-01-01T00:00:00+01:00 --disabled --json
  ends 0
  local want='{"owner":"alice","description":"a b","services":["nginx","sshd"],
    "scopes":["read","write"],"networks":["192.0.2.0/24","2001:db8::/32"],"tags":["prod"],
    "expires_at":"2999-12-31T00:00:00Z","not_before":"2998-12-31T23:00:00Z",
    "status":"disabled","activated_at":null,"revoked_at":null,"last_used_at":null,
    "uses":0}'
  [ "$(jq --argjson want "$want" 'contains($want)' <<<"$output")" = true ]
}

@test 'activated_at is the birth of a key that is not made disabled' {
  make deploy
  [ "$(field deploy activated_at)" = "$(field deploy created_at)" ]
}

@test 'the owner is the invoking user, behind sudo the one who called sudo' {
  make mine
  [ "$(field mine owner)" = "$(id -un)" ]
  SUDO_USER=carol authkey create theirs -q
  ends 0
  if [ "$(id -u)" = 0 ]; then
    [ "$(field theirs owner)" = carol ]
    [ "$(sql "$AUTHKEY_DIR/master/master.db" \
      "SELECT created_by FROM key WHERE name = 'theirs'")" = carol ]
  else
    [ "$(field theirs owner)" = "$(id -un)" ]
  fi
}

@test 'without a terminal a missing name is a usage error, and nothing is asked' {
  authkey create
  ends 2
  silent
  says 'NAME is missing; see: authkey help create'
}

@test 'names that are none are refused' {
  local long
  long=$(printf 'x%.0s' {1..65})
  for name in '' ' x' 'x ' '-x' '.x' 'a/b' $'a\nb' $'a\eb' 'é' "$long" 'a"b' "a'b"; do
    authkey create -- "$name"
    ends 2
    silent
    says 'NAME: a key name has'
    [[ $stderr != *$'\e'* ]]
  done
  authkey list
  silent
}

@test 'bad values are refused by the option, and no key is made' {
  local long
  long=$(printf 'x%.0s' {1..1025})
  while IFS='|' read -r option value; do
    authkey create x "$option" "$value"
    ends 2
    silent
    says "$option"
  done <<END
--owner|
--owner|__token__
--owner|a b
-d|$long
--service|a/b
--service|
--service|,
--service| 
--service|a,,b
--service|a,
--from|,
--from|192.0.2.1,
--scope|,a
--tag|a, ,b
--scope|UPPER
--scope|
--tag|a b!
--from|example.org
--from|192.0.2.1/24
--from|192.0.2.0/33
--expires|tomorrow
--expires|2026-02-30
--expires|2026-01-01T00:00:00
--expires|1d3
--expires|2001-01-01
--not-before|soon
END
  authkey create x -d $'two\nlines'
  ends 2
  authkey create x -d $'\xff'
  ends 2
  authkey create x --expires 1d --not-before 2d
  ends 2
  says '--not-before: it must be earlier than --expires'
  authkey list
  silent
}

@test 'no name, text or tag holds a token, and no message repeats one (R40)' {
  make deploy
  local secret=${token:11:27}
  refused() {
    authkey "$@"
    ends 2
    silent
    says 'that is a token; nobody should keep it here'
    [[ $stderr != *"$secret"* ]]
  }
  refused create "$token"
  refused create other --service "$token"
  refused create other -d "old: $token, was lost"
  refused create other -d "https://example.org/?key=$token&x"
  refused edit deploy --name "x-$token"
  refused edit deploy -d "$token"
  refused revoke deploy --reason "$token was seen"
  refused create other --owner "mail.$token"
  refused owner set "mail.$token" --name x
  refused owner set alice --name "$token"
  refused owner set alice --external-id "($token)"
  refused owner suspend alice --reason "$token"
  run grep -raF "$secret" "$AUTHKEY_DIR"
  [ "$status" = 1 ]
}

@test 'whatever a token is typed for, no message repeats it, nor most of one, nor one that is mistyped (R40)' {
  make deploy
  local secret=${token:11:20} word words shown
  local long=${token}${token:8:20} filler
  filler=$(printf 'x%.0s' {1..180})
  for word in "$token" "${token%?}1" "${long:0:64}" "$filler.$token" "a/$token" "$token " \
    "${token%?}" "${token:0:31}" "${token%?}O" "ak_l${token:4}" "ak_${token:4}" "_${token:3}" \
    "AK_${token:3}" "akey_of_me_${token:3:40}" "$token${token:11:20}" "${token}00"; do
    for words in 'owner show' 'owner resume' 'owner verify' 'verifier add' \
      'verifier remove' help 'help owner' owner show edit enable disable revoke purge \
      stats log config 'config prefix' 'config default-expiry' '' \
      'list --owner' 'list --sort' 'list --after' 'create x --owner' \
      'create x --from' 'create x --expires' 'list --limit' 'list --field' 'list --format' \
      'list --dir' 'init --prefix' 'publish'; do
      # shellcheck disable=SC2086
      authkey $words "$word"
      shown=$stderr
      [[ $words == create* ]] || shown+=$output # an owner may be called nearly so
      [[ $shown != *"$secret"* ]] || { echo "$words: $shown"; return 1; }
    done
    authkey "--$word"
    ends 2
    [[ $stderr != *"$secret"* ]]
  done
  authkey list "$token" --owner "$(id -un)"
  [[ $output$stderr != *"$secret"* ]]
}

@test 'what is no part of a token is repeated whole in a message: a hash, words, a package' {
  for word in git_0123456789abcdef0123456789abcdef01234567 \
    SUM_0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF test_theMailThatIsSentToAnOwnerTwice \
    my_supercalifragilisticexpialidocious python3-authkey_0.0.20260131+git1a2b3c4_amd64.deb \
    ak_7QxR2mNdA1b2C3d4E5f6G; do
    authkey show "$word"
    ends 3
    says "$word"
  done
  authkey show ak_7QxR2mNdA1b2C3d4E5f6G7
  ends 3
  says 'there is no key ak_7QxR2mNd...'
}

@test 'create --field key is the token alone, and no other field makes a key' {
  authkey create deploy --field key
  ends 0
  [[ $output =~ $TOKEN ]]
  for field in id name status; do
    authkey create other --field "$field"
    ends 2
    silent
    says 'the token would be shown nowhere; use --json, or --field key'
    authkey create other -q --field "$field"
    ends 2
    silent
  done
  [ "$("$AK_TOOL" list --field name)" = deploy ]
}

@test 'a name is taken once per owner among keys that are not revoked' {
  make deploy --owner alice
  authkey create deploy --owner alice
  ends 6
  silent
  says 'alice has a key named "deploy" already'
  make deploy --owner bob
  "$AK_TOOL" revoke -q alice/deploy
  make deploy --owner alice
}

@test 'a stdout that does not take the token is exit 5, and says what to do (R43)' {
  run --separate-stderr bash -c '"$AK_TOOL" create full >/dev/full' </dev/null
  ends 5
  says 'stdout did not take the token'
  says "authkey revoke $(field full id)"
  [[ $stderr != *ak_* ]]
  run --separate-stderr bash -c '"$AK_TOOL" create closed >&-' </dev/null
  ends 5
  says "authkey revoke $(field closed id)"
}

@test 'a reader that goes away is exit 5 and not a dead tool (R43)' {
  run --separate-stderr bash -c '
    mkfifo "$1/pipe"; exec 3<>"$1/pipe" 4>"$1/pipe" 3<&-
    "$AK_TOOL" create gone >&4' - "$PLACE" </dev/null
  ends 5
  says 'stdout did not take the token'
}

@test 'two creates at once both land (R46)' {
  local pids=() i
  for i in 1 2 3 4 5 6; do
    "$AK_TOOL" create -q "key$i" </dev/null >"$PLACE/token$i" &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i"; done
  [ "$("$AK_TOOL" list --field id | sort -u | wc -l)" = 6 ]
  for i in 1 2 3 4 5 6; do
    token=$(<"$PLACE/token$i")
    [ "$(verdict)" = VALID ]
  done
}

@test 'two creates of one name at once: one lands, one is told (R46)' {
  "$AK_TOOL" create -q same >"$PLACE/a" 2>"$PLACE/a.err" </dev/null &
  local first=$! codes=''
  "$AK_TOOL" create -q same >"$PLACE/b" 2>"$PLACE/b.err" </dev/null || codes=$?
  wait "$first" || codes+=$?
  [ "$codes" = 6 ]
  [ "$(cat "$PLACE/a" "$PLACE/b" | wc -l)" = 1 ]
  [ "$("$AK_TOOL" list --field name)" = same ]
}

@test 'the sheet of a new key shows the limits that were set, and only those' {
  authkey create deploy --service nginx --from 192.0.2.0/24 --scope read --expires 2999-01-31 \
    --not-before 2998-01-31
  ends 0
  for line in 'SERVICES *nginx' 'NETWORKS *192.0.2.0/24' 'SCOPES *read' 'EXPIRES *2999-01-31' \
    'NOT BEFORE *2998-01-31'; do
    grep -qiE "$line" <<<"$output"
  done
  authkey create other
  [[ $output != *[Ss][Ee][Rr][Vv][Ii][Cc][Ee][Ss]* && $output != *[Ee][Xx][Pp][Ii][Rr][Ee][Ss]* ]]
}

@test 'without UTF-8 show and edit spell out what the locale has no character for' {
  make deploy -d 'für'
  LC_ALL=C authkey show deploy
  prints 'f\xc3\xbcr'
  LC_ALL=C authkey edit deploy -d 'grün'
  says 'description: f\xc3\xbcr -> gr\xc3\xbcn'
  "$AK_TOOL" owner set -q alice --name Zoë
  LC_ALL=C authkey owner list
  prints 'Zo\xc3\xab'
  LC_ALL=C authkey show deploy --json
  [ "$(jq -r .description <<<"$output")" = grün ]
}
