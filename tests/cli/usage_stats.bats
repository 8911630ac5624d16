#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

# It is noon all the time, so that no day and no hour ends amid a test. The sanitizers' builds
# take nothing before themselves, and have the machine's clock.
setup_file() {
  export AK_TEST_NOW
  AK_TEST_NOW=$(date +%s)
  if [ -z "$AK_SAN" ]; then
    AK_TEST_NOW=$((AK_TEST_NOW / 86400 * 86400 + 43200))
    export LD_PRELOAD=$AK_BUILD/tests/clock.so
  fi
}

# stats [OPTION]...: NAME USES REFUSALS of each group, in one line.
stats() {
  "$AK_TOOL" stats "$@" --json |
    jq -r 'map("\(.name) \(.uses) \(.refusals)") | join(", ")'
}

# Two keys, six logins: three let in.
six_logins() {
  make deploy --owner alice
  login nginx alice 192.0.2.7
  login sshd alice 192.0.2.7
  refused sshd bob 198.51.100.9
  make backup --owner bob
  login nginx bob
  refused nginx alice 198.51.100.9
  token=${token%?????????????}xxxxxxxxxxxxx
  refused nginx bob
}

# on_day DAYS_AGO COUNT [REASON]: so many uses of $id on a day, once for each day.
on_day() {
  local day="$AK_TEST_NOW / 86400 - $1" reason=${3:-VALID} sum="$2, 0"
  [ "$reason" = VALID ] || sum="0, $2"
  usage_sql "INSERT INTO day_count
    VALUES ('$id', $day, '$reason', 'nginx', '192.0.2.7', 0, $2)"
  usage_sql "INSERT OR IGNORE INTO key_usage (key_id, uses, refusals) VALUES ('$id', 0, 0)"
  usage_sql "INSERT INTO key_day VALUES ('$id', $day, $sum)"
  usage_sql "INSERT INTO day_total VALUES ('reason', $day, '$reason', $sum),
    ('service', $day, 'nginx', $sum), ('rhost', $day, '192.0.2.7', $sum)"
}

today() {
  date -u +%Y-%m-%d
}

@test 'stats counts uses and refusals by day, service, address, reason, owner and key' {
  six_logins
  [ "$(stats)" = "$(today) 3 2" ]
  [ "$(stats --by day)" = "$(today) 3 2" ]
  [ "$(stats --by service)" = 'nginx 2 1, sshd 1 1' ]
  [ "$(stats --by rhost)" = '192.0.2.7 2 0, 198.51.100.9 0 2, null 1 0' ]
  [ "$(stats --by reason)" = 'VALID 3 0, USER_MISMATCH 0 2' ]
  [ "$(stats --by owner)" = 'alice 2 1, bob 1 1' ]
  [ "$(stats --by key)" = 'alice/deploy 2 1, bob/backup 1 1' ]
  [ "$(stats --by hour | cut -d' ' -f2-)" = '3 2' ]
}

@test 'stats of one key or one owner counts that alone' {
  six_logins
  [ "$(stats deploy)" = "$(today) 2 1" ]
  [ "$(stats bob/backup --by service)" = 'nginx 1 1' ]
  [ "$(stats --owner bob --by key)" = 'bob/backup 1 1' ]
  [ "$(stats --owner nobody)" = '' ]
  authkey stats nothing
  ends 3
}

@test 'ids that no key has share one count' {
  make gone --owner alice
  "$AK_TOOL" revoke -q gone
  "$AK_TOOL" purge -q gone
  refused nginx alice 192.0.2.7
  refused sshd alice 192.0.2.8
  [ "$(stats --by key)" = 'null 0 2' ]
  authkey stats --by key
  grep -qE '^unknown ids +0 +2 ' <<<"$output"
}

@test '--since takes whole days, 30 unless it is told' {
  make deploy --owner alice
  "$AK_TOOL" stats -q
  on_day 40 5
  on_day 20 7
  on_day 2 1
  [ "$(stats --by service)" = 'nginx 8 0' ]
  [ "$(stats --by service --since 7d)" = 'nginx 1 0' ]
  [ "$(stats --by service --since 60d)" = 'nginx 13 0' ]
  [ "$(stats --by service --since "$(date -u -d '2 days ago' +%Y-%m-%d)")" = 'nginx 1 0' ]
  [ "$(stats --by service --since "$(date -u -d '1 day ago' +%Y-%m-%d)")" = '' ]
}

@test 'words that are off are usage errors' {
  local words
  while read -ra words; do
    authkey stats "${words[@]}"
    ends 2
    silent
  done <<'END'
--by week
--by DAY
--since tomorrow
--since -1d
--owner a/b
a b
--prometheus x --by day
--prometheus x deploy
--prometheus x --since 1d
END
}

@test 'nothing recorded is said on stderr, and is an empty array' {
  authkey stats
  ends 0
  silent
  says 'Nothing was recorded'
  authkey stats --json
  ends 0
  [ "$(jq -c . <<<"$output")" = '[]' ]
}

