#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A question may stand for hours: the time of a change is when it is made, not when it was
# asked for.
# shellcheck disable=SC2154,SC2034
load helper

# late [EXPECT SEND]... -- WORDS...: a command that began two hours ago; at the first EXPECT
# they pass.
late() {
  # The clock comes before the runtime of the sanitizer, and calls nothing of it.
  [ -z "${AK_SAN:-}" ] ||
    local -x ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
  local question=$1 dialog=("${@:2}") i
  now=$(date +%s)
  echo $((now - 7200)) >"$PLACE/now"
  for ((i = 0; i < ${#dialog[@]}; i++)); do
    [ "${dialog[i]}" != -- ] || break
  done
  dialog 100 "$question" "!echo $now >$PLACE/now" "${dialog[@]:0:i}" -- \
    env LD_PRELOAD="$AK_BUILD/tests/clock.so" AK_TEST_NOW="$PLACE/now" \
    "$AK_TOOL" "${dialog[@]:i + 1}"
}

# is NOW_AND_MORE KEY FIELD: a time of a key.
is() {
  [ "$(field "$2" "$3")" = "$(date -u -d "@$(($1))" +%FT%TZ)" ] ||
    { echo "$3 of $2: $(field "$2" "$3")"; return 1; }
}

# The last row of the audit is of now.
audited_now() {
  [ "$("$AK_TOOL" audit --json | jq -r '.[-1].time | fromdate')" = "$now" ]
}

@test 'what is revoked is revoked when the answer came' {
  make deploy
  late Revoke '[y/N]' 'y\r' -- revoke deploy
  ends 0
  is now "$id" revoked_at
  audited_now
}

@test 'a key is made when the answer came, and lives from then on' {
  late Create 'Cancel' 'create\r' -- create deploy -d '' --expires 30m
  ends 0
  is now deploy created_at
  is now deploy activated_at
  is now+1800 deploy expires_at
  audited_now
  "$AK_TOOL" config -q default-expiry 1d
  late Create 'Cancel' 'create\r' -- create other -d '' --not-before 1h
  ends 0
  is now+86400 other expires_at
  is now+3600 other not_before
}

@test 'a key that would have expired by the time of the answer is not made' {
  late Create 'Cancel' 'create\r' -- create deploy -d '' \
    --expires "$(date -u -d '-1 hour' +%FT%TZ)"
  ends 2
  prints '--expires: that is in the past'
  [ -z "$("$AK_TOOL" list --field name)" ]
}

@test 'what replaces a key lives from the answer on' {
  make deploy
  late Replace '[y/N]' 'y\r' -- rotate deploy --expires 30m
  ends 0
  is now deploy created_at
  is now+1800 deploy expires_at
  is now "$id" revoked_at
}

@test 'what is applied has the time of the answer, and is what was agreed to' {
  make one
  local one=$id
  make two
  make three --disabled
  printf '[{"id":"%s","status":"revoked"},{"id":"%s","status":"enabled"}]' "$one" "$id" \
    >"$PLACE/file"
  late Apply '[y/N]' 'y\r' -- apply "$PLACE/file" --prune
  ends 0
  is now "$one" revoked_at
  is now two revoked_at
  is now three activated_at
}

@test 'a restore has the time of the answer' {
  "$AK_TOOL" backup -q "$PLACE/backup"
  make deploy
  late Replace '[y/N]' 'y\r' -- restore "$PLACE/backup"
  ends 0
  audited_now
}
