#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

used() {
  "$AK_TOOL" show "$1" --json |
    jq -c '[.uses, .refusals, .last_used_service, .last_used_from]'
}

@test 'the moment after a login, list and show say when, from where and for what' {
  make deploy --owner alice
  [ "$(used deploy)" = '[0,0,null,null]' ]
  [ "$("$AK_TOOL" list --json | jq -c '.[0].last_used_at')" = null ]
  local before
  before=$(date +%s)
  login nginx alice 192.0.2.7
  [ "$(used deploy)" = '[1,0,"nginx","192.0.2.7"]' ]
  local at
  at=$(date -d "$(field deploy last_used_at)" +%s)
  [ "$at" -ge "$before" ]
  [ "$at" -le "$(date +%s)" ]
  login sshd alice 2001:db8::1
  [ "$("$AK_TOOL" list --json |
    jq -c '.[0] | [.uses, .refusals, .last_used_service, .last_used_from]')" = \
    '[2,0,"sshd","2001:db8::1"]' ]
}

@test 'a refusal is counted, and is no use' {
  make deploy --owner alice
  refused nginx bob
  "$AK_TOOL" disable -q deploy
  refused nginx alice
  [ "$(used deploy)" = '[0,2,null,null]' ]
  [ "$(field deploy last_used_at)" = '' ]
}

@test 'a password leaves no trace, and an unknown id none with a key' {
  make deploy --owner alice
  token='correct horse battery staple' refused nginx alice
  [ "$(stat -c %s "$(usage_file)")" = 80 ]
  make gone --owner alice
  "$AK_TOOL" revoke -q gone
  "$AK_TOOL" purge -q gone
  refused nginx alice
  [ "$(used deploy)" = '[0,0,null,null]' ]
}

@test 'without a terminal LAST USED is a time in UTC, and never for a new key' {
  make deploy --owner alice
  make other --owner alice
  login nginx alice
  authkey list
  ends 0
  [[ ${lines[1]} =~ ^deploy\ +alice\ +never\  ]]
  [[ ${lines[2]} =~ ^other\ +alice\ +20[0-9T:-]+Z\  ]]
}

@test 'at a terminal LAST USED says how long ago' {
  make deploy --owner alice
  login nginx alice
  "$AK_TOOL" list >"$PLACE/out"
  local seconds text
  while read -r seconds text; do
    age deploy "$seconds"
    dialog 100 -- "$AK_TOOL" list
    [[ $output == *" $text "* ]] || { echo "$seconds is not $text: $output"; return 1; }
    [[ $("$AK_TOOL" list) != *ago* ]]
  done <<'END'
61 1 minute ago
200 3 minutes ago
7300 2 hours ago
90000 1 day ago
1000000 11 days ago
6000000 2 months ago
70000000 2 years ago
END
  dialog 70 -- "$AK_TOOL" list
  [[ $output == *' 2y ago '* ]]
}

@test 'a clock that was set back makes no use of the future' {
  make deploy --owner alice
  login nginx alice
  "$AK_TOOL" list >"$PLACE/out"
  age deploy -5000
  dialog 100 -- "$AK_TOOL" list
  [[ $output == *' now '* ]]
}

@test 'show names addresses and services to people, with the first use of each' {
  make deploy --owner alice
  login nginx alice 192.0.2.7
  login nginx alice 192.0.2.7
  refused sshd bob 198.51.100.9
  authkey show deploy
  ends 0
  grep -qE '^USES +2 *$' <<<"$output"
  grep -qE '^REFUSALS +1 *$' <<<"$output"
  grep -qE '^FROM +SINCE +USES +REFUSALS *$' <<<"$output"
  grep -qE '^192\.0\.2\.7 +20[0-9T:-]+Z +2 +0 *$' <<<"$output"
  grep -qE '^198\.51\.100\.9 +- +0 +1 *$' <<<"$output"
  grep -qE '^nginx +2 +0 *$' <<<"$output"
  grep -qE '^sshd +0 +1 *$' <<<"$output"
}

