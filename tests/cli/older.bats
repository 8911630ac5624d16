#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A master that is older than the store, because it was put back as a file: it is not
# published unless somebody says so, and what was ended stays so: R26.
# shellcheck disable=SC2154
load helper

# as_file FILE: a backup takes the place of the master as any file does.
as_file() {
  cp "$1" "$AUTHKEY_DIR/master/master.db"
  rm -f "$AUTHKEY_DIR"/master/master.db-*
}

backup() {
  "$AK_TOOL" backup -q --force "$PLACE/file"
}

generation() {
  master_sql 'SELECT generation FROM installation'
}

# put_back: deploy was revoked after the backup which is the master now; of $other nothing was.
put_back() {
  make other
  other=$token
  make deploy
  backup
  "$AK_TOOL" revoke -q deploy
  published=$(generation)
  as_file "$PLACE/file"
}

@test 'commands that read work and warn, and publish nothing (R26)' {
  put_back
  local words
  for words in list 'show deploy' export stats doctor 'audit --verify' "init --group $(id -gn)"; do
    # shellcheck disable=SC2086 # words
    authkey -q $words
    [ "$words" = doctor ] || ends 0
    says "is older than what was published, generation $(generation) instead of $published" ||
      [ "$words" = doctor ]
    [ "$(verdict)" = REVOKED ] || { echo "$words"; return 1; }
  done
  authkey list
  says 'authkey restore FILE'
  says 'authkey publish'
  [ "$(field deploy status 2>"$PLACE/ignored")" = enabled ]
}

@test 'commands that change something refuse, and those that take away say what is LIVE (R26)' {
  put_back
  local words before
  before=$(generation)
  for words in 'create new' 'edit other --name that' 'enable other' 'owner suspend alice' \
    'config retention 40d' 'rotate other' 'reveal other --recovery-key none'; do
    # shellcheck disable=SC2086 # words
    authkey $words
    ends 5 || [ "$words" = 'reveal other --recovery-key none' ]
    says 'is older than what was published'
  done
  for words in 'disable other' 'revoke -y other'; do
    # shellcheck disable=SC2086 # words
    authkey $words
    ends 5
    says 'STILL LIVE'
  done
  "$AK_TOOL" export 2>"$PLACE/ignored" >"$PLACE/keys.jsonl"
  authkey import --replace "$PLACE/keys.jsonl"
  ends 5
  [ "$(verdict)/$(token=$other verdict)" = REVOKED/VALID ]
  [ "$(generation)" = "$before" ]
}

@test 'publish puts an older master in force, and all is well again' {
  put_back
  authkey publish
  ends 0
  says 'what was revoked since is LIVE again'
  [ "$(verdict)" = VALID ]
  [ "$(generation)" -gt "$published" ]
  authkey list
  ends 0
  [ -z "$stderr" ] || { echo "$stderr"; return 1; }
  "$AK_TOOL" revoke -q deploy
  [ "$(verdict)" = REVOKED ]
}

@test 'a restore revives nothing that the store knows to be ended (R26)' {
  make revoked --owner alice
  local token_of_revoked=$token
  AUTHKEY_DIR=$PLACE/elsewhere "$AK_TOOL" init -q --group "$(id -gn)"
  AUTHKEY_DIR=$PLACE/elsewhere make deleted --owner alice
  local deleted=$id token_of_deleted=$token
  # Of an import the audit names no key.
  AUTHKEY_DIR=$PLACE/elsewhere "$AK_TOOL" export | "$AK_TOOL" import -q
  make disabled --owner bob
  local disabled=$id
  make kept --owner carol
  "$AK_TOOL" owner verify -q carol
  backup
  "$AK_TOOL" revoke -q revoked deleted
  "$AK_TOOL" purge -q "$deleted"
  "$AK_TOOL" disable -q disabled
  "$AK_TOOL" owner suspend -q alice
  "$AK_TOOL" owner verify -q --undo carol
  as_file "$PLACE/file"
  authkey restore -y --json "$PLACE/file"
  ends 0
  says 'the present master is older than the store; what was revoked or suspended since is known from the store'
  [ "$(jq -c '[.deleted_since[0], .disabled_since[0], .suspended_since, .unverified_since]' <<<"$output")" = \
    "[\"$deleted\",\"$disabled\",[\"alice\"],[\"carol\"]]" ]
  [ "$(verdict)/$(token=$token_of_revoked verdict)/$(token=$token_of_deleted verdict)" = VALID/REVOKED/REVOKED ]
  [ "$(field "$disabled" status)" = disabled ]
  authkey list
  [[ $stderr != *older* ]]
}

@test 'a restore of any backup, older or newer than the master, ends that state' {
  backup
  mv "$PLACE/file" "$PLACE/first"
  put_back
  "$AK_TOOL" restore -q -y "$PLACE/first"
  [ "$(verdict)" = NOT_FOUND ]
  make new
  as_file "$PLACE/first"
  "$AK_TOOL" restore -q -y "$PLACE/file"
  authkey list
  [ -z "$stderr" ] || { echo "$stderr"; return 1; }
  [ "$(token=$other verdict)/$(verdict)" = VALID/NOT_FOUND ]
}

@test 'an init that makes a new master publishes it over the store of an old one' {
  make deploy
  rm -r "$AUTHKEY_DIR/master"
  authkey init --group "$(id -gn)"
  ends 0
  [ "$(verdict)" = NOT_FOUND ]
  make deploy
  [ "$(verdict)" = VALID ]
}

@test 'an init that was ended before it published is finished by the next' {
  needs_strace
  make deploy
  rm -r "$AUTHKEY_DIR/master"
  strace -f -o /dev/null -e trace=rename -e inject=rename:signal=KILL:when=2 \
    "$AK_TOOL" init -q --group "$(id -gn)" || true
  [ -e "$AUTHKEY_DIR/master/master.db" ]
  [ "$(verdict)" = VALID ] # of the installation that is gone
  "$AK_TOOL" init -q --group "$(id -gn)"
  [ "$(verdict)" = NOT_FOUND ]
  make again
  [ "$(verdict)" = VALID ]
}

@test 'where the store cannot be read nothing tells, and the master is published' {
  put_back
  : >"$AUTHKEY_DIR/keys.db"
  authkey list
  says 'it is published again'
  [ "$(verdict)" = VALID ]
}

@test 'doctor says which of them is older, and both ways out' {
  put_back
  authkey doctor --json
  ends 1
  jq -e --arg n "$published" '.[] | select(.check == "store" and
    (.reason | test("is newer than the master: generation " + $n)) and
    (.fix | test("restore BACKUP")) and (.fix | test("publish")))' <<<"$output"
}
