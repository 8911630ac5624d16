#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# kill -9 at each step of the commands that have no such test beside their others: all is as
# before or as after, and the same command, given again, does what is left (R43).
# shellcheck disable=SC2154,SC2034,SC2317
load helper
load kill_helper
load recovery_helper

AT_MOST=3

# All that the installation says of itself, without the times.
look() {
  {
    "$AK_TOOL" export -q | sed 1d
    "$AK_TOOL" config --json
    "$AK_TOOL" verifier list --json
    "$AK_TOOL" recovery status --json
  } </dev/null | sed 's/20[0-9-]*T[0-9:]*Z/TIME/g'
}

# back: the installation as it was when `keep` was called.
keep() {
  cp -a "$AUTHKEY_DIR" "$PLACE/kept"
}
back() {
  rm -rf "$AUTHKEY_DIR"
  cp -a "$PLACE/kept" "$AUTHKEY_DIR"
}

# dies COMMAND...: at each step, in an installation with a key of each state.
dies() {
  needs_strace
  local before wanted
  keep
  before=$(look)
  "$AK_TOOL" "$@" -q </dev/null
  wanted=$(look)
  [ "$wanted" != "$before" ] || [ "$1" = publish ]
  back
  after() {
    local found
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    found=$(look)
    case $found in
      "$wanted") took=$((took + 1)) ;;
      "$before") ;;
      *) echo "# killed at $1 $2: neither old nor new: $found" >&3; return 1 ;;
    esac
    "$AK_TOOL" audit --verify -q || return 1
    "$AK_TOOL" "${again[@]}" -q </dev/null || return 1
    [ "$(look)" = "$wanted" ] || { echo "# after $1 $2 not mended" >&3; return 1; }
  }
  local again=("$@")
  interrupt signal=KILL back "$@" -q
  [ "$ended" -gt 5 ]
  [ "$took" -gt 0 ]
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
