#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What messages propose is what was meant, and works as it is copied.
# shellcheck disable=SC2154,SC2030,SC2031
load helper

# means WORDS MEANT: the command that is proposed for one that there is not.
means() {
  # shellcheck disable=SC2086
  authkey $1
  ends 2
  silent
  says "there is no command $1; did you mean $2? See: authkey help"
}

@test 'another word for a command is understood, though no letter is the same' {
  means delete revoke
  means rm revoke
  means remove revoke
  means new create
  means add create
  means generate create
  means ls list
  means set edit
  means off disable
  means status doctor
  authkey help delete
  ends 2
  says 'did you mean revoke?'
}

@test 'another word for the second word of a command is understood within its family' {
  means 'verifier rm' 'verifier remove'
  means 'verifier delete' 'verifier remove'
  means 'verifier new' 'verifier add'
  means 'owner add' 'owner set'
  means 'owner remove' 'owner suspend'
  means 'owner enable' 'owner resume'
  means 'recovery enable' 'recovery init'
  means 'recovery disable' 'recovery off'
}

@test 'every command that a message names has the --dir that was given' {
  authkey --dir "$PLACE/none" list
  ends 3
  says "run: authkey --dir $PLACE/none init"
  "$AK_TOOL" init -q --dir "$PLACE/it's" --group "$(id -gn)"
  authkey list --dir "$PLACE/it's"
  ends 0
  says "The first one: authkey --dir '$PLACE/it'\\''s' create NAME"
  authkey --dir "$PLACE/it's" show nosuch
  ends 3
  says "see: authkey --dir '$PLACE/it'\\''s' list"
}

@test 'without --dir, and where no installation matters, messages name none' {
  authkey list
  says 'The first one: authkey create NAME'
  authkey --dir "$PLACE/keys" show
  ends 2
  says '; see: authkey help show'
  [[ $stderr != *--dir* ]]
}

@test 'no token gets into a message by the name of a folder (R40)' {
  make deploy
  authkey --dir "$PLACE/$token" list
  ends 3
  says "authkey --dir $PLACE/ak_$id... init"
  [[ $stderr != *"${token:11}"* ]]
}

# host NAME...: service files, of which our module is in none.
host() {
  mkdir -p "$PLACE/pam.d"
  for name in "$@"; do
    printf 'auth required pam_unix.so\naccount required pam_unix.so\n' >"$PLACE/pam.d/$name"
  done
}

@test 'a service that this host does not have is taken and said, with the one that is near' {
  host nginx sshd
  authkey create deploy --pam-dir "$PLACE/pam.d" --service ngnix,sshd,rabbitmq
  ends 0
  says 'This host has no PAM service ngnix; did you mean nginx?'
  says 'This host has no PAM service rabbitmq; the key opens it once there is one.'
  [[ $stderr != *'service sshd'* ]]
  [ "$(field deploy services)" = 'ngnix rabbitmq sshd' ]
  authkey edit deploy --pam-dir "$PLACE/pam.d" --service -ngnix,+sshdd
  ends 2
  authkey edit deploy --pam-dir "$PLACE/pam.d" --service -ngnix --service +sshdd
  ends 0
  says 'no PAM service sshdd; did you mean sshd?'
  [[ $stderr != *'no PAM service rabbitmq'* ]]
}

@test 'a service is known by what a line of the module calls it, too' {
  host nginx
  printf 'auth required %s service=staging\naccount required %s\n' "$AK_MODULE" "$AK_MODULE" \
    >"$PLACE/pam.d/web"
  authkey create deploy --pam-dir "$PLACE/pam.d" --service staging,web
  ends 0
  [[ $stderr != *'no PAM service'* ]]
  authkey create other --pam-dir "$PLACE/pam.d" --service stagin
  says 'did you mean staging?'
}

@test 'of a service with a capital letter the lower case is shown, also with -q' {
  host nginx
  make deploy
  authkey edit deploy --pam-dir "$PLACE/pam.d" --service =Nginx
  ends 0
  says 'Nginx: libpam makes service names lower case; did you mean nginx?'
  [[ $stderr != *'once there is one'* ]]
  # A file of that name is never read.
  host SSHD
  authkey create ssh -q --pam-dir "$PLACE/pam.d" --service SSHD,nginx
  ends 0
  [ "$stderr" = 'authkey: create: SSHD: libpam makes service names lower case; did you mean sshd?' ]
  # But a line may give any name.
  printf 'auth required %s service=Nginx\naccount required %s\n' "$AK_MODULE" "$AK_MODULE" \
    >"$PLACE/pam.d/web"
  authkey create other --pam-dir "$PLACE/pam.d" --service Nginx
  ends 0
  [[ $stderr != *'lower case'* ]]
}

@test 'verify and explain warn of a service with a capital letter' {
  [ -n "$(ls /etc/pam.d 2>/dev/null)" ] || skip 'this host has no PAM services'
  make deploy --service SSHD 2>/dev/null
  local command
  for command in verify explain; do
    run --separate-stderr "$AK_TOOL" -q "$command" --service SSHD <<<"$token"
    ends 0
    says 'SSHD: libpam makes service names lower case; did you mean sshd?'
    run --separate-stderr "$AK_TOOL" "$command" --service sshd <<<"$token"
    ends 1
    [[ $stderr != *'lower case'* ]]
  done
}

