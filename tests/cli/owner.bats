#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

owner() {
  "$AK_TOOL" owner show alice --field "$1"
}

@test 'owner set describes a person, and owner show tells' {
  authkey owner set alice --name 'Alice Archer' --user-id 4711 --email a@example.org \
    --external-id CRM-9
  ends 0
  silent
  authkey owner show alice --json
  ends 0
  [ "$(jq -c '[.owner, .name, .user_id, .email, .external_id, .verified, .suspended]' \
    <<<"$output")" = \
    '["alice","Alice Archer","4711","a@example.org","CRM-9",false,false]' ]
  "$AK_TOOL" owner set -q alice --email ''
  authkey owner show alice --json
  [ "$(jq -c '[.name, .email]' <<<"$output")" = '["Alice Archer",null]' ]
}

@test 'owner list has who owns keys and who was described' {
  authkey owner list
  ends 0
  silent
  says 'authkey create NAME'
  make deploy --owner bob
  "$AK_TOOL" owner set -q alice --name Alice
  authkey owner list --field owner
  [ "$output" = alice$'\n'bob ]
  authkey owner list
  [[ ${lines[0]} =~ ^OWNER\ +NAME\ +E-MAIL\ +VERIFIED\ +SUSPENDED$ ]]
}

@test 'a suspended owner opens nothing until resumed' {
  make one --owner alice
  authkey owner suspend alice --reason 'left the company'
  ends 0
  [ "$(verdict)" = OWNER_SUSPENDED ]
  [ "$(owner suspend_reason)" = 'left the company' ]
  [ "$(owner suspended_by)" = "$(id -un)" ]
  authkey owner suspend alice
  ends 0
  says 'is suspended already'
  authkey owner resume alice
  ends 0
  [ "$(verdict)" = VALID ]
  [ "$(owner suspended)" = no ]
  [ "$(owner suspend_reason)" = '' ]
  authkey owner resume alice
  ends 0
  says 'is not suspended'
}

@test 'verification is noted and published, and taken back' {
  make one --owner alice
  local before
  before=$(stat -c %i.%y "$AUTHKEY_DIR/keys.db")
  authkey owner verify alice
  ends 0
  [ "$(owner verified)" = yes ]
  [ "$(owner verified_by)" = "$(id -un)" ]
  [ "$(stat -c %i.%y "$AUTHKEY_DIR/keys.db")" != "$before" ]
  authkey owner verify alice
  ends 0
  says 'is verified already'
  authkey owner verify alice --undo
  ends 0
  [ "$(owner verified)" = no ]
}

@test 'an unknown owner is exit 3, so that a mistyped name suspends nobody in silence' {
  for command in show suspend resume verify; do
    authkey owner "$command" alcie
    ends 3
    silent
    says 'alcie owns no key and was never described'
  done
}

@test 'bad words are usage errors' {
  authkey owner set alice
  ends 2
  says 'what to set is missing'
  authkey owner set 'a b' --name x
  ends 2
  says 'USER: a user name has'
  authkey owner set alice --name $'a\eb'
  ends 2
  says '--name'
  authkey owner set alice --email "$(printf 'x%.0s' {1..257})"
  ends 2
  says '--email'
  make one --owner alice
  authkey owner suspend alice --reason $'a\nb'
  ends 2
  authkey owner show
  ends 2
  says 'USER is missing'
}

@test 'owner commands answer with the owner when data is asked for' {
  make one --owner alice
  authkey owner suspend alice --json
  ends 0
  [ "$(jq -r .suspended <<<"$output")" = true ]
  authkey owner verify alice --field verified
  [ "$output" = yes ]
}

@test 'whoever looks at a key of a suspended owner, or makes one, is told' {
  make deploy --owner alice
  make other --owner bob
  "$AK_TOOL" owner suspend -q alice
  authkey show deploy
  ends 0
  says 'The owner alice is suspended: the key opens nothing.'
  authkey list
  ends 0
  [ "$stderr" = "alice is suspended: none of the owner's keys opens anything." ]
  prints enabled
  authkey list --json
  [ -z "$stderr" ]
  authkey list --owner bob
  [ -z "$stderr" ]
  authkey create another --owner alice
  ends 0
  says 'alice is suspended: the key opens nothing until: authkey owner resume alice'
}
