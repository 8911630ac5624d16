#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# At a real pseudo-terminal: dialog.exp plays the administrator.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# The longest line that was shown, colours left out.
widest() {
  sed -e 's/\x1b\[[0-9;]*m//g' -e 's/\r//g' <<<"$output" | wc -L
}

# echoes COMMAND...: run it at a terminal, then say whether that echoes still.
echoes() {
  printf '%s; stty -a | grep -qw -- -echo && echo echo-is-off || echo echo-is-on' "$*"
}

@test 'create asks for name and description, and Create makes the key' {
  dialog 80 'Key name: ' 'Swaggy M.\r' 'Description (optional): ' 'für die Seite\r' \
    'Create or Cancel?' 'create\r' -- "$AK_TOOL" create --owner alice
  ends 0
  prints 'Created the key "Swaggy M." of alice'
  [[ $output =~ ak_[1-9A-HJ-NP-Za-km-z]{41} ]]
  token=${BASH_REMATCH[0]}
  [ "$(verdict --user alice)" = VALID ]
  [ "$(field 'Swaggy M.' description)" = 'für die Seite' ]
}

@test 'Cancel makes nothing and exits 1' {
  dialog 80 'Description (optional): ' '\r' 'Create or Cancel?' 'cancel\r' -- \
    "$AK_TOOL" create deploy
  ends 1
  prints 'Cancelled; no key was made.'
  authkey list
  silent
}

@test 'Enter at Create or Cancel creates; what is neither is asked again' {
  dialog 80 'Create or Cancel?' 'c\r' 'Please answer' '' 'Create or Cancel? [Create] ' \
    '\r' -- \
    "$AK_TOOL" create deploy -d ''
  ends 0
  [ "$(field deploy status)" = enabled ]
}

@test 'a name that is none is asked for again, with the reason' {
  dialog 80 'Key name: ' '/bad\r' 'a key name has' '' 'Key name: ' 'good\r' 'Description' '\r' \
    'Create or Cancel?' 'create\r' -- "$AK_TOOL" create
  ends 0
  [ "$(field good status)" = enabled ]
}

@test 'Ctrl-D and Ctrl-C make nothing and leave the terminal as it was' {
  dialog 80 'Key name: ' '\004' -- "$AK_TOOL" create
  ends 1
  dialog 80 'Create or Cancel?' '\004' -- "$AK_TOOL" create deploy -d ''
  ends 1
  dialog 80 'Key name: ' 'x\003' -- "$AK_TOOL" create
  ends 130
  dialog 80 'Key name: ' 'x\003' -- bash -c \
    "trap : INT; $(echoes "$AK_TOOL create")"
  prints 'echo-is-on'
  authkey list
  silent
}

@test 'create with -y asks for nothing that can be left out' {
  dialog 80 -- "$AK_TOOL" create deploy -y
  ends 0
  [[ $output != *'Create or Cancel'* ]]
  [ "$(field deploy status)" = enabled ]
}

@test 'create -q asks nothing, so that a script at a terminal does not wait' {
  dialog 80 -- bash -c 'token=$("$AK_TOOL" create deploy -q) && echo "${#token}"'
  ends 0
  prints 44
  dialog 80 -- "$AK_TOOL" create -q
  ends 2
  prints 'NAME is missing'
}

@test 'nothing is asked when only one of stdin and stderr is a terminal' {
  dialog 80 -- bash -c '"$AK_TOOL" create </dev/null'
  ends 2
  prints 'NAME is missing'
  dialog 80 -- bash -c '"$AK_TOOL" create 2>/dev/null'
  ends 2
}

@test 'edit without options asks, with the present values to be edited' {
  make deploy --service nginx -d old
  dialog 120 'Key name: deploy' '-2\r' 'Description: old' '\025new\r' \
    'Services (= for all): nginx' ' sshd\r' 'Scopes: ' 'read,write\r' \
    'Networks (= for anywhere): ' '192.0.2.0/24\r' 'Tags: ' 'prod web\r' \
    'Expires: never' '\0252999-01-01\r' 'Not before: none' '\0252998-01-01\r' -- \
    "$AK_TOOL" edit deploy
  ends 0
  prints 'name: deploy -> deploy-2'
  [ "$("$AK_TOOL" show deploy-2 --json | jq -c \
    '[.description, .services, .scopes, .networks, .tags, .expires_at, .not_before]')" = \
    '["new",["nginx","sshd"],["read","write"],["192.0.2.0/24"],["prod","web"],"2999-01-01T00:00:00Z","2998-01-01T00:00:00Z"]' ]
}

