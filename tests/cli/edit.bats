#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

@test 'edit changes name and description, and says what from what to what' {
  make old --owner alice
  authkey edit old --name new -d 'all new'
  ends 0
  silent
  says 'name: old -> new'
  says 'description: - -> all new'
  [ "$(field alice/new id)" = "$id" ]
  authkey show old
  ends 3
}

@test 'edit keeps the id, the token and the day of birth' {
  make deploy
  local born
  born=$(field deploy created_at)
  "$AK_TOOL" edit -q deploy --name other --service nginx
  [ "$(field other created_at)" = "$born" ]
  [ "$(verdict --service nginx)" = VALID ]
}

@test 'lists: +x adds, -x takes away, =x,y and x,y replace, = empties' {
  make deploy --service nginx
  "$AK_TOOL" edit -q deploy --service +sshd
  [ "$(field deploy services)" = 'nginx sshd' ]
  "$AK_TOOL" edit -q deploy --service -nginx
  [ "$(field deploy services)" = sshd ]
  "$AK_TOOL" edit -q deploy --service =dovecot,login
  [ "$(field deploy services)" = 'dovecot login' ]
  "$AK_TOOL" edit -q deploy --service cron,sudo
  [ "$(field deploy services)" = 'cron sudo' ]
  "$AK_TOOL" edit -q deploy --service +a --service -cron --service +b
  [ "$(field deploy services)" = 'a b sudo' ]
  "$AK_TOOL" edit -q deploy --service one --service two
  [ "$(field deploy services)" = 'one two' ]
  "$AK_TOOL" edit -q deploy --service =
  [ "$(field deploy services)" = '' ]
}

@test 'no list of services or networks becomes empty, and so open to all, by accident' {
  make deploy --service nginx --from 192.0.2.0/24 --scope read --tag prod
  for change in -nginx '' ; do
    authkey edit deploy --service "$change"
    ends 2
    says 'that would leave no service, and the key would open all; say so with --service ='
  done
  authkey edit deploy --service =,
  ends 2
  says '--service: needs a value'
  authkey edit deploy --service +sshd --service -sshd,nginx
  ends 2
  make open
  authkey edit open --service ''
  ends 2
  for change in -192.0.2.0/24 ''; do
    authkey edit deploy --from "$change"
    ends 2
    says 'the key would open from anywhere; say so with --from ='
  done
  [ "$(field deploy services)/$(field deploy networks)" = nginx/192.0.2.0/24 ]
  authkey edit deploy --service = --from =
  ends 0
  says 'services: nginx -> all'
  says 'networks: 192.0.2.0/24 -> anywhere'
  "$AK_TOOL" edit -q deploy --scope -read --tag ''
  [ "$(field deploy scopes)$(field deploy tags)" = '' ]
}

@test 'scopes, networks and tags are edited the same way' {
  make deploy
  "$AK_TOOL" edit -q deploy --scope +read --from =192.0.2.0/24,2001:db8::/32 --tag prod
  [ "$(field deploy scopes)" = read ]
  [ "$(field deploy networks)" = '192.0.2.0/24 2001:db8::/32' ]
  [ "$(field deploy tags)" = prod ]
  "$AK_TOOL" edit -q deploy --from -2001:DB8:0::/32
  [ "$(field deploy networks)" = 192.0.2.0/24 ]
}

@test 'times: a date, a time from now, never and none' {
  make deploy
  "$AK_TOOL" edit -q deploy --expires 2999-01-31 --not-before 2998-01-31
  [ "$(field deploy expires_at)" = 2999-01-31T00:00:00Z ]
  [ "$(field deploy not_before)" = 2998-01-31T00:00:00Z ]
  [ "$(field deploy status)" = pending ]
  "$AK_TOOL" edit -q deploy --expires never --not-before none
  [ "$(field deploy expires_at)" = '' ]
  [ "$(field deploy not_before)" = '' ]
  [ "$(field deploy status)" = enabled ]
  "$AK_TOOL" edit -q deploy --expires 0m
  [ "$(field deploy status)" = expired ]
}

