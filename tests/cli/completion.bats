#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What the tabulator key does: asked of the tool, and in each shell.
# shellcheck disable=SC2154,SC2016

load helper

COMPLETIONS=$BATS_TEST_DIRNAME/../../packaging/completions

# offers WORD...: what the last word can become, a line each, without descriptions.
offers() {
  run --separate-stderr bash -c 'printf "%s\n" "${@:2}" | "$1" completion' - "$AK_TOOL" "$@"
  ends 0
  [ -z "$stderr" ]
  offered=$(cut -f 1 <<<"$output")
}

# list_is LINE...: these are offered, in this order.
list_is() {
  [ "$offered" = "$(printf '%s\n' "$@")" ] || { echo "offered: $offered"; return 1; }
}

has() {
  grep -qxF -- "$1" <<<"$offered" || { echo "no $1 in: $offered"; return 1; }
}

nothing() {
  [ -z "$output" ] || { echo "offered: $output"; return 1; }
}

# at_prompt SHELL LINE...: type the lines at the prompt of a shell, \t is the tabulator.
# What `answer` prints ends each line's command.
at_prompt() {
  local words=() line shell=$1
  shift
  for line; do
    words+=('ready> ' "$line")
  done
  export PATH=$PLACE/bin:$PATH TERM=dumb HOME=$PLACE ZDOTDIR=$PLACE
  mkdir -p "$PLACE/bin"
  ln -sf "$AK_TOOL" "$PLACE/bin/authkey"
  printf '%s\n' "PS1='ready> '" 'bind "set enable-bracketed-paste off"' \
    ". '$COMPLETIONS/authkey.bash'" >"$PLACE/.bashrc"
  printf '%s\n' "PS1='ready> '" 'unset zle_bracketed_paste' "fpath=('$COMPLETIONS' \$fpath)" \
    'autoload -U compinit' "compinit -u -d '$PLACE/dump'" >"$PLACE/.zshrc"
  case $shell in
  bash) dialog 120 "${words[@]}" 'ready> ' 'exit 0\r' -- bash --rcfile "$PLACE/.bashrc" -i ;;
  zsh) dialog 120 "${words[@]}" 'ready> ' 'exit 0\r' -- zsh -d -i ;;
  esac
  output=$(tr -d '\b' <<<"$output" | tr -s ' ') # zsh moves over blanks in its own way
}

# in_fish LINE: what fish offers.
in_fish() {
  mkdir -p "$PLACE/bin"
  ln -sf "$AK_TOOL" "$PLACE/bin/authkey"
  run --separate-stderr env PATH="$PLACE/bin:$PATH" HOME="$PLACE" XDG_CONFIG_HOME="$PLACE" \
    XDG_DATA_HOME="$PLACE" fish -c "source '$COMPLETIONS/authkey.fish'; complete -C \$argv[1]" "$1"
  ends 0
  [ -z "$stderr" ]
  offered=$(cut -f 1 <<<"$output")
}