@test 'edit with Enter alone changes nothing, and Ctrl-D neither' {
  make deploy --service nginx --scope read --from 192.0.2.0/24 --expires 2999-01-01 -d text
  local before
  before=$("$AK_TOOL" show deploy --json)
  dialog 80 'Key name' '\r' 'Description' '\r' 'Services' '\r' 'Scopes' '\r' 'Networks' \
    '\r' 'Tags' '\r' 'Expires' '\r' 'Not before' '\r' -- "$AK_TOOL" edit deploy
  ends 0
  prints 'is so already'
  dialog 80 'Key name: deploy' '2\r' 'Description: text' '\025\004' -- "$AK_TOOL" edit deploy
  ends 1
  prints 'Nothing was changed.'
  [ "$("$AK_TOOL" show deploy --json)" = "$before" ]
}

@test 'edit without options asks nothing of a key that is revoked' {
  make deploy
  authkey revoke -y deploy
  dialog 80 -- "$AK_TOOL" edit deploy
  ends 6
  prints 'is revoked, and its record stays as it is'
}

@test 'edit asks again for a value that cannot be' {
  make deploy
  dialog 80 'Key name' '\r' 'Description' '\r' 'Services' '\r' 'Scopes: ' 'BAD\r' \
    'scopes and tags have' '' 'Scopes: ' 'good\r' 'Networks' '\r' 'Tags' '\r' \
    'Expires: never' '\025soon\r' 'use 2026' '' 'or never' '' 'Expires: ' '90d\r' \
    'Not before: none' '\025soon\r' 'or none' '' 'Not before: ' '1d\r' -- "$AK_TOOL" edit deploy
  ends 0
  [ "$(field deploy scopes)" = good ]
  [ "$(field deploy status)" = pending ]
}

@test 'edit opens a key to all services with = alone, not with an empty answer' {
  make deploy --service nginx
  dialog 120 'Key name' '\r' 'Description' '\r' 'Services (= for all): nginx' '\025\r' \
    'that would leave no service' '' 'Services (= for all): ' '=\r' 'Scopes' '\r' \
    'Networks' '\r' 'Tags' '\r' 'Expires' '\r' 'Not before' '\r' -- "$AK_TOOL" edit deploy
  ends 0
  prints 'services: nginx -> all'
  [ "$(field deploy services)" = '' ]
}

@test 'after an answer that is neither yes nor no the line is empty again' {
  make deploy
  dialog 100 'for good? [y/N]' 'nonsense\r' 'Please answer y or n.' '' 'for good? [y/N] ' \
    'yes\r' -- "$AK_TOOL" revoke deploy
  ends 0
  [ "$(field deploy status)" = revoked ]
}

@test 'revoke --owner asks with the count, and no is no' {
  make a --owner alice
  make b --owner alice
  dialog 80 'Revoke 2 keys for good? [y/N]' 'n\r' -- "$AK_TOOL" revoke --owner alice
  ends 1
  dialog 80 'Revoke 2 keys for good? [y/N]' '\r' -- "$AK_TOOL" revoke --owner alice
  ends 1
  [ "$(field a status)" = enabled ]
  dialog 80 'Revoke 2 keys for good? [y/N]' 'y\r' -- "$AK_TOOL" revoke --owner alice
  ends 0
  [ "$(field a status)" = revoked ]
}

@test 'revoke asks once at a terminal, naming the keys; -y and -q do not ask' {
  make a --owner alice
  local a=$id
  make b --owner alice
  dialog 100 "Revoke alice/a ($a) for good? [y/N]" 'n\r' -- "$AK_TOOL" revoke a
  ends 1
  prints 'Nothing was revoked.'
  dialog 100 "alice/a ($a)" '' "alice/b ($id)" '' 'Revoke 2 keys for good? [y/N]' '\r' -- \
    "$AK_TOOL" revoke a b
  ends 1
  [ "$(field a status)" = enabled ]
  dialog 100 'for good? [y/N]' 'y\r' -- "$AK_TOOL" revoke a
  ends 0
  [ "$(field a status)" = revoked ]
  dialog 100 -- "$AK_TOOL" revoke "$a"
  ends 0
  prints 'is revoked already'
  dialog 100 -- "$AK_TOOL" revoke b -q
  ends 0
  make c
  dialog 100 -- "$AK_TOOL" revoke c -y
  ends 0
  [ "$("$AK_TOOL" list --status enabled)" = '' ]
}

@test 'purge does not ask about a key that is not revoked' {
  make a
  make b
  "$AK_TOOL" revoke -q a
  dialog 120 -- "$AK_TOOL" purge a b
  ends 6
  prints 'is not revoked, and only what is revoked can be deleted'
  [[ $output != *'[y/N]'* ]]
  [ "$(field a status)" = revoked ]
}

