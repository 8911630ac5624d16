#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What a newer authkey has made, an older one leaves alone: each command says which versions
# meet and what to upgrade.
# shellcheck disable=SC2154,SC2034,SC2016
load helper
load upgrade_helper

UPGRADE='upgrade the packages libpam-authkey and authkey'

# Each command with words that it would work with, and which databases it opens: m the master,
# u usage.db where it does nothing without, s the store alone, - none.
table() {
  cat <<END
m init
m create new
m list
m show deploy
m edit deploy --description changed
m enable deploy
m disable deploy
m revoke deploy
m purge -y gone
m prune -y
m rotate deploy
s verify
s explain
m access deploy
mu stats
mu log
m audit
m expiring
m owner set alice --name Alice
m owner show alice
m owner list
m owner suspend alice
m owner resume alice
m owner verify alice
m verifier add nobody
m verifier remove root
m verifier list
m recovery init $PLACE/recovery.key
m recovery status
m recovery off
m reveal deploy --recovery-key $PLACE/recovery.key
m export
m import $PLACE/export.json
m apply -y $PLACE/desired.json
m backup $PLACE/backup.db
r restore -y $PLACE/restore.db
m scan --disable $PLACE/text
d doctor
m config default-expiry 5d
mu fold
m publish
- completion
- help
END
}

prepare() {
  make gone
  "$AK_TOOL" revoke -q gone
  make deploy --owner alice
  "$AK_TOOL" export -q >"$PLACE/export.json"
  cp "$PLACE/export.json" "$PLACE/desired.json"
  printf '%s\n' "$token" >"$PLACE/text"
  "$AK_TOOL" fold -q
}

# try WORDS...: as a command, the token on its stdin.
try() {
  run --separate-stderr "$AK_TOOL" "$@" <<<"$token"
}

# reads TEXT: it is said, or, as by explain, printed.
reads() {
  [[ $stderr$output == *"$1"* ]] || { echo "no '$1': $stderr $output"; return 1; }
}

@test 'the table has every command' {
  [ "$(table | cut -d ' ' -f 2- | sed -E 's/ (-|--|new|deploy|gone|alice|nobody|root|default|\/).*//' | sort)" = \
    "$("$AK_TOOL" help --json | jq -r '.commands[].command' | sort)" ]
}

@test 'a newer master is refused by every command that opens it, and nothing is changed' {
  prepare
  newer "$AUTHKEY_DIR/master/master.db"
  local before opens words
  before=$(sums)
  while read -r opens words <&9; do
    # shellcheck disable=SC2086
    try $words
    case $opens in
      m*)
        ends 5
        says "$AUTHKEY_DIR/master/master.db: was made by a newer authkey"
        says "(version $((MASTER_VERSIONS + 1)), known here $MASTER_VERSIONS); $UPGRADE"
        silent
        ;;
      s) ends 0 ;; # the store is what logins obey
      d)
        ends 1
        prints 'was made by a newer authkey'
        prints "$UPGRADE"
        ;;
      r) ends 3 ;; # there is no such backup; with one it goes back: upgrade.bats
      *) ends 0 ;;
    esac
    [ "$(sums)" = "$before" ] || { echo "changed by $words"; return 1; }
  done 9< <(table)
}

@test 'a newer usage.db is refused by what counts, and other commands say that they know of no use' {
  prepare
  newer "$AUTHKEY_DIR/master/usage.db"
  local before opens words
  before=$(sha256sum "$AUTHKEY_DIR/master/usage.db")
  for words in list 'show deploy' 'disable deploy' 'enable deploy'; do
    # shellcheck disable=SC2086
    try $words
    ends 0
    [[ $words == *able* ]] || says 'was made by a newer authkey'
  done
  while read -r opens words <&9; do
    case $opens in
      mu)
        # shellcheck disable=SC2086
        try $words
        ends 5
        says "$AUTHKEY_DIR/master/usage.db: was made by a newer authkey"
        says "(version $((USAGE_VERSIONS + 1)), known here $USAGE_VERSIONS); $UPGRADE"
        silent
        ;;
    esac
  done 9< <(table)
  authkey doctor --json
  [ "$(jq -r '.[] | select(.thing | endswith("usage.db")) | .fix' <<<"$output")" = "$UPGRADE" ]
  [ "$(sha256sum "$AUTHKEY_DIR/master/usage.db")" = "$before" ]
  [ "$(verdict)" = VALID ]
}

@test 'a newer store is never published over, and is refused by who reads it' {
  prepare
  newer_store
  local before words
  before=$(sha256sum "$AUTHKEY_DIR/keys.db")
  for words in publish 'disable deploy' 'create new' 'verifier list' list verify explain \
    "backup $PLACE/backup.db" "restore -y $PLACE/backup.db" init; do
    # shellcheck disable=SC2086
    try $words
    reads "$AUTHKEY_DIR/keys.db: is a store of version 127 and version"
    reads "$UPGRADE"
    case $words in
      publish | disable* | create* | verify | explain | restore* | init) ends 5 ;;
      *) ends 0 ;; # what only reads the master can still be asked
    esac
    [ "$(sha256sum "$AUTHKEY_DIR/keys.db")" = "$before" ] || { echo "changed by $words"; return 1; }
  done
  [ "$(field deploy status)" = enabled ]
  authkey doctor --json
  [ "$(jq -r '.[] | select(.check == "store") | .fix' <<<"$output")" = "$UPGRADE" ]
  # The way back to this version, where the newer one is given up.
  rm "$AUTHKEY_DIR/keys.db"
  "$AK_TOOL" publish -q
  [ "$(verdict)" = VALID ]
}

@test 'an older store is refused by who reads it, and published anew by the next command' {
  prepare
  older_store
  local words
  for words in verify explain; do
    try "$words"
    ends 5
    reads 'is a store of version 0 and version'
    reads 'upgrade the package authkey, too, and run: authkey publish'
  done
  authkey doctor --json
  [[ $(jq -r '.[] | select(.check == "store") | .fix' <<<"$output") == *' publish' ]]
  authkey list
  ends 0
  says 'is published again'
  [ "$(verdict)" = VALID ]
}
