#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# rotate: a new token with the same settings, and what becomes of the old one.
# shellcheck disable=SC2154
load helper
load usage_helper

# rotate [OPTION]... KEY: $old is the token so far, $token the new one.
rotate() {
  old=$token
  old_id=${old:3:8}
  token=$("$AK_TOOL" rotate -q "$@" </dev/null)
  [[ $token =~ $TOKEN ]]
  id=${token:3:8}
}

old_verdict() {
  token=$old verdict
}

@test 'rotate prints a new token; the old one opens nothing any more' {
  make deploy --owner alice
  rotate deploy
  [ "$token" != "$old" ]
  [ "$(verdict)" = VALID ]
  [ "$(old_verdict)" = REVOKED ]
  login nginx alice
  token=$old refused nginx alice
  [ "$(field "$old_id" revoke_reason)" = "replaced by $id" ]
  [ "$(field "$old_id" replaced_by)" = "$id" ]
  [ "$(field "$id" replaces)" = "$old_id" ]
}

@test 'rotate tells for people what was replaced, by what, and that the old token is dead' {
  make deploy --owner alice
  authkey rotate deploy
  ends 0
  prints 'API AUTH KEY'
  says "$id, is replaced by"
  says 'The old token opens nothing any more.'
}

@test 'the new key has every setting of the old one, and nothing of its past' {
  make deploy --owner alice -d 'for the build' --service nginx,sshd --scope a:b --from \
    192.0.2.0/24 --tag x,y --expires 2999-01-01 --not-before 2026-01-01 --no-recovery
  login nginx alice 192.0.2.1
  before=$("$AK_TOOL" show deploy --json)
  rotate deploy
  same='{name, description, owner, status, services, scopes, networks, tags, expires_at,
    not_before}'
  [ "$(jq -S "$same" <<<"$before")" = "$("$AK_TOOL" show deploy --json | jq -S "$same")" ]
  "$AK_TOOL" show deploy --json | jq -e '.uses == 0 and .last_used_at == null and
    .revoked_at == null and .replaced_by == null'
  [ "$(master_sql "SELECT no_recovery FROM key WHERE id = '$id'")" = 1 ]
}

@test 'a disabled key stays disabled under its new token' {
  make deploy --disabled
  rotate deploy
  [ "$(field deploy status)" = disabled ]
  [ "$(field deploy activated_at)" = '' ]
  [ "$(verdict)" = DISABLED ]
}

@test 'both tokens open during the overlap, and the old one ends with it' {
  make deploy --owner alice
  rotate --overlap 7d deploy
  login nginx alice
  token=$old login nginx alice
  left=$(($(date -d "$(field "$old_id" expires_at)" +%s) - $(date +%s)))
  ((left > 7 * 86400 - 60 && left <= 7 * 86400))
  [ "$(field deploy expires_at)" = '' ]
  [ "$(field deploy id)" = "$id" ] # it goes by the name now
  authkey list
  [[ $output == *"$old_id"*replaced*"$id"*enabled* || $output == *"$id"*enabled*"$old_id"*replaced* ]]
  [ "$("$AK_TOOL" list --json | jq -r '.[].status' | sort -u)" = enabled ]
}

@test 'the old token never outlives its own expiry' {
  make deploy --expires 2d
  own=$(field deploy expires_at)
  rotate --overlap 90d deploy
  [ "$(field "$old_id" expires_at)" = "$own" ]
  rotate --until 2999-01-01 --drain deploy
  [ "$(field "$old_id" expires_at)" = "$own" ]
  [ "$(field deploy expires_at)" = "$own" ]
}

@test '--expires gives the new key another date, and an expired one needs it' {
  make deploy --expires 2d
  rotate --expires never --overlap 1d deploy
  [ "$(field deploy expires_at)" = '' ]
  master_sql "UPDATE key SET expires_at = unixepoch() - 1 WHERE id = '$id'"
  authkey rotate deploy
  ends 6
  says '--expires'
  rotate --expires 90d deploy
  [ "$(verdict)" = VALID ]
}

