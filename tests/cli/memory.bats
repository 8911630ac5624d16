#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The tool is short of memory: one block after the other that it asks for is not given, and
# none from there on. What it answers then is whole, or it says that it is not; what it
# changes is changed whole, or not at all (R43).
# shellcheck disable=SC2154,SC2034,SC2317
load helper
load kill_helper
load old_or_new_helper
load recovery_helper

AK_STARVE=$AK_BUILD/tests/starve.so

# In the locale C, which takes no memory.
starved() {
  env LC_ALL=C LD_PRELOAD="$AK_STARVE" "$AK_TOOL" "$@" <"${INPUT:-/dev/null}"
}

# starve COMMAND...: at each block, about AT_MOST of them; in make kills all, or MANY.
starve() {
  local blocks step most on
  needs no-sanitizer # which has memory of its own
  back
  AK_STARVE_COUNT=$PLACE/count starved "$@" >"$PLACE/all" 2>"$PLACE/said" && full=0 || full=$?
  blocks=$(<"$PLACE/count")
  [ "$blocks" -gt 0 ]
  most=${AT_MOST:-10}
  [ -z "${AK_HITS:-}" ] || most=${MANY:-$((blocks + 1))}
  step=$((1 + blocks / most))
  ended=0 took=0
  for on in '' yes; do
    for ((at_number = 1; at_number <= blocks; at_number += step)); do
      back
      code=0
      AK_STARVE_AT=$at_number env ${on:+AK_STARVE_ON=1} LC_ALL=C LD_PRELOAD="$AK_STARVE" \
        "$AK_TOOL" "$@" <"${INPUT:-/dev/null}" >"$PLACE/out" 2>"$PLACE/err" || code=$?
      [ "$code" -le 6 ] || amiss "$(<"$PLACE/err")"
      [ "$code" = "$full" ] || ended=$((ended + 1))
      [ "$code" = "$full" ] || [ -s "$PLACE/err" ] || amiss 'without a word'
      after
    done
  done 2>/dev/null
  [ -z "${AK_HITS:-}" ] || echo "memory $ended $*" >>"$AK_HITS"
}

# reads COMMAND...: the same answer, or one that is told to be none.
reads() {
  local hits=memory at_name="$1" back=true
  back() { :; }
  after() {
    [ "$code" != "$full" ] || cmp -s "$PLACE/out" "$PLACE/all" ||
      ! cmp -s "$PLACE/err" "$PLACE/said" || amiss "another answer: $(<"$PLACE/out")"
  }
  starve "$@"
}

# What the audit says of each change, without times and ids.
noted() {
  "$AK_TOOL" audit --json | jq -cS '.[].detail | del(.id, .replaced_by)' |
    sed 's/20[0-9-]*T[0-9:]*Z/TIME/g; s/replaced by [^"]*/replaced/'
}

# changes COMMAND...: the old state or the new one, and in the audit all of it or nothing.
changes() {
  local hits=memory at_name="$1" before wanted again=("$@") notes
  keep
  before=$(look)
  "$AK_TOOL" "$@" -q <"${INPUT:-/dev/null}" >/dev/null
  wanted=$(look)
  [ "$wanted" != "$before" ]
  notes=$(noted)
  after() {
    noted >"$PLACE/notes"
    [ "$(wc -l <"$PLACE/notes")" != "$(wc -l <<<"$notes")" ] ||
      [ "$(<"$PLACE/notes")" = "$notes" ] || amiss "noted: $(tail -n 3 "$PLACE/notes")"
    is_old_or_new
  }
  local AT_MOST=${AT_MOST:-5} MANY=100
  starve "$@" -q
  back
  [ "$ended" -gt 0 ]
}

with_keys() {
  make off --disabled --owner bob --tag ci
  make gone
  "$AK_TOOL" revoke -q gone
  make api --owner alice --service sshd --scope read --from 192.0.2.0/24 --tag ci
  restricted=$token
  make deploy --owner alice
}

@test 'short of memory, list and show leave out no restriction of a key' {
  with_keys
  reads list
  reads list --json
  reads show alice/api
  reads show alice/api --json
}

@test 'short of memory, an export has all restrictions of all keys, or is none' {
  with_keys
  AT_MOST=60
  reads export
}

@test 'short of memory, the audit is told whole, or not' {
  with_keys
  reads audit
  reads audit --json
  reads audit --verify
}

@test 'short of memory, verify and explain give the same verdict, or none' {
  with_keys
  INPUT=$PLACE/token
  echo "$restricted" >"$INPUT"
  reads verify
  reads verify --json --user alice --service sshd --scope read --from 192.0.2.7
  reads explain
}

@test 'short of memory, create makes a key and hands it out, or says what to do' {
  with_keys
  once=yes changes create --owner bob new --service sshd --tag ci
}

@test 'short of memory, edit and disable change all that they should, or nothing' {
  with_keys
  AT_MOST=20 changes edit alice/api --description changed --service +web --tag +later
  changes disable --tag ci -y
}

@test 'short of memory, revoke and rotate end the old token, or leave it as it was' {
  with_keys
  once=yes changes rotate alice/deploy
  changes revoke alice/deploy
}

@test 'short of memory, an import takes all of a key, or nothing of any' {
  with_keys
  "$AK_TOOL" export -q | jq -c 'if .name == "off"
    then .services = ["sshd", "api"] | .scopes = ["read"] | .networks = ["192.0.2.0/24"] else . end' \
    >"$PLACE/file"
  changes import --replace "$PLACE/file"
}

@test 'short of memory, apply does all that its file says, or nothing' {
  with_keys
  echo '[{"owner":"bob","name":"off","services":["sshd","api"],"scopes":["read"],
    "networks":["192.0.2.0/24"],"tags":["ci"]}]' >"$PLACE/file"
  changes apply -y "$PLACE/file"
}

@test 'short of memory, owners are changed whole, or not' {
  with_keys
  changes owner set bob --name 'Bob Brown' --email bob@example.org
}