@test 'every command and every option of the table is offered' {
  "$AK_TOOL" help --json >"$PLACE/help"
  while read -r first second; do
    offers "$first"
    has "$first"
    [ -z "$second" ] || offers "$first" "$second"
    has "${second:-$first}"
  done < <(jq -r '.commands[].command' "$PLACE/help")
  while IFS=$'\t' read -r name options; do
    read -ra words <<<"$name"
    offers "${words[@]}" --
    for option in $options; do
      has "--$option"
    done
  done < <(jq -r '.options as $global | .commands[]
    | [.command, ([.options[], $global[]] | map(.option) | join(" "))] | @tsv' "$PLACE/help")
}

@test 'the commands and options of every example are offered one after the other' {
  # shellcheck disable=SC2094
  "$AK_TOOL" help --json | jq -r '.commands[] | .example // empty' |
    sed -n 's/.*authkey \(-[qy] \)*//p' >"$PLACE/examples"
  [ -s "$PLACE/examples" ]
  while read -r line; do
    line=${line%%[|<>&\']*}
    read -ra words <<<"$line"
    [[ $line != completion ]] || continue
    offers "${words[0]}"
    has "${words[0]}"
    for at in "${!words[@]}"; do
      [[ ${words[at]} == --* ]] || continue
      offers "${words[@]:0:at+1}"
      has "${words[at]}"
    done
  done <"$PLACE/examples"
}

@test 'values are offered where there is a choice, as a word or behind =' {
  offers list --status ''
  list_is enabled disabled revoked expired pending
  offers list --status=e
  list_is --status=enabled --status=expired
  offers --format ''
  list_is table json csv
  offers stats --by r
  list_is rhost reason
  offers create deploy --expires n
  list_is never
  offers list --field last_used_
  list_is last_used_at last_used_from last_used_service
  offers config ''
  list_is prefix default-expiry retention usage-cap group
  offers help owner re
  list_is resume
  offers create --service "$(basename "$(find /etc/pam.d -type f | head -n 1)")"
  [ -n "$offered" ]
  offers stats --prometheus ''
  list_is :files
  offers --dir ''
  list_is :folders
}

@test 'an option that was given is not offered again, unless it may be repeated' {
  offers create --owner alice --service nginx --ow
  nothing
  offers create --owner alice --service nginx --ser
  list_is --service
  offers -q list --qui
  nothing
}

@test 'behind -- and behind what takes no more nothing looks like an option' {
  make deploy
  offers show -- --js
  nothing
  offers show deploy ''
  nothing
  offers fold ''
  nothing
  offers create -d --js
  nothing
}

@test 'keys are offered by name, by OWNER/NAME and by id' {
  make deploy --owner alice
  make 'Swaggy M.' --owner alice
  swaggy=$id
  make deploy --owner bob
  offers show ''
  list_is 'Swaggy M.' deploy
  offers show de
  list_is deploy
  offers edit alice/S
  list_is 'alice/Swaggy M.'
  offers enable "${swaggy:0:6}"
  nothing
  offers stats "${swaggy:0:6}"
  has "$swaggy"
  offers disable deploy bo
  list_is bob/deploy
}

@test 'enable offers what is off, disable what is on, purge what is revoked' {
  make on
  make off --disabled
  make over
  "$AK_TOOL" revoke -q over
  offers enable ''
  list_is off
  offers disable ''
  list_is on
  offers purge ''
  list_is over
  offers edit ''
  list_is off on
  offers show ''
  list_is off on over
}

@test 'owners are those who have keys and those who were described' {
  make deploy --owner alice
  "$AK_TOOL" owner set -q carol --name 'Carol C.'
  offers owner show ''
  list_is alice carol
  offers revoke --owner=c
  list_is --owner=carol
  [[ $output == *$'\tCarol C.' ]]
  offers owner verify al
  list_is alice
}

@test 'verifier add offers users of the system, verifier remove those who are verifiers' {
  root_only
  offers verifier add nob
  has nobody
  offers verifier remove nob
  nothing
}

@test 'the installation is the one of --dir, and what is no installation is silence' {
  make deploy
  mkdir "$PLACE/other"
  "$AK_TOOL" --dir "$PLACE/other" init -q --group "$(id -gn)"
  "$AK_TOOL" --dir "$PLACE/other" create -q elsewhere </dev/null >/dev/null
  offers --dir "$PLACE/other" show ''
  list_is elsewhere
  offers show "--dir=$PLACE/other" ''
  list_is elsewhere
  offers --dir "$PLACE/none" show ''
  nothing
  offers --dir "$PLACE" show ''
  nothing
  printf 'no database' >"$PLACE/other/master/master.db"
  offers --dir "$PLACE/other" show ''
  nothing
}

@test 'without permission commands and options are offered, and names are not, silently' {
  root_only
  make deploy
  user=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  run --separate-stderr "${user[@]}" "$AK_TOOL" completion <<<$'show\nde'
  ends 0
  nothing
  [ -z "$stderr" ]
  run --separate-stderr "${user[@]}" "$AK_TOOL" completion <<<$'show\n--js'
  ends 0
  prints --json
}

@test 'completing publishes nothing, folds nothing and migrates nothing' {
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  offers show ''
  list_is deploy
  [ ! -e "$AUTHKEY_DIR/keys.db" ]
  version=$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA user_version')
  sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA user_version = 1'
  offers show ''
  nothing
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'PRAGMA user_version')" = 1 ]
  sql "$AUTHKEY_DIR/master/master.db" "PRAGMA user_version = $version"
}

@test 'nonsense offers nothing and is no error' {
  offers nonsense ''
  nothing
  offers owner nonsense ''
  nothing
  offers list --nonsense=x
  nothing
  offers list --json=x
  nothing
  head -c 100000 /dev/zero | run --separate-stderr "$AK_TOOL" completion
  ends 0
  nothing
  yes x | head -n 3000 >"$PLACE/many"
  run --separate-stderr "$AK_TOOL" completion <"$PLACE/many"
  ends 0
  nothing
  offers show "$(printf '%0500d' 0)"
  nothing
  authkey completion
  ends 0
  prints create
  authkey completion bash
  ends 2
}

@test 'a token among the words is never part of the answer' {
  make deploy
  offers show "$token"
  nothing
  offers show --field "$token" --jso
  list_is --json
}

@test 'in JSON and CSV, and with --field, the answer has its two fields' {
  make deploy --owner alice
  run --separate-stderr "$AK_TOOL" --json completion <<<$'show\n'
  [ "$(jq -c . <<<"$output")" = '[{"word":"deploy","about":"alice"}]' ]
  run --separate-stderr "$AK_TOOL" --format csv completion <<<$'show\nde'
  [ "${output//$'\r'/}" = $'word,about\ndeploy,alice' ]
  run --separate-stderr "$AK_TOOL" --field word completion <<<$'show\nde'
  [ "$output" = deploy ]
}

many_keys() {
  sql "$AUTHKEY_DIR/master/master.db" "WITH RECURSIVE n (i) AS
    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
    INSERT INTO key (id, prefix, name, owner, scheme, digest, state, created_at, created_by)
    SELECT printf('zz%06d', i), 'ak', 'key ' || i, 'user' || (i % 50000), 1, zeroblob(32), 1, 1,
           'root' FROM n"
}

@test 'of 100000 keys few are offered' {
  many_keys
  offers show ''
  [ "$(wc -l <<<"$offered")" -eq 1000 ]
  offers show zz0999
  [ "$(wc -l <<<"$offered")" -eq 100 ]
  offers show user777/
  list_is 'user777/key 50777' 'user777/key 777'
  offers list --owner user
  [ "$(wc -l <<<"$offered")" -eq 1000 ]
}

# reads LINE: how often the tool reads of its files to answer it.
reads() {
  strace -o "$PLACE/trace" -e trace=pread64 "$AK_TOOL" completion <<<"$1" >/dev/null
  grep -c ^pread64 "$PLACE/trace"
}

@test 'what is offered of 100000 keys is looked up, or all are gone through once' {
  needs_strace
  many_keys
  local line pages
  pages=$(master_sql 'PRAGMA page_count')
  [ "$pages" -gt 5000 ]
  for line in $'show\n' $'show\nkey 5' $'show\nzz0999' $'list\n--owner\n'; do
    [ "$(reads "$line")" -lt 200 ]
  done
  [ "$(reads $'enable\n')" -lt "$pages" ] # none is disabled
}

@test 'bash completes commands, options, values and names with spaces' {
  make 'Swaggy M.' --owner alice
  at_prompt bash 'authkey sh\tSwa\t--fie\tid\r' 'authkey --json show alice/Swaggy\\ M\t | jq -r .id\r' \
    "authkey show 'Swag\\t--field=stat\\t\r" 'authkey list --status=en\t --field name\r' \
    'authkey verify --u\tal\t <$ZDOTDIR/.zs\t\r'
  ends 0
  prints "$id"
  prints 'show Swaggy\ M. --field id'
  prints 'alice/Swaggy\ M.'
  prints "show 'Swaggy M.' --field=status"
  prints '--status=enabled'
  prints 'verify --user alice'
  prints '.zshrc'
  [ "$(grep -c "^$id" <<<"$output")" -eq 2 ]
}

@test 'zsh completes commands, options, values and names with spaces' {
  make 'Swaggy M.' --owner alice
  at_prompt zsh 'authkey sh\tSwa\t--fie\tid\r' 'authkey --json show alice/Swaggy\\ M\t | jq -r .id\r' \
    "authkey show 'Swag\\t--field=stat\\t\r" 'authkey list --status=en\t --field name\r'
  ends 0
  prints 'show Swaggy\ M. --field id'
  prints 'alice/Swaggy\ M.'
  prints "show 'Swaggy M.' --field=status"
  prints '--status=enabled'
  [ "$(grep -c "^$id" <<<"$output")" -eq 2 ]
}

@test 'fish completes commands, options, values and names with spaces' {
  make 'Swaggy M.' --owner alice
  in_fish 'authkey sh'
  list_is show
  prints 'show everything about a key'
  in_fish 'authkey show Swa'
  list_is 'Swaggy M.'
  in_fish 'authkey show Swaggy\ M'
  list_is 'Swaggy M.'
  in_fish "authkey show 'Swaggy M"
  list_is 'Swaggy M.'
  in_fish 'authkey list --status=en'
  list_is --status=enabled
  in_fish 'authkey list --stat'
  list_is --status
  in_fish "authkey stats --prometheus $PLACE/ke"
  list_is "$PLACE/keys/"
}