@test 'of an old token that opens nothing no end to come is told' {
  local way
  for way in --overlap=7d --drain; do
    make "expired${way%=*}" --expires 2d
    master_sql "UPDATE key SET expires_at = unixepoch() - 1 WHERE id = '$id'"
    authkey rotate "$id" --expires 90d "$way"
    ends 0
    says 'The old token has expired and opens nothing.'
    make "disabled${way%=*}"
    authkey disable "$id"
    authkey rotate "$id" "$way"
    ends 0
    says 'The old token is disabled, as before.'
    [[ $stderr != *until* && $stderr != *'at the latest'* ]]
  done
}

@test 'with -q it is not asked who uses the old token' {
  needs_strace
  make deploy
  strace -f -o "$PLACE/trace" -e trace=openat,open "$AK_TOOL" rotate -q --drain deploy </dev/null
  grep -q master.db "$PLACE/trace"
  run ! grep usage.db "$PLACE/trace"
  strace -f -o "$PLACE/trace" -e trace=openat,open "$AK_TOOL" rotate -y --drain deploy </dev/null
  grep -q usage.db "$PLACE/trace"
}

@test 'a key that begins after the overlap is replaced at once' {
  make deploy --not-before 30d
  rotate --overlap 1d deploy
  [ "$(field "$old_id" status)" = revoked ]
  [ "$(field deploy status)" = pending ]
}

@test 'show of either key names the other and who still uses the old token' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  login sshd alice
  rotate --overlap 1d deploy
  login nginx alice 192.0.2.1
  for key in deploy "$old_id"; do
    "$AK_TOOL" show "$key" --json | jq -e '[.old_callers[]
      | [.service, .address, .uses, .moved_day == null]] ==
      [["sshd", null, 1, true], ["nginx", "192.0.2.1", 1, false]]'
    authkey show "$key"
    [[ $output == *"OLD TOKEN USED FOR"*"sshd"*"no address"*"not yet"*"nginx"* ]]
  done
  "$AK_TOOL" revoke -q "$old_id"
  [ "$("$AK_TOOL" show deploy --json | jq -c .old_callers)" = '[]' ]
}

@test 'a drained key ends with the fold after its last service and address have gone on' {
  make deploy --owner alice
  local services=(nginx nginx sshd) addresses=(192.0.2.1 192.0.2.2 192.0.2.1) i
  for i in 0 1 2; do login "${services[i]}" alice "${addresses[i]}"; done
  rotate --drain deploy
  [ "$(field "$old_id" expires_at)" = '' ]
  for i in 0 1 2; do
    [ "$("$AK_TOOL" fold --field drained)" = 0 ]
    [ "$(old_verdict)" = VALID ]
    login "${services[i]}" alice "${addresses[i]}"
  done
  authkey fold
  ends 0
  says "Drained and ended alice/deploy ($old_id)."
  [ "$(old_verdict)" = REVOKED ]
  [ "$(verdict)" = VALID ]
  "$AK_TOOL" audit --json | jq -e ".[-1] | .action == \"fold\" and .subject == \"$old_id\""
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
}

@test 'a caller that comes with the old token during the drain is waited for, too' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  rotate --drain deploy
  token=$old login sshd alice 192.0.2.9
  login nginx alice 192.0.2.1
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
  login sshd alice 192.0.2.9
  [ "$("$AK_TOOL" fold --field drained)" = 1 ]
}

@test 'a refusal of the new token is no coming with it' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  rotate --drain deploy
  refused nginx bob 192.0.2.1
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
}

@test 'rotate --drain says who is waited for, and when it is nobody' {
  make deploy --owner alice
  authkey rotate --drain --until 2999-01-01 deploy
  ends 0
  says 'Nobody was seen with the old token in the last 30 days: it ends with the first use'
  says 'at the latest on 2999-01-01'
  make build --owner alice
  login nginx alice 192.0.2.1
  authkey rotate --drain build
  ends 0
  says 'The old token ends when all its callers have come with the new one.'
}

