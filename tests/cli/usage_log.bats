#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

# log [OPTION]...: reasons and services, in one line.
log() {
  "$AK_TOOL" log "$@" --json | jq -r 'map("\(.reason) \(.service)") | join(", ")'
}

# Wait for FILE to have TEXT, ten seconds at most.
appears() {
  local i
  for i in {1..100}; do
    grep -qs -- "$2" "$1" && return
    sleep 0.1
  done
  echo "no '$2' in: $(cat "$1")"
  return 1
}

# follow [OPTION]...: log -f in the background, its output in $PLACE/out.
follow() {
  "$AK_TOOL" log -f "$@" </dev/null >"$PLACE/out" 2>"$PLACE/err" 3>&- &
  follower=$!
}

# stop SIGNAL: end it, with its exit code.
stop() {
  kill -s "$1" "$follower"
  wait "$follower"
}

@test 'log tells what became of each token, the oldest first' {
  make deploy --owner alice
  login nginx alice 192.0.2.7
  refused sshd bob
  [ "$(log)" = 'VALID nginx, USER_MISMATCH sshd' ]
  authkey log --json
  [ "$(jq -c '.[0] | keys_unsorted' <<<"$output")" = \
    '["time","id","label","reason","service","from","uid","user"]' ]
  [ "$(jq -c '.[0] | [.id, .label, .from, .uid, .user]' <<<"$output")" = \
    "[\"$id\",\"alice/deploy\",\"192.0.2.7\",$(id -u),\"$(id -un)\"]" ]
  [ "$(jq -c '.[1].from' <<<"$output")" = null ]
  authkey log
  [[ ${lines[0]} =~ ^TIME\ +KEY\ +REASON\ +SERVICE\ +FROM\ +BY\ *$ ]]
  [[ ${lines[1]} =~ \ alice/deploy\ +VALID\ +nginx\ +192.0.2.7\ +$(id -un)\ *$ ]]
}

@test 'log is in the order of time, although a fold takes one user after another' {
  make deploy --owner alice
  login nginx alice
  repeat_record 3
  "$AK_TOOL" fold -q
  usage_sql 'UPDATE event SET time = time - 60 * (seq % 2), service = seq'
  [ "$("$AK_TOOL" log --field service | paste -sd' ')" = '1 3 2 4' ]
  [ "$("$AK_TOOL" log --limit 2 --field service | paste -sd' ')" = '2 4' ]
}

@test 'log gives 50 events, or the newest N, and with --since all' {
  make deploy --owner alice
  login nginx alice
  repeat_record 99
  refused sshd bob
  [ "$("$AK_TOOL" log --field reason | wc -l)" = 50 ]
  [ "$(log --limit 2)" = 'VALID nginx, USER_MISMATCH sshd' ]
  [ "$("$AK_TOOL" log --limit 70 --field reason | wc -l)" = 70 ]
  [ "$("$AK_TOOL" log --since 1h --field reason | wc -l)" = 101 ]
  usage_sql 'UPDATE event SET time = time - 7200 WHERE seq <= 90'
  [ "$("$AK_TOOL" log --since 1h --field reason | wc -l)" = 11 ]
  [ "$("$AK_TOOL" log --since 1h --limit 3 --field reason | wc -l)" = 3 ]
}

@test 'log of a key has its events alone' {
  make deploy --owner alice
  login nginx alice
  make other --owner alice
  login sshd alice
  [ "$(log deploy)" = 'VALID nginx' ]
  [ "$(log alice/other)" = 'VALID sshd' ]
  authkey log nothing
  ends 3
}

@test 'an event of a key that was deleted keeps its id' {
  make deploy --owner alice
  login nginx alice
  "$AK_TOOL" log >/dev/null
  "$AK_TOOL" revoke -q deploy
  "$AK_TOOL" purge -q deploy
  [ "$("$AK_TOOL" log --field label)" = "$id" ]
  [ "$("$AK_TOOL" log --field id)" = "$id" ]
}

@test 'an empty log says so on stderr, and words that are off are usage errors' {
  authkey log
  ends 0
  silent
  says 'No event fits'
  local words
  while read -ra words; do
    authkey log "${words[@]}"
    ends 2
  done <<'END'
--limit 0
--limit x
--since soon
a b
END
}

@test 'a CSV cell of the log is guarded against formulas (R41)' {
  make deploy --owner alice
  login nginx alice
  "$AK_TOOL" log >/dev/null
  usage_sql "UPDATE event SET service = '@SUM(1)'"
  "$AK_TOOL" log --format csv >"$PLACE/csv"
  grep -qF ",\"'@SUM(1)\"," "$PLACE/csv"
}

@test 'log -f --json writes an object a line as logins happen, and SIGINT ends it with 0' {
  make deploy --owner alice
  login nginx alice
  follow --json
  appears "$PLACE/out" nginx
  login sshd alice 192.0.2.7
  appears "$PLACE/out" sshd
  refused imap bob
  appears "$PLACE/out" imap
  stop INT
  [ "$(jq -r '"\(.reason) \(.service)"' "$PLACE/out" | paste -sd,)" = \
    'VALID nginx,VALID sshd,USER_MISMATCH imap' ]
  [ "$(wc -l <"$PLACE/out")" = 3 ]
  [ ! -s "$PLACE/err" ]
}

@test 'log -f gives what comes, and no older event that --limit has left out' {
  make deploy --owner alice
  login nginx alice
  login sshd alice
  "$AK_TOOL" fold -q
  usage_sql 'UPDATE event SET time = time - 7200 WHERE seq = 2' # of the user folded last
  follow --limit 1
  appears "$PLACE/out" nginx
  login imap alice
  appears "$PLACE/out" imap
  stop INT
  [ "$(grep -c sshd "$PLACE/out")" = 0 ]
}

@test 'log -f of a key follows that key alone, and SIGTERM ends it with 0' {
  make other --owner alice
  local strange=$token
  make deploy --owner alice
  follow deploy
  login nginx alice
  appears "$PLACE/out" nginx
  token=$strange login sshd alice
  login imap alice
  appears "$PLACE/out" imap
  stop TERM
  [ "$(grep -c sshd "$PLACE/out")" = 0 ]
  [ "$(grep -c 'alice/deploy' "$PLACE/out")" = 2 ]
}

@test 'log -f at a terminal shows a line for each login, and Ctrl-C ends it' {
  make deploy --owner alice
  login nginx alice
  (
    appears "$PLACE/shown" nginx
    login sshd alice
  ) 3>&- &
  run bash -c '"$1/dialog.exp" 100 nginx "" sshd "\003" -- "$AK_TOOL" log -f |
    tee "$2/shown"; exit "${PIPESTATUS[0]}"' - "$BATS_TEST_DIRNAME" "$PLACE"
  [ "$status" -eq 0 ]
  [ "$(grep -c 'alice/deploy' <<<"$output")" = 2 ]
}

@test 'log -f ends when nobody reads it any more' {
  make deploy --owner alice
  login nginx alice
  run timeout 20 bash -c '"$AK_TOOL" log -f | head -n 1'
  [ "$status" -eq 0 ]
  [[ $output == *nginx* ]]
}

@test 'events older than the retention are pruned by the fold, the counts stay' {
  make deploy --owner alice
  login nginx alice
  login sshd alice
  "$AK_TOOL" log >/dev/null
  usage_sql 'UPDATE event SET time = time - 8000 WHERE seq = 1'
  [ "$(log)" = 'VALID nginx, VALID sshd' ]
  "$AK_TOOL" config -q retention 2h
  [ "$(log)" = 'VALID sshd' ]
  [ "$(field deploy uses)" = 2 ]
}