@test 'JSON and CSV are plain, the CSV guarded against formulas (R41)' {
  make deploy --owner alice
  login nginx alice 192.0.2.7
  authkey stats --by rhost --json
  [ "$(jq -c '.[0] | keys_unsorted' <<<"$output")" = \
    '["name","uses","refusals","first_seen_at","new"]' ]
  [ "$(jq -c '.[0].new' <<<"$output")" = true ]
  usage_sql "UPDATE day_total SET name = '=cmd|x' WHERE part = 'service'"
  authkey stats --by service --format csv
  [ "${lines[0]}" = $'name,uses,refusals,first_seen_at,new\r' ]
  [ "${lines[1]}" = $'"\'=cmd|x",1,0,,no\r' ]
  authkey stats --by service --field uses
  [ "$output" = 1 ]
}

@test 'people read a table with bars and a total' {
  six_logins
  authkey stats --by key
  ends 0
  grep -qE '^NAME +USES +REFUSALS$' <<<"$output"
  grep -qE '^alice/deploy +2 +1  █+▒+$' <<<"$output"
  grep -qE '^total +3 +2$' <<<"$output"
}

@test 'a bar is as long as its count: twice the uses, twice the blocks' {
  make deploy --owner alice
  "$AK_TOOL" stats -q
  on_day 1 10
  on_day 0 20
  authkey stats
  local half whole
  half=$(grep "^$(date -u -d '1 day ago' +%Y-%m-%d)" <<<"$output" | tr -cd '█' | wc -m)
  whole=$(grep "^$(today)" <<<"$output" | tr -cd '█' | wc -m)
  [ "$whole" -ge 20 ]
  [ $((half * 2 - whole)) -le 1 ]
  [ $((half * 2 - whole)) -ge -1 ]
}

@test 'days without use are shown as gaps, in the window and at its ends' {
  make deploy --owner alice
  "$AK_TOOL" stats -q
  on_day 9 1
  on_day 5 1
  on_day 4 1
  authkey stats --since 10d
  ends 0
  [ "$(grep -n 'without use' <<<"$output" | sed 's/⋮ //' | paste -sd,)" = \
    '3:1 day without use,5:3 days without use,8:4 days without use' ]
  [ "$("$AK_TOOL" stats --since 10d --by service | grep -c 'without use')" = 0 ]
}

@test 'the first line shows the days of the window' {
  make deploy --owner alice
  "$AK_TOOL" stats -q
  on_day 4 4
  on_day 1 8
  authkey stats --since 4d
  [ "${lines[0]}" = "$(date -u -d '4 days ago' +%Y-%m-%d) to $(today)  ▄  █ " ]
  LC_ALL=C authkey stats --since 4d
  [ "${lines[0]}" = "$(date -u -d '4 days ago' +%Y-%m-%d) to $(today)  =  @ " ]
}

@test 'a window of years is drawn as fast, and as short, as one of days' {
  make deploy --owner alice
  "$AK_TOOL" stats -q
  on_day 9000 3
  on_day 0 3
  authkey stats --since 1990-01-01
  ends 0
  [ "${#lines[@]}" -le 8 ]
  [ "${#lines[0]}" -le 90 ]
}

@test 'an address that was let in for the first time in the window is marked new' {
  make deploy --owner alice
  login nginx alice 192.0.2.7
  login nginx alice 192.0.2.8
  refused nginx bob 192.0.2.9
  "$AK_TOOL" stats >/dev/null
  usage_sql "UPDATE key_address SET first_at = $AK_TEST_NOW - 864000
    WHERE address = '192.0.2.7'"
  [ "$("$AK_TOOL" stats --by rhost --since 5d --json |
    jq -r 'map(select(.new) | .name) | join(" ")')" = 192.0.2.8 ]
  authkey stats --by rhost --since 5d
  grep -qE '^192\.0\.2\.8 +1 +0  new  █' <<<"$output"
  [ "$(grep -c ' new ' <<<"$output")" = 1 ]
  authkey stats --by rhost --since 20d
  [ "$(grep -c ' new ' <<<"$output")" = 2 ]
}

@test 'no line is wider than the terminal, at 40, 80 and 200 columns' {
  local long width line
  long=$(printf 'n%.0s' {1..64})
  make "$long" --owner "$(printf 'o%.0s' {1..60})"
  "$AK_TOOL" stats -q
  on_day 3 123456789
  on_day 1 1 EXPIRED
  for width in 40 80 200; do
    for by in day key rhost reason; do
      dialog "$width" -- env NO_COLOR=1 "$AK_TOOL" stats --by "$by"
      [[ $output == *123456789* ]]
      while IFS= read -r line; do
        line=${line%$'\r'}
        [ "${#line}" -le "$width" ] || [[ $line == spawn* ]] ||
          { echo "$by at $width: ${#line}: $line"; return 1; }
      done <<<"$output"
    done
  done
  [[ $output == *██████* ]]
}

@test 'refusals are red at a terminal, unless NO_COLOR or another locale says otherwise' {
  six_logins
  dialog 80 -- "$AK_TOOL" stats
  [[ $output == *$'\e[31m▒'* ]]
  dialog 80 -- env NO_COLOR=1 "$AK_TOOL" stats
  [[ $output == *█▒* ]]
  [[ $output != *$'\e'* ]]
  dialog 80 -- env LC_ALL=C NO_COLOR=1 "$AK_TOOL" stats
  [[ $output == *'###'*'xxx'* ]]
  LC_ALL=C run bash -c '"$AK_TOOL" stats | LC_ALL=C grep -c "[^ -~]"'
  [ "$output" = 0 ]
}