@test 'a key that nobody used drains with the first use of the new token' {
  make deploy --owner alice
  rotate --drain deploy
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
  login nginx alice
  [ "$("$AK_TOOL" fold --field drained)" = 1 ]
}

@test 'who was last seen more than 30 days before the rotation is not waited for' {
  make deploy --owner alice
  login sshd alice 192.0.2.2
  "$AK_TOOL" fold -q
  usage_sql 'UPDATE day_count SET day = day - 31'
  login nginx alice 192.0.2.1
  rotate --drain deploy
  login nginx alice 192.0.2.1
  [ "$("$AK_TOOL" fold --field drained)" = 1 ]
}

@test 'callers that are not told apart hold the drain until its latest date' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  "$AK_TOOL" fold -q
  usage_sql "UPDATE day_count SET service = '*', address = '*'"
  rotate --drain --until 1d deploy
  login nginx alice 192.0.2.1
  "$AK_TOOL" fold -q
  usage_sql "UPDATE day_count SET service = '*', address = '*' WHERE key_id = '$id'"
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
  [ "$(field "$old_id" status)" = enabled ]
  master_sql "UPDATE key SET expires_at = unixepoch() WHERE id = '$old_id'"
  "$AK_TOOL" publish -q
  [ "$(old_verdict)" = EXPIRED ]
}

@test 'no key drains whose successor is revoked: nothing is left to go on to' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  rotate --drain deploy
  login nginx alice 192.0.2.1
  "$AK_TOOL" revoke -q "$id"
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
  [ "$(old_verdict)" = VALID ]
}

@test 'a lost new token is replaced by another while the old one lives on' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  rotate --drain deploy
  local first=$old first_id=$old_id
  rotate deploy
  [ "$(token=$first verdict)" = VALID ]
  login nginx alice 192.0.2.1
  [ "$("$AK_TOOL" fold --field drained)" = 1 ]
  [ "$(field "$first_id" status)" = revoked ]
}

@test 'a rotation to a date ends the drain before it: the old key lives until then' {
  make deploy --owner alice
  login nginx alice 192.0.2.1
  rotate --drain deploy
  local first=$old first_id=$old_id
  "$AK_TOOL" revoke -q "$id"
  rotate --overlap 7d "$first_id"
  [ "$(field "$first_id" draining_since)" = '' ]
  login nginx alice 192.0.2.1
  [ "$("$AK_TOOL" fold --field drained)" = 0 ]
  [ "$(token=$first verdict)" = VALID ]
}

@test 'what cannot be rotated is exit 6 with the way out' {
  make deploy --owner alice
  rotate --overlap 1d deploy
  authkey rotate "$old_id"
  ends 6
  says "was replaced by $id"
  "$AK_TOOL" revoke -q deploy
  authkey rotate "$id"
  ends 6
  says 'is revoked'
  make bait --decoy
  authkey rotate bait
  ends 6
  says 'is a decoy'
}

@test 'when the new key is revoked, the old one can be rotated again' {
  make deploy --owner alice
  rotate --overlap 1d deploy
  "$AK_TOOL" revoke -q "$id"
  token=$old
  rotate "$old_id" --expires never
  [ "$(verdict)" = VALID ]
  [ "$(old_verdict)" = REVOKED ]
}

@test 'bad words are exit 2, and change nothing' {
  make deploy
  local words
  while read -ra words; do
    authkey rotate "${words[@]}"
    ends 2
    silent
  done <<'END'
deploy --overlap
deploy --overlap soon
deploy --overlap 0d
deploy --overlap 99999999d
deploy --overlap 1d --until 2999-01-01
deploy --until 2020-01-01
deploy --until tomorrow
deploy --expires 2020-01-01
deploy --expires never --field id
deploy other
deploy --copy
END
  authkey rotate
  ends 2
  authkey rotate "$token"
  ends 2
  [ "$(verdict)" = VALID ]
}