@test 'purge asks, and -y answers' {
  make a
  make b
  "$AK_TOOL" revoke -q a b
  dialog 80 'Delete the record of' 'n\r' -- "$AK_TOOL" purge a
  ends 1
  [ "$(field a status)" = revoked ]
  dialog 80 'Delete 2 records? [y/N]' 'y\r' -- "$AK_TOOL" purge a b
  ends 0
  dialog 80 -- "$AK_TOOL" list -y
  prints 'There are no keys yet'
}

@test 'verify asks for the token without echo' {
  make deploy
  dialog 80 'Token: ' "$token\\r" -- "$AK_TOOL" verify
  ends 0
  prints VALID
  [[ $output != *"${token:11:27}"* ]]
  dialog 80 'Token: ' "$token\\r" -- bash -c "$(echoes "$AK_TOOL verify")"
  prints 'echo-is-on'
}

@test 'Ctrl-C and Ctrl-D at the token leave the echo on' {
  dialog 80 'Token: ' '\003' -- "$AK_TOOL" verify
  ends 130
  dialog 80 'Token: ' 'abc\003' -- bash -c "trap : INT; $(echoes "$AK_TOOL verify")"
  prints 'echo-is-on'
  dialog 80 'Token: ' '\004' -- "$AK_TOOL" verify
  ends 2
  prints 'there is no token on stdin'
}

@test 'states have colours at a terminal, unless NO_COLOR or --color never says no' {
  make deploy
  dialog 80 -- "$AK_TOOL" list
  [[ $output == *$'\e[32menabled'* ]]
  NO_COLOR=1 dialog 80 -- "$AK_TOOL" list
  [[ $output != *$'\e['* ]]
  NO_COLOR='' dialog 80 -- "$AK_TOOL" list
  [[ $output == *$'\e[32menabled'* ]]
  dialog 80 -- "$AK_TOOL" list --color never
  [[ $output != *$'\e['* ]]
  NO_COLOR=1 dialog 80 -- "$AK_TOOL" list --color always
  [[ $output == *$'\e[32menabled'* ]]
  authkey list
  [[ $output != *$'\e['* ]]
  authkey show deploy --color always
  [[ $output == *$'\e[32menabled'* ]]
}

@test 'the table fits terminals of 40, 80 and 200 columns, and keeps ids and states' {
  local name=a-name-that-is-sixty-four-characters-long-and-so-the-longest-one
  make "$name" --owner somebody.with.a.rather.long.name@mail.example.org
  for columns in 40 80 200; do
    dialog "$columns" -- "$AK_TOOL" list
    ends 0
    [ "$(widest)" -le "$columns" ]
    prints "ak_$id…"
    prints enabled
  done
  prints "$name" # 200 columns are enough for it
  authkey list
  prints "$name"
  prints somebody.with.a.rather.long.name@mail.example.org
}

@test 'names that are too long for the line take several, and none is cut off' {
  local wide name=github-actions-deploy-of-production
  make "$name-1" --owner somebody.with.a.rather.long.name
  make "$name-2" --owner somebody.with.a.rather.long.name
  for columns in 40 80; do
    dialog "$columns" -- "$AK_TOOL" list
    wide=${lines[0]%%OWNER*}
    wide=$(cut -c "1-${#wide}" <<<"$output" | tr -d ' \n')
    [[ $wide == "NAME$name-1$name-2" ]]
  done
}

