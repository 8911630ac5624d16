#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

@test 'help lists every command on stdout' {
  local commands
  mapfile -t commands < <("$AK_TOOL" help --json | jq -r '.commands[].command')
  [ "${#commands[@]}" -gt 40 ]
  authkey help
  ends 0
  for command in "${commands[@]}"; do
    prints $'\n'"  $command "
  done
  [ -z "$stderr" ]
}

@test 'help lists the commands by groups, each of which has one heading' {
  authkey help
  local keys=${output#*$'\n'Keys:$'\n'}
  keys=${keys%%$'\n\n'*}
  [[ $keys == '  create '*$'\n''  prune '* ]]
  [[ $keys != *'  doctor '* && $output == *$'\n'Installation:$'\n''  init '* ]]
  run bash -c '"$AK_TOOL" help --json | jq -r ".commands[].group" | uniq | sort | uniq -d'
  [ -z "$output" ]
  run bash -c '"$AK_TOOL" help --json | jq "[.commands[].group] | unique | length"'
  [ "$output" -gt 5 ]
}

@test 'help create explains it with an example, and so do --help and -h' {
  authkey help create
  ends 0
  prints 'Example:'
  prints 'authkey create deploy --owner alice'
  prints '--not-before WHEN'
  local explained=$output
  authkey create --help
  ends 0
  [ "$output" = "$explained" ]
  authkey create -h
  [ "$output" = "$explained" ]
}

@test 'help of a command with two words, and of its family' {
  authkey help owner set
  ends 0
  prints '--external-id'
  authkey help 'owner set'
  ends 0
  prints '--external-id'
  authkey help owner
  ends 0
  prints 'authkey owner suspend USER'
}

@test 'help fits into 80 columns, of the tool, of each command and of each family' {
  local name
  while read -ra name; do
    authkey help "${name[@]}"
    ends 0
    [ "$(wc -L <<<"$output")" -le 80 ] || { echo "${name[*]}: $output"; return 1; }
  done < <(echo; "$AK_TOOL" help --json | jq -r '.commands[].command | ., split(" ")[0]' | uniq)
}

@test 'help --json lists commands with their options and fields' {
  run --separate-stderr bash -c '"$AK_TOOL" help --json | jq -r ".commands[].command"'
  ends 0
  prints 'verifier add'
  run bash -c '"$AK_TOOL" help create --json |
    jq -r ".options[] | select(.option == \"description\") | .letter"'
  [ "$output" = d ]
  make deploy --owner alice
  run bash -c '"$AK_TOOL" help list --json | jq -c .fields'
  [ "$output" = "$("$AK_TOOL" list --json | jq -c '.[0] | keys_unsorted')" ]
}

@test '--version prints the name and the version' {
  authkey --version
  ends 0
  [[ $output =~ ^authkey\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
  local version=$output
  authkey list --version
  [ "$output" = "$version" ]
}

@test 'without a command it says so and where the help is' {
  authkey
  ends 2
  silent
  says 'a command is missing; see: authkey help'
}

@test 'an unknown command is refused with the nearest one' {
  authkey craete
  ends 2
  silent
  says 'did you mean create?'
  authkey xyzzyx
  ends 2
  says 'there is no command xyzzyx; see: authkey help'
}

@test 'a command of two words needs the second' {
  authkey owner
  ends 2
  says 'is missing'
  authkey owner dance
  ends 2
  says 'there is no command owner dance; see: authkey help'
}

@test 'authkey alone, and the first of two words alone, list the commands' {
  authkey
  ends 2
  silent
  says '  create  '
  says '  verifier remove  '
  authkey --help
  ends 0
  prints '  create  '
  authkey -h
  ends 0
  prints '  create  '
  authkey owner
  ends 2
  silent
  says 'authkey owner suspend USER'
  for words in 'owner --help' 'owner -h' 'help owner'; do
    # shellcheck disable=SC2086
    authkey $words
    ends 0
    prints 'authkey owner suspend USER'
    [[ $output != *verifier* ]]
  done
}

@test 'a mistyped command of one word or two is guessed, by help too' {
  authkey owner lst
  ends 2
  says 'there is no command owner lst; did you mean owner list? See: authkey help'
  authkey help creat
  ends 2
  says 'did you mean create?'
  authkey help owner shw
  ends 2
  says 'did you mean owner show?'
}

@test 'unknown options, missing and needless values are refused by name' {
  authkey list --bogus=some-secret
  ends 2
  says 'list: there is no option --bogus; see: authkey help list'
  [[ $stderr != *some-secret* ]]
  authkey list -x
  ends 2
  says 'there is no option -x'
  authkey list --owner
  ends 2
  says '--owner needs its U'
  authkey list --json=yes
  ends 2
  says '--json takes no value'
  authkey list --owner a --owner b
  ends 2
  says '--owner is given twice'
}

@test 'too many and too few arguments are refused' {
  authkey show
  ends 2
  says 'KEY is missing'
  authkey show a b
  ends 2
  says 'too many arguments: it takes KEY alone'
  authkey help a b c
  ends 2
  says 'too many arguments: it takes [COMMAND], 2 words at most'
  authkey config prefix kalp now
  ends 2
  says 'too many arguments: it takes [NAME [VALUE]], 2 words at most'
  authkey publish now
  ends 2
  says 'it takes no arguments'
}

@test 'global options stand before the command or after it' {
  make deploy
  for words in '--json list' 'list --json' '--format json list' 'list --format json'; do
    # shellcheck disable=SC2086
    authkey $words
    ends 0
    [ "$(jq -r '.[0].name' <<<"$output")" = deploy ]
  done
  unset AUTHKEY_DIR
  authkey --dir "$PLACE/keys" list --field name
  [ "$output" = deploy ]
  authkey list --field name --dir "$PLACE/keys"
  [ "$output" = deploy ]
}

@test 'options stand behind arguments whatever POSIXLY_CORRECT says' {
  make deploy
  export POSIXLY_CORRECT=1
  authkey disable deploy -y --json
  ends 0
  authkey list --field status
  [ "$output" = disabled ]
  authkey show deploy --field name --dir "$PLACE/keys"
  [ "$output" = deploy ]
}

@test 'global options that make no sense are refused before anything is done' {
  authkey list --format xml
  ends 2
  says '--format is table, json or csv'
  authkey list --color red
  ends 2
  says '--color is auto, always or never'
  authkey list --json --format csv
  ends 2
  says 'contradict'
  authkey create deploy --field secret
  ends 2
  says 'there is no field secret; the fields are: id name'
  authkey list
  silent
}

@test 'the folder of --dir counts before AUTHKEY_DIR, and a missing one is exit 3' {
  AUTHKEY_DIR=/nowhere authkey --dir "$PLACE/keys" list
  ends 0
  AUTHKEY_DIR=/nowhere/at/all authkey list
  ends 3
  says 'there is no installation; run: authkey init'
}

@test 'a token in place of a KEY is refused and not repeated (R42)' {
  make deploy
  for command in show disable enable revoke purge 'edit --name x'; do
    # shellcheck disable=SC2086
    authkey $command "$token"
    ends 2
    says 'that is a whole token'
    [[ $stderr != *"${token:11}"* ]]
  done
  authkey "$token"
  ends 2
  [[ $stderr != *"${token:11}"* ]]
  authkey verify "$token"
  ends 2
  says 'tokens are read from stdin'
  [[ $stderr != *"${token:11}"* ]]
}

@test 'no option takes a secret (R42)' {
  run bash -c '"$AK_TOOL" help --json | jq -r ".options[], .commands[].options[] | .option" |
    grep -iE "token|secret|password|passphrase"'
  [ "$status" = 1 ]
}

@test 'an answer that stdout does not take is exit 5' {
  make deploy
  run --separate-stderr bash -c '"$AK_TOOL" list >/dev/full'
  ends 5
  says 'could not be written'
  run --separate-stderr bash -c '"$AK_TOOL" list >&-'
  ends 5
}

@test 'an unknown option is guessed, an empty folder refused' {
  authkey list --ownr alice
  ends 2
  says 'there is no option --ownr; did you mean --owner?'
  authkey list --jsno
  ends 2
  says 'there is no option --jsno; did you mean --json?'
  authkey craete deploy
  ends 2
  says 'there is no command craete; did you mean create?'
  authkey list --dir ''
  ends 2
  says '--dir needs its DIR'
}

@test '--field and --json contradict each other' {
  authkey list --json --field id
  ends 2
  says '--field and --json contradict each other'
  authkey list --format csv --field id
  ends 2
  says '--field and --format contradict each other'
}