@test 'a key that is not there is exit 3, one that is not told apart exit 6' {
  authkey rotate nothing
  ends 3
  make deploy --owner alice
  make deploy --owner bob
  authkey rotate deploy
  ends 6
}

@test 'who may not write the master is exit 4, and changes nothing' {
  root_only
  make deploy
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$PLACE/authkey" rotate deploy
  ends 4
  [ "$(verdict)" = VALID ]
}

@test 'at a terminal it asks when the old token ends at once, and only then' {
  make deploy --owner alice
  dialog 80 'ends at once. [y/N] ' 'n\r' -- "$AK_TOOL" rotate deploy
  [ "$status" = 1 ]
  [[ $output == *'Nothing was changed.'* ]]
  [ "$(verdict)" = VALID ]
  dialog 80 'ends at once. [y/N] ' 'y\r' -- "$AK_TOOL" rotate deploy
  [ "$status" = 0 ]
  [ "$(verdict)" = REVOKED ]
  dialog 80 -- "$AK_TOOL" rotate deploy --overlap 1d
  [ "$status" = 0 ]
  [[ $output != *'[y/N]'* ]]
  dialog 80 -- "$AK_TOOL" rotate deploy -y
  [ "$status" = 0 ]
}

@test 'JSON has the whole new token, --field key it alone' {
  make deploy
  "$AK_TOOL" rotate deploy --json | jq -e --arg old "$id" \
    '(.key | test("^ak_[1-9A-Za-z]{41}$")) and .replaces == $old and .replaced_by == null'
  [[ $("$AK_TOOL" rotate deploy --field key 2>/dev/null) =~ $TOKEN ]]
}

@test 'the audit has both keys, and no token' {
  make deploy --owner alice
  rotate --overlap 1d deploy
  "$AK_TOOL" audit --json | jq -e --arg old "$old_id" --arg new "$id" \
    '.[-2:] | map([.action, .subject]) == [["rotate", $new], ["rotate", $old]]
      and (.[1].detail | keys) == ["expires_at", "replaced_by"]'
  [ "$("$AK_TOOL" audit --verify -q && echo holds)" = holds ]
  [[ $("$AK_TOOL" audit --json) != *"${token:11:27}"* ]]
}

@test 'a stdout that takes nothing leaves the old token alive, or the way out is said (R43)' {
  make deploy
  run --separate-stderr bash -c '"$AK_TOOL" rotate deploy >&-'
  ends 5
  says 'nothing was changed'
  [ "$(verdict)" = VALID ]
  run --separate-stderr bash -c '"$AK_TOOL" rotate deploy >/dev/full'
  ends 5
  says "make another: authkey rotate $(field deploy id)"
  [ "$(verdict)" = REVOKED ]
  rotate deploy
  [ "$(verdict)" = VALID ]
}

@test 'disable and revoke say that the token before still opens, and how to end it, too' {
  make deploy --owner alice
  rotate deploy --overlap 7d
  authkey disable deploy
  ends 0
  says "alice/deploy ($old_id), whose place it took, still opens, until "
  says "authkey disable $old_id"
  [ "$(old_verdict)" = VALID ]
  authkey -q revoke "$id"
  ends 0
  says "authkey revoke $old_id"
  authkey revoke "$old_id"
  [ "$(old_verdict)" = REVOKED ]
  [[ $stderr != *"still opens"* ]]
}

@test 'nothing is said of a token before that opens nothing, or ends with the key' {
  make deploy --owner alice
  rotate deploy
  authkey disable deploy
  [[ $stderr != *"still opens"* ]]
  authkey enable deploy
  rotate deploy --overlap 7d
  authkey enable deploy
  [[ $stderr != *"still opens"* ]]
  authkey revoke --owner alice -y
  [[ $stderr != *"still opens"* ]]
}