@test 'what changed takes several lines of audit, which break between words' {
  local before changes word
  make build --owner alice -d "$(printf '%080d' 0)" # some lines have no room for it
  make deploy --owner alice -d 'every night, to the hosts'
  for columns in 48 60 100; do
    dialog "$columns" -- "$AK_TOOL" audit
    ends 0
    [ "$(widest)" -le "$columns" ]
    before=${lines[0]%%CHANGE*}
    changes=" $(tr -d '\r' <<<"$output" | cut -c "$((${#before} + 1))-" | paste -sd' ') "
    changes=$(tr -s ' ' <<<"$changes")
    for word in id: description: every 'night,' 'hosts;' created_at: 'decoy: no'; do
      [[ $changes == *" $word "* ]] || { echo "$columns, no '$word': $changes"; return 1; }
    done
    [ "$(grep -o 0 <<<"$changes" | wc -l)" -ge 80 ]
  done
}

@test 'work goes on, and says nothing, while its terminal is stopped with Ctrl-S' {
  mkfifo "$PLACE/pipe"
  feed() {
    until [ -e "$PLACE/stopped" ]; do printf '%04096d' 0; sleep 0.05; done
    for _ in {1..40}; do printf '%65536d' 0; sleep 0.05; done
    touch "$PLACE/taken"
  }
  feed >"$PLACE/pipe" &
  dialog 80 'scanned' '\023' '' "!touch '$PLACE/stopped'; timeout 9 sh -c \
    'until [ -e $PLACE/taken ]; do sleep 0.05; done'" '' '\021' \
    -- bash -c "$AK_TOOL scan <'$PLACE/pipe'"
  ends 0
  prints '0 tokens found'
  wait
}

@test 'messages break between words, and not in a command that is there to be copied' {
  dialog 40 -- "$AK_TOOL" list --field nothing
  ends 2
  [ "$(widest)" -le 40 ]
  prints 'authkey help list'
  prints revoked_by
  authkey list --field nothing
  ends 2
  [ "$(wc -l <<<"$stderr")" = 1 ]
}

@test 'the findings of doctor stand at a narrow terminal whole, one below the other' {
  chmod 0755 "$AUTHKEY_DIR/master"
  dialog 40 -- "$AK_TOOL" doctor --pam-dir "$PLACE"
  ends 1
  prints 'REASON    has the mode 0755 instead of 0700'
  prints "FIX       chmod 0700 $(realpath "$AUTHKEY_DIR")/master"
}

@test 'times are local at a terminal' {
  make deploy --expires 2999-01-01T12:00:00Z
  TZ=Asia/Tokyo dialog 100 -- "$AK_TOOL" show deploy
  prints '2999-01-01 21:00'
}

@test 'what could steer the terminal is spelt out (R41)' {
  make deploy -d $'a\xe2\x80\xaeb'
  dialog 120 -- "$AK_TOOL" show deploy
  prints 'a\u202eb'
  dialog 120 -- "$AK_TOOL" show deploy --field description
  prints 'a\u202eb'
  dialog 200 -- "$AK_TOOL" list --format csv
  prints 'a\u202eb'
  dialog 120 -- "$AK_TOOL" show $'x\e[31m\xe2\x80\xae\xc2\x9b31m\x7f'
  ends 3
  [[ $output != *$'\e'* && $output != *$'\xe2\x80\xae'* && $output != *$'\xc2\x9b'* &&
    $output != *$'\x7f'* ]]
}

@test 'what is not of the locale is spelt out: 0x9b begins a sequence elsewhere (R41)' {
  make deploy --owner alice
  authkey owner set alice --name $'a\u011bz'
  mkdir "$PLACE/files"
  echo "$token" >"$PLACE/files/"$'a\u011bz'
  spelt() {
    LC_ALL=C dialog 200 -- "$AK_TOOL" "$@"
    prints "$as" && [[ $output != *$'\xc4'* && $output != *$'\x9b'* ]]
  }
  as='a\xc4\x9bz'
  for how in '--color never' '--field file' '--field place' '--format csv'; do
    # shellcheck disable=SC2086
    spelt scan $how "$PLACE/files"
  done
  for how in 'show alice' list 'show alice --field name' 'list --format csv'; do
    # shellcheck disable=SC2086
    spelt owner $how
  done
  as='a\u011bz'
  spelt scan --json "$PLACE/files"
  spelt owner show alice --json
  LC_ALL=C authkey scan "$PLACE/files"
  prints 'a\xc4\x9bz:1'
  LC_ALL=C authkey scan --field file "$PLACE/files" # a program's, as it is
  [ "$output" = "$PLACE/files/"$'a\u011bz' ]
}

@test 'edit keeps by Enter what cannot be shown: other alphabets, turned text, R41' {
  make deploy --owner alice -d 'Zürich'
  LC_ALL=C dialog 80 'Key name: ' '\r' 'Description: ' '\r' 'Services' '\r' 'Scopes' '\r' \
    'Networks' '\r' 'Tags' '\r' 'Expires' '\r' 'Not before' '\r' -- "$AK_TOOL" edit deploy
  ends 0
  prints 'Enter keeps it'
  [ "$(field deploy description)" = 'Zürich' ]
  authkey edit deploy -d $'turned \u202e text'
  dialog 80 'Key name: ' '\r' 'Description: ' '\004' -- "$AK_TOOL" edit deploy
  ends 1
  prints 'Nothing was changed.'
  [[ $output != *$'\u202e'* ]]
}

@test 'edit changes what was answered otherwise, and not what changed meanwhile' {
  make deploy --owner alice --from 10.0.0.0/8
  dialog 80 'Key name: ' '\r' 'Description: ' 'new\r' 'Services' '\r' 'Scopes' '\r' \
    'Networks' '!"$AK_TOOL" edit -q deploy --from =192.0.2.0/24' '' '\r' 'Tags' '\r' \
    'Expires' '\r' 'Not before' '\r' -- "$AK_TOOL" edit deploy
  ends 0
  [ "$(field deploy description)" = new ]
  [ "$(field deploy networks)" = 192.0.2.0/24 ]
}
