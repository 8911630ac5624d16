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
