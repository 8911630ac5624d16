#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Each command is killed at each step, and fails at each step: all is as before or as after,
# and the same command, given again, does what is left (R43). Some commands have such tests
# beside their others.
# shellcheck disable=SC2154,SC2034,SC2317
load helper
load kill_helper
load old_or_new_helper
load recovery_helper
load usage_helper

AT_MOST=2

# hit WHAT COMMAND...: let WHAT happen at each step. With $once it is not given again where
# it has been done.
hit() {
  needs_strace
  local hits=$1 before wanted at_name at_number
  shift
  local again=("$@")
  keep
  before=$(look)
  "$AK_TOOL" "$@" -q <"${INPUT:-/dev/null}" >/dev/null
  wanted=$(look)
  [ "$wanted" != "$before" ] || [ "$1" = publish ]
  back
  after() {
    at_name=$1 at_number=$2
    is_old_or_new
  }
  interrupt "$hits" back "$@" -q
}

# dies COMMAND...: by kill -9, and then by a disk that takes nothing.
dies() {
  hit signal=KILL "$@"
  [ "$ended" -gt 5 ]
  [ "$took" -gt 0 ]
  local CHANGING='pwrite64 fsync fdatasync rename renameat2 ftruncate fchmod fchown utimensat
    flock openat' AT_MOST=1
  hit error=EIO "$@"
  [ "$ended" -gt 3 ]
}

with_keys() {
  make off --disabled
  make gone
  "$AK_TOOL" revoke -q gone
  make deploy --owner alice
}

@test 'kill -9 at any change of edit' {
  with_keys
  dies edit alice/deploy --description changed --tag ci --expires 90d
}

@test 'kill -9 at any change of enable' {
  with_keys
  dies enable off
}

@test 'kill -9 at any change of many keys at once' {
  with_keys
  for name in one two three; do make $name --owner bob --tag ci; done
  make deploy2 --owner alice
  dies disable --tag ci -y
}

@test 'kill -9 at any change of the revocation of all keys of an owner' {
  with_keys
  for name in one two three; do make $name --owner bob; done
  make deploy2 --owner alice
  dies revoke --owner bob -y --reason left
}

@test 'Ctrl-C at any change of disable (R43)' {
  with_keys
  hit signal=INT disable alice/deploy
  [ "$ended" -gt 5 ]
  [ "$took" -gt 0 ]
}

@test 'kill -9 at any change of rotate' {
  with_keys
  once=yes dies rotate alice/deploy
}

@test 'kill -9 at any change of a rotation whose old token lives on' {
  with_keys
  once=yes dies rotate alice/deploy --until 2099-01-01
}

@test 'kill -9 at any change of a rotation that drains, and of the fold that ends it' {
  with_keys
  once=yes dies rotate alice/deploy --drain
  "$AK_TOOL" rotate -q alice/deploy --drain >"$PLACE/token"
  token=$(<"$PLACE/token")
  id=${token:3:8}
  login nginx alice
  dies fold
}

@test 'kill -9 at any change of an import that replaces' {
  with_keys
  make other --owner bob
  make deploy2 --owner alice
  "$AK_TOOL" export -q |
    jq -c 'if .name == "other" then .status = "disabled" | .description = "imported" else . end' \
      >"$PLACE/file"
  dies import --replace "$PLACE/file"
}

@test 'kill -9 at any change of an import of so many that the indexes are made anew' {
  with_keys
  # As long as twenty thousand keys, with spaces.
  awk 'BEGIN {
    print "{\"type\":\"export\",\"version\":1}"
    for (i = 0; i < 310; i++) {
      id = sprintf("m%07d", i)
      gsub("0", "A", id)
      printf "{\"type\":\"key\",%20000s\"id\":\"%s\",\"name\":\"key %d\",\"owner\":\"bob\",\"prefix\":\"ak\",\"scheme\":1,\"digest\":\"%064d\",\"status\":\"enabled\",\"tags\":[\"ci\"],\"created_at\":\"2026-01-31T12:00:00Z\",\"created_by\":\"root\"}\n", "", id, i, i
    }
  }' >"$PLACE/file"
  once=yes dies import "$PLACE/file"
}

@test 'kill -9 at any change of apply, which takes away what the file has not' {
  with_keys
  for name in one two; do make $name --owner bob; done
  make deploy2 --owner alice
  echo '[{"owner":"bob","name":"two","status":"disabled","tags":["ci"]},{"owner":"bob","name":"new"}]' \
    >"$PLACE/file"
  once=yes dies apply --prune -y "$PLACE/file"
}

@test 'kill -9 at any change of owner set' {
  with_keys
  dies owner set alice --name 'Alice Archer' --email alice@example.org
}

@test 'kill -9 at any change of owner suspend' {
  with_keys
  # of somebody else than deploy's owner, whose token must go on
  make other --owner bob
  make deploy2 --owner alice
  dies owner suspend bob --reason left
}

@test 'kill -9 at any change of owner verify' {
  with_keys
  dies owner verify alice
}

@test 'kill -9 at any change of verifier remove' {
  root_only
  with_keys
  dies verifier remove root
}

@test 'kill -9 at any change of verifier add' {
  root_only
  with_keys
  "$AK_TOOL" verifier remove -q root
  dies verifier add root
}

@test 'kill -9 at any change of owner resume' {
  with_keys
  make other --owner bob
  "$AK_TOOL" owner suspend -q bob
  make deploy2 --owner alice
  dies owner resume bob
}

@test 'kill -9 at any change of config' {
  with_keys
  dies config retention 5d
}

@test 'kill -9 at any change of publish' {
  with_keys
  dies publish
}

@test 'kill -9 at any change of recovery off' {
  recovery_on
  with_keys
  dies recovery off -y
}

@test 'kill -9 at any change of purge: the record is there or not, and repeating says so' {
  needs_strace
  with_keys
  keep
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    "$AK_TOOL" audit --verify -q || return 1
    if ! "$AK_TOOL" show -q gone >/dev/null 2>&1; then
      took=$((took + 1))
    else
      "$AK_TOOL" purge -q -y gone || return 1
    fi
    ! "$AK_TOOL" show -q gone >/dev/null 2>&1 || return 1
  }
  interrupt signal=KILL back purge -q -y gone
  [ "$ended" -gt 5 ]
  [ "$took" -gt 0 ]
}

@test 'kill -9 at any change of init: the next one makes what is missing' {
  needs_strace
  rm -rf "$AUTHKEY_DIR"
  nothing() {
    rm -rf "$AUTHKEY_DIR"
  }
  after() {
    "$AK_TOOL" init -q --group "$(id -gn)" || { echo "# killed at $1 $2" >&3; return 1; }
    make deploy
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    "$AK_TOOL" audit --verify -q
  }
  interrupt signal=KILL nothing init -q --group "$(id -gn)"
  [ "$ended" -gt 20 ]
}
