#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# enable, disable, revoke and purge.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

published() {
  stat -c %i.%y "$AUTHKEY_DIR/keys.db"
}

@test 'disable shuts a key out at once, enable lets it in at once (R26)' {
  make deploy
  [ "$(verdict)" = VALID ]
  authkey disable deploy
  ends 0
  silent
  says 'Disabled'
  [ "$(verdict)" = DISABLED ]
  [ "$(field deploy status)" = disabled ]
  authkey enable deploy
  ends 0
  says 'Enabled'
  [ "$(verdict)" = VALID ]
}

@test 'enable notes when the key was switched on' {
  make deploy --disabled
  [ "$(field deploy activated_at)" = '' ]
  "$AK_TOOL" enable -q deploy
  [[ $(field deploy activated_at) == 20*Z ]]
}

@test 'repeating a state succeeds, says so and publishes nothing' {
  make deploy
  local before
  before=$(published)
  authkey enable deploy
  ends 0
  says 'is enabled already'
  [ "$(published)" = "$before" ]
  "$AK_TOOL" disable -q deploy
  before=$(published)
  authkey disable deploy
  ends 0
  says 'already'
  [ "$(published)" = "$before" ]
  "$AK_TOOL" revoke -q deploy
  before=$(published)
  authkey revoke deploy --reason 'another one'
  ends 0
  says 'is revoked already'
  [ "$(published)" = "$before" ]
  [ "$(field deploy revoke_reason)" = '' ]
}

@test 'many keys change in one publish, or none of them' {
  make a
  make b
  make c
  local before generation='SELECT generation FROM installation'
  before=$(sql "$AUTHKEY_DIR/master/master.db" "$generation")
  authkey disable a b c a
  ends 0
  [ "$(sql "$AUTHKEY_DIR/master/master.db" "$generation")" = $((before + 1)) ]
  [ "$("$AK_TOOL" list --status disabled --field name | paste -sd' ')" = 'a b c' ]
  authkey enable a nothing c
  ends 3
  says 'there is no key nothing'
  [ "$("$AK_TOOL" list --status enabled --field name)" = '' ]
  "$AK_TOOL" revoke -q b
  authkey enable a b c
  ends 6
  [ "$("$AK_TOOL" list --status enabled --field name)" = '' ]
}

@test 'the answer in JSON has the keys as they are now' {
  make a
  make b
  authkey disable a b --json
  ends 0
  [ "$(jq -r 'map(.name + "=" + .status) | join(" ")' <<<"$output")" = \
    'a=disabled b=disabled' ]
}

@test 'revoke is for good, with who, when and why' {
  make deploy
  authkey revoke deploy --reason 'seen in a public log'
  ends 0
  says 'Revoked'
  [ "$(verdict)" = REVOKED ]
  [ "$(field deploy revoke_reason)" = 'seen in a public log' ]
  [ "$(field deploy revoked_by)" = "$(id -un)" ]
  [[ $(field deploy revoked_at) == 20*Z ]]
  authkey enable deploy
  ends 6
  says 'for good'
  authkey disable deploy
  ends 0
  [ "$(verdict)" = REVOKED ]
}

@test 'revoke behind sudo names who called sudo' {
  root_only
  make deploy
  SUDO_USER=carol authkey revoke deploy
  [ "$(field deploy revoked_by)" = carol ]
  make next
  SUDO_USER=$'ev\nil' authkey revoke next
  [ "$(field next revoked_by)" = root ]
}

@test 'revoke --owner and --tag need -y without a terminal' {
  make a --owner alice
  make b --owner alice --tag leaked
  make c --owner bob --tag leaked
  authkey revoke --owner alice
  ends 2
  says 'it would revoke 2 keys for good; say yes with -y'
  [ "$("$AK_TOOL" list --status revoked)" = '' ]
  authkey revoke --tag leaked --owner alice -y
  ends 0
  [ "$("$AK_TOOL" list --status revoked --field name)" = b ]
  authkey revoke --tag leaked -y --reason 'found outside'
  ends 0
  [ "$(field c revoke_reason)" = 'found outside' ]
  [ "$(field a status)" = enabled ]
  authkey revoke --tag unknown -y
  ends 0
  says 'nothing to do'
}

@test 'revoke without a key, or with two ways to name them, is a usage error' {
  make a --owner alice
  authkey revoke
  ends 2
  says 'KEY, --owner or --tag is missing'
  authkey revoke a --owner alice -y
  ends 2
  says 'not both'
  authkey revoke a --reason $'two\nlines'
  ends 2
  authkey revoke --owner 'a b' -y
  ends 2
  [ "$(field a status)" = enabled ]
}

@test 'purge deletes revoked records alone, and all or none' {
  make old
  make live
  authkey purge old
  ends 6
  says 'is not revoked'
  "$AK_TOOL" revoke -q old
  authkey purge old live
  ends 6
  [ "$(field old status)" = revoked ]
  authkey purge old
  ends 0
  silent
  says 'Deleted the record of'
  authkey show old
  ends 3
  [ "$(field live status)" = enabled ]
}

@test 'a purged key is as unknown to logins as one that never was' {
  make old
  "$AK_TOOL" revoke -q old
  "$AK_TOOL" purge -q old
  [ "$(verdict)" = NOT_FOUND ]
}

@test 'an id, a name with spaces and OWNER/NAME all do for the toggle' {
  make 'Swaggy M.' --owner alice
  authkey disable "$id"
  ends 0
  authkey enable 'Swaggy M.'
  ends 0
  authkey disable 'alice/Swaggy M.'
  ends 0
  [ "$(verdict)" = DISABLED ]
}

@test 'many keys are counted and not listed one by one' {
  for i in {1..22}; do make "k$i" --owner alice; done
  authkey revoke --owner alice -y
  ends 0
  says 'Revoked 22 keys'
}

@test 'revoke of an owner whom nobody knows is exit 3, of one without live keys is done' {
  make deploy --owner alice
  authkey revoke --owner nosuch -y
  ends 3
  says 'nosuch owns no key and was never described'
  "$AK_TOOL" revoke -q deploy
  authkey revoke --owner alice -y
  ends 0
  authkey list --owner nosuch
  ends 0
  silent
  says 'nosuch owns no key and was never described; see: authkey owner list'
}

@test 'one key that is not there: nothing is changed, and that is said' {
  make a
  authkey disable a nosuch
  ends 3
  says 'None of the keys was changed.'
  [ "$(field a status)" = enabled ]
  authkey disable nosuch
  [[ $stderr != *'None of the keys'* ]]
}

@test 'disable says of a disabled key that, and of a revoked one what it is' {
  make a
  "$AK_TOOL" disable -q a
  authkey disable a
  ends 0
  says 'is disabled already; nothing to do.'
  "$AK_TOOL" revoke -q a
  authkey disable a
  ends 0
  says 'is revoked, which is more and for good; nothing to do.'
}