@test 'list --unused-since finds what was not used since, and no key made since' {
  local key
  for key in fresh stale never young; do make "$key" --owner alice; done
  token=$("$AK_TOOL" create -q used --owner alice)
  login nginx alice
  local day=86400
  age never $((90 * day))
  [ "$(names --unused-since 30d)" = never ]
  master_sql 'UPDATE key SET created_at = unixepoch() - 8640000'
  [ "$(names --unused-since 30d --sort name)" = 'fresh never stale young' ]
  age used $((40 * day))
  [ "$(names --unused-since 30d --sort name)" = 'fresh never stale used young' ]
  [ "$(names --unused-since 50d --owner alice --sort name)" = \
    'fresh never stale young' ]
  [ "$(names --unused-since 2000-01-01)" = '' ]
}

@test 'list --unused-since counts every record first, however many there are' {
  make deploy --owner alice
  age deploy 8640000
  token=$("$AK_TOOL" create -q busy --owner alice)
  login nginx alice
  repeat_record 120000
  token=$("$AK_TOOL" create -q late --owner alice)
  login nginx alice
  age late 8640000
  [ "$(names --unused-since 30d)" = deploy ]
}

@test 'list --sort last_used begins with what was never used, and pages' {
  local key days
  make never --owner alice
  for key in a b c; do
    make "$key" --owner alice
    login nginx alice
  done
  "$AK_TOOL" list >"$PLACE/out"
  while read -r key days; do age "$key" $((days * 86400)); done <<'END'
a 3
b 9
c 1
END
  [ "$(names --sort last_used)" = 'never b a c' ]
  [ "$(names --sort last_used --limit 2)" = 'never b' ]
  [ "$(names --sort last_used --limit 2 --after b)" = 'a c' ]
  [ "$(names --sort last_used --status revoked)" = '' ]
}

@test 'a time that has not been is no WHEN of --unused-since' {
  local when
  for when in yesterday 5x '' -1d 99999999999999d; do
    authkey list --unused-since "$when"
    ends 2
    says '--unused-since'
    silent
  done
}

@test 'without usage.db the keys are listed, and their use is unknown and not never' {
  make deploy --owner alice
  printf 'no database%0600d' 1 >"$AUTHKEY_DIR/master/usage.db"
  authkey list
  ends 0
  says 'nothing is known of usage'
  [ "$(grep -c 'nothing is known' <<<"$stderr")" = 1 ]
  [[ ${lines[1]} =~ ^deploy\ +alice\ +unknown\  ]]
  authkey show deploy --json
  ends 0
  [ "$(jq -c '[.last_used_at, .uses, .refusals]' <<<"$output")" = '[null,null,null]' ]
  authkey list --unused-since 1d
  ends 5
  silent
}

@test 'what is wrong with a usage file is said once, safe for the terminal (R34, R41)' {
  make deploy --owner alice
  touch "$AUTHKEY_DIR/usage.d/"$'x\e[2J'
  mkfifo "$AUTHKEY_DIR/usage.d/65000"
  ln -s /etc/passwd "$AUTHKEY_DIR/usage.d/65001"
  authkey list
  ends 0
  says 'usage.d/x\x1b[2J: is none of authkey'
  says 'usage.d/65000: is not a regular file'
  says 'usage.d/65001: is a symbolic link'
  [[ $stderr != *$'\e'* ]]
  authkey list
  ends 0
  [ -z "$stderr" ]
}

@test 'commands that change a key answer with its use in JSON' {
  make deploy --owner alice
  login nginx alice
  authkey disable deploy --json
  ends 0
  [ "$(jq -c '.[0] | [.uses, .refusals]' <<<"$output")" = '[1,0]' ]
  authkey create new --json
  [ "$(jq -c '[.uses, .refusals, .last_used_at]' <<<"$output")" = '[0,0,null]' ]
}
