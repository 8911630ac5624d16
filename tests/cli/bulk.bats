#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Keys that are not named one by one: revoke, enable and disable with --owner and --tag.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# statuses NAME...: in one line.
statuses() {
  local name
  for name; do field "$name" status; done | paste -sd/
}

# meanwhile COMMAND QUESTION TOOL_WORDS...: the tool at a terminal; COMMAND is run while the
# question stands, which then is answered with y.
meanwhile() {
  dialog 100 "$2" "!$1" '' 'y\r' -- "$AK_TOOL" "${@:3}"
}

@test 'a key made while the question stands is not overlooked: nothing is revoked, exit 6' {
  make a --owner alice
  make b --owner alice
  meanwhile "'$AK_TOOL' create -q c --owner alice" 'Revoke 2 keys for good? [y/N]' \
    revoke --owner alice
  ends 6
  prints 'Nothing was revoked. By now other keys fit than the 2 that the question was about'
  prints 'repeat the command'
  [ "$(statuses a b c)" = enabled/enabled/enabled ]
  meanwhile true 'Revoke 3 keys for good? [y/N]' revoke --owner alice
  ends 0
  [ "$(statuses a b c)" = revoked/revoked/revoked ]
}

@test 'one key for another while the question stands is exit 6, too' {
  make a --owner alice
  meanwhile "'$AK_TOOL' revoke -q a; '$AK_TOOL' create -q a2 --owner alice" \
    "Revoke alice/a ($id) for good? [y/N]" revoke --owner alice
  ends 6
  [ "$(statuses a2)" = enabled ]
}

@test 'a key that is gone by the time of the answer holds nothing up' {
  make a --owner alice
  make b --owner alice
  meanwhile "'$AK_TOOL' revoke -q a; '$AK_TOOL' purge -q a" 'Revoke 2 keys for good?' \
    revoke --owner alice
  ends 0
  [ "$(statuses b)" = revoked ]
}

@test 'more than twenty keys are not all named before the question' {
  local i
  for i in {1..23}; do make "k$i" --tag many; done
  dialog 80 'and 3 more' '' 'Disable 23 keys? [y/N]' 'n\r' -- "$AK_TOOL" disable --tag many
  ends 1
  prints 'Nothing was disabled.'
  [ "$(grep -c '^  .*/k' <<<"$output")" = 20 ]
}

@test 'disable and enable take --owner and --tag, and work on those that need it' {
  make a --owner alice --tag x
  make b --owner alice
  make c --owner bob --tag x
  authkey disable --tag x
  ends 2
  says 'it would disable 2 keys; say yes with -y'
  authkey disable --tag x --owner alice -y
  ends 0
  says 'Disabled alice/a ('
  [ "$(statuses a b c)" = disabled/enabled/enabled ]
  authkey disable --owner alice -y --json
  ends 0
  [ "$(jq -c 'map(.name)' <<<"$output")" = '["b"]' ]
  "$AK_TOOL" revoke -q b
  authkey enable --owner alice -y
  ends 0
  [ "$(statuses a b c)" = enabled/revoked/enabled ]
  authkey enable --owner alice -y
  ends 0
  says 'No keys fit; nothing to do.'
}

@test 'the same mistakes are the same usage errors for all three' {
  make a --owner alice
  local verb
  for verb in revoke disable enable; do
    authkey "$verb"
    ends 2
    says 'KEY, --owner or --tag is missing'
    authkey "$verb" a --tag x -y
    ends 2
    says 'not both'
    authkey "$verb" --tag 'A B' -y
    ends 2
    authkey "$verb" --owner nosuch -y
    ends 3
  done
  [ "$(statuses a)" = enabled ]
}