@test 'of services nothing is said with -q, on stdout, or where they cannot be read' {
  host nginx
  authkey create a -q --pam-dir "$PLACE/pam.d" --service ngnix
  ends 0
  [ -z "$stderr" ]
  authkey create b --json --pam-dir "$PLACE/pam.d" --service ngnix
  ends 0
  says 'did you mean nginx?'
  [ "$(jq -r .services[0] <<<"$output")" = ngnix ]
  authkey create c --pam-dir "$PLACE/none" --service ngnix
  ends 0
  [[ $stderr != *service* ]]
}

@test 'that a key is of root because nobody is named is said' {
  root_only
  authkey create mine
  ends 0
  says 'The key speaks for root, who runs this; for another user say --owner USER.'
  says 'Created the key "mine" of root'
  for words in 'a --owner root' 'b --owner alice' 'c -q'; do
    # shellcheck disable=SC2086
    authkey create $words
    ends 0
    [[ $stderr != *'speaks for root'* ]]
  done
  SUDO_USER=carol authkey create theirs
  [[ $stderr != *'speaks for root'* ]]
}

@test 'a name that is taken: what can be done with that key, and at a terminal another' {
  make deploy --owner alice
  authkey create deploy --owner alice
  ends 6
  silent
  says 'choose another name'
  says "authkey edit 'alice/deploy'"
  says "authkey rotate 'alice/deploy'"
  dialog 80 'Key name: ' 'deploy\r' 'of this name already' '' 'Key name: ' 'other\r' \
    'Description' '\r' 'Create or Cancel' '\r' -- "$AK_TOOL" create --owner alice
  ends 0
  [ "$(field other owner)" = alice ]
  "$AK_TOOL" revoke -q alice/deploy
  dialog 80 'Key name: ' 'deploy\r' 'Description' '\r' 'Create or Cancel' '\r' -- \
    "$AK_TOOL" create --owner alice
  ends 0
}

@test 'an address with a mask that is too short: its network is named, and the address' {
  authkey create deploy --from 192.0.2.7/24
  ends 2
  says 'the network is 192.0.2.0/24, and the address alone 192.0.2.7'
  make deploy
  authkey edit deploy --from +2001:db8::7/32
  ends 2
  says 'the network is 2001:db8::/32, and the address alone 2001:db8::7'
  [ -z "$(field deploy networks)" ]
}

@test 'a word that is to be taken away and is not there is named, and nothing else fails' {
  make deploy --from 192.0.2.0/24 --tag prod
  authkey edit deploy --from -192.0.2.7
  ends 0
  says '--from: 192.0.2.7 is not in the list.'
  [[ $stderr != *'is so already'* ]]
  authkey edit deploy --tag +new --tag -prd
  ends 0
  says 'tags: prod -> new prod'
  says '--tag: prd is not in the list.'
  authkey edit deploy --service -nginx
  ends 0
  says '--service: nginx is not in the list.'
  authkey edit deploy --tag -prod --tag -new
  ends 0
  [[ $stderr != *'not in the list'* ]]
  [ -z "$(field deploy tags)" ]
}

# no_option WORDS OPTION MEANT: another word for an option is understood.
no_option() {
  # shellcheck disable=SC2086
  authkey $1 "$2" x
  ends 2
  silent
  says "there is no option $2; did you mean $3? See: authkey help ${1%% *}"
}

@test 'another word for an option is understood, where the command has the option' {
  no_option create --user --owner
  no_option 'list x' --user --owner
  no_option verify --owner --user
  no_option create --ip --from
  no_option revoke --force --yes
  authkey show --user x
  ends 2
  says 'there is no option --user; see: authkey help show'
}

@test 'who asks for a key by the name of its owner is told so' {
  make deploy --owner alice
  authkey show alice
  ends 3
  says 'there is no key alice, but an owner; see: authkey list --owner alice'
  authkey show bob
  says 'there is no key bob; see: authkey list'
  make deploy2 --owner 'DOMAIN\bob'
  authkey show 'DOMAIN\bob'
  says "see: authkey list --owner 'DOMAIN\bob'"
}

@test 'a file where a command takes no argument is not taken for a token, a token is (R42)' {
  authkey export file
  ends 2
  says 'it takes no arguments; see: authkey help export'
  make deploy
  for words in "export $token" "create one $token"; do
    # shellcheck disable=SC2086
    authkey $words
    ends 2
    says 'tokens are read from stdin, never from arguments'
    [[ $stderr != *"${token:11}"* ]]
  done
}

@test 'init names both steps that follow, and doctor each way out once' {
  run --separate-stderr "$AK_TOOL" init --dir "$PLACE/new" --group "$(id -gn)"
  ends 0
  says "authkey --dir $PLACE/new verifier add USER;"
  says "authkey --dir $PLACE/new create NAME"
  authkey --dir "$PLACE/none" doctor --json
  [ "$(jq -r '.[0] | .reason, .fix' <<<"$output")" = \
    "there is no installation"$'\n'"authkey --dir $PLACE/none init" ]
}