@test 'never and none are understood for both times, and each error names its own' {
  make deploy
  "$AK_TOOL" edit -q deploy --expires 2999-01-31 --not-before 2998-01-31
  "$AK_TOOL" edit -q deploy --expires none --not-before never
  [ "$(field deploy expires_at)$(field deploy not_before)" = '' ]
  make other --expires none --not-before never
  make another --expires never --not-before none
  [ "$(field other expires_at)$(field other not_before)" = '' ]
  for words in 'edit deploy' 'create fresh'; do
    # shellcheck disable=SC2086
    authkey $words --expires soon
    ends 2
    says '30m; or never'
    # shellcheck disable=SC2086
    authkey $words --not-before soon
    ends 2
    says '30m; or none'
    # shellcheck disable=SC2086
    authkey $words --expires -5d
    ends 2
    says '--expires: that is in the past'
  done
}

@test 'a key that is edited to end in the past is said to have expired' {
  make deploy
  authkey edit deploy --expires 2001-01-01
  ends 0
  says 'It has expired: the key opens nothing.'
  [ "$(verdict)" = EXPIRED ]
}

@test 'an edited restriction is in force when edit exits' {
  make deploy
  [ "$(verdict --service nginx)" = VALID ]
  "$AK_TOOL" edit -q deploy --service sshd
  [ "$(verdict --service nginx)" = SERVICE_MISMATCH ]
  "$AK_TOOL" edit -q deploy --service = --from 192.0.2.0/24
  [ "$(verdict --from 198.51.100.1)" = FORBIDDEN_IP ]
  [ "$(verdict --from 192.0.2.9)" = VALID ]
}

@test 'what is so already is no change, and not published' {
  make deploy --service nginx
  local before
  before=$(stat -c %i.%y "$AUTHKEY_DIR/keys.db")
  authkey edit deploy --service +nginx --name deploy
  ends 0
  silent
  says 'is so already'
  [ "$(stat -c %i.%y "$AUTHKEY_DIR/keys.db")" = "$before" ]
}

@test 'edit --json answers with the key as it is now' {
  make deploy
  authkey edit deploy --tag prod --json
  ends 0
  [ "$(jq -c .tags <<<"$output")" = '["prod"]' ]
}

@test 'a revoked key is not edited' {
  make deploy
  "$AK_TOOL" revoke -q deploy
  authkey edit deploy --name other
  ends 6
  says 'is revoked'
  [[ $stderr != *'STILL LIVE'* ]]
}

@test 'a name that the owner uses already is refused, and nothing changes' {
  make one --owner alice
  make two --owner alice
  authkey edit alice/two --name one --tag changed
  ends 6
  says 'has a key named "one" already'
  [ "$(field alice/two tags)" = '' ]
}

@test 'bad values are refused by the option, and nothing changes' {
  make deploy --expires 2999-01-01
  while read -r option value; do
    authkey edit deploy --tag changed "$option" "$value"
    ends 2
    silent
    says "$option"
  done <<'END'
--name a/b
--service +a/b
--service =UP,a/b
--scope UP
--from 10.0.0.1/8
--from example.org
--expires someday
--not-before someday
--not-before 2999-01-01
END
  authkey edit deploy --tag changed -d $'a\nb'
  ends 2
  [ "$(field deploy tags)" = '' ]
}

@test 'without options and without a terminal edit asks nothing' {
  make deploy
  authkey edit deploy
  ends 2
  says 'what to change is missing; see: authkey help edit'
}

@test 'the owner of a key is not edited' {
  make deploy
  authkey edit deploy --owner bob
  ends 2
  says 'there is no option --owner'
}

@test 'a list that is longer than a key holds is refused' {
  make deploy
  local many
  many=$(printf 'scope-number-%04d,' {1..200})
  authkey edit deploy --scope "$many"
  ends 2
  says 'more than a key can hold'
  [ "$(field deploy scopes)" = '' ]
}
