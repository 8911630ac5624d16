# SPDX-License-Identifier: BSD-2-Clause
# For every test of the tool: a fresh installation of its own, and words to speak with.
#
#   AK_TOOL  the tool; AK_SAN  sanitizers that it was built with
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # tests use token and id; run sets output, stderr, status and lines

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"

TOKEN='^ak_[1-9A-HJ-NP-Za-km-z]{41}$'

# A folder that other users can enter, unlike BATS_TEST_TMPDIR.
setup() {
  PLACE=$(mktemp -d "${TMPDIR:-/tmp}/authkey-cli.XXXXXX")
  chmod 755 "$PLACE"
  export AUTHKEY_DIR=$PLACE/keys
  unset SUDO_USER NO_COLOR COLUMNS
  export LC_ALL=C.UTF-8 TZ=UTC
  # A leak is looked for by tracing oneself, which the tool forbids; root may anyway.
  if [[ ${AK_SAN:-} == *address* && $(id -u) != 0 ]]; then
    export ASAN_OPTIONS=detect_leaks=0
  fi
  "$AK_TOOL" init -q --group "$(id -gn)"
}

teardown() {
  local job
  for job in $(jobs -pr); do # a test that failed did not wait for them
    kill -KILL "$job" || true
  done
  if [ -d "$PLACE/etc" ] && [ /etc -ef "$PLACE/etc" ]; then
    umount /etc
  fi
  if mountpoint -q "$PLACE/small" 2>/dev/null; then
    umount "$PLACE/small"
  fi
  rm -rf "$PLACE"
}

# authkey WORDS...: run it without a terminal, stdin empty, stdout and stderr apart.
authkey() {
  run --separate-stderr "$AK_TOOL" "$@" </dev/null
}

# ends CODE: the exit code of what ran last.
ends() {
  if [ "$status" != "$1" ]; then
    echo "exit code $status instead of $1"
    echo "stdout: $output"
    echo "stderr: $stderr"
    return 1
  fi
}

# says TEXT, prints TEXT: stderr, or stdout, has it somewhere.
says() {
  [[ $stderr == *"$1"* ]] || { echo "stderr has no '$1': $stderr"; return 1; }
}

prints() {
  [[ $output == *"$1"* ]] || { echo "stdout has no '$1': $output"; return 1; }
}

silent() {
  [ -z "$output" ] || { echo "stdout is not empty: $output"; return 1; }
}

# make NAME [OPTION]...: a key; its token and id.
make() {
  token=$("$AK_TOOL" create -q "$@" </dev/null)
  [[ $token =~ $TOKEN ]]
  id=${token:3:8}
}

# field KEY NAME: one field of a key.
field() {
  "$AK_TOOL" show "$1" --field "$2"
}

# service NAME LINE...: a stack; @M@ is the module with this installation's store.
service() {
  local module
  module="$AK_MODULE store=$AUTHKEY_DIR/keys.db store_owner=$(id -u)"
  mkdir -p "$PLACE/pam.d"
  printf '%s\n' "${@:2}" | sed "s|@M@|$module|" >"$PLACE/pam.d/$1"
}

# verdict [OPTION]...: what verify says of $token.
verdict() {
  printf '%s\n' "$token" | "$AK_TOOL" verify -q "$@" || true
}

# dialog COLUMNS [EXPECT SEND]... -- COMMAND...: run it at a terminal.
dialog() {
  run "$BATS_TEST_DIRNAME/dialog.exp" "$@"
}

# sql DATABASE STATEMENT, for a look behind the tool; master_sql STATEMENT.
sql() {
  sqlite3 "$1" "$2"
}

master_sql() {
  sql "$AUTHKEY_DIR/master/master.db" "$1"
}

# names [OPTION]...: of the keys of list, in its order.
names() {
  "$AK_TOOL" list --field name "$@" | paste -sd' '
}

# state: all that an export tells of keys, a line each.
state() {
  "$AK_TOOL" export | tail -n +2
}

root_only() {
  needs root
}

# Sanitizers look for leaks with ptrace, which strace needs for itself.
needs_strace() {
  needs no-sanitizer strace
}

# keep, back: the installation as it was then is kept, and put in the place of what is now.
keep() {
  rm -rf "$PLACE/kept"
  cp -a "$AUTHKEY_DIR" "$PLACE/kept"
}

back() {
  rm -rf "$AUTHKEY_DIR"
  cp -a "$PLACE/kept" "$AUTHKEY_DIR"
}

needs_own_mounts() {
  root_only
  [ "$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/1/ns/mnt)" ] ||
    skip 'needs mounts of its own, which tests/run gives'
}

# own_etc: what this test makes of users and groups is nobody else's, and ends with it.
own_etc() {
  needs_own_mounts
  cp -a /etc "$PLACE/etc"
  mount --bind "$PLACE/etc" /etc 2>/dev/null || skip 'nothing can be mounted here'
}

# small SIZE: a file system of its own in $PLACE/small, which nobody else sees.
small() {
  needs_own_mounts
  mkdir "$PLACE/small"
  mount -t tmpfs -o "mode=755,size=$1" tmpfs "$PLACE/small" 2>/dev/null ||
    skip 'nothing can be mounted here'
}
