# SPDX-License-Identifier: BSD-2-Clause
# For tests in which the tool is killed, or a call of it fails.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # tests use ended and took; make sets id

# The calls with which the tool changes files; a kill elsewhere is a kill before the next.
CHANGING='write pwrite64 fsync fdatasync rename unlink unlinkat ftruncate fchmod fchown utimensat
  flock'

# Sanitizers look for leaks with ptrace, which strace needs for itself.
needs_strace() {
  command -v strace >/dev/null || skip 'strace is not installed'
  [ -z "${AK_SAN:-}" ] || skip 'not under sanitizers'
  strace -o /dev/null true 2>/dev/null || skip 'strace may not trace here'
}

# calls COMMAND...: what the tool calls of CHANGING, and how often: "COUNT NAME" a line.
calls() {
  strace -f -o "$PLACE/trace" -e "trace=$(tr -s ' \n' , <<<"$CHANGING" | sed 's/,$//')" \
    "$AK_TOOL" "$@" <"${INPUT:-/dev/null}" >/dev/null 2>&1 || true
  sed -n 's/^[0-9]* *\([a-z0-9]*\)(.*/\1/p' "$PLACE/trace" | sort | uniq -c
}

# What must hold after anything: both databases whole, the tool works, and what the master
# says of the key named deploy, its $state, is what logins obey.
is_whole() {
  state=$(field "$id" status) || return 1 # heals, too
  [ "$(sql "$AUTHKEY_DIR/keys.db" "PRAGMA integrity_check;
    ATTACH '$AUTHKEY_DIR/master/master.db' AS m; PRAGMA m.integrity_check")" = \
    ok$'\n'ok ] || return 1
  [ ! -e "$AUTHKEY_DIR/keys.db-journal" ] || return 1
  case $state in
    enabled) [ "$(verdict)" = VALID ] ;;
    disabled) [ "$(verdict)" = DISABLED ] ;;
    revoked) [ "$(verdict)" = REVOKED ] ;;
    *) return 1 ;;
  esac
}

# interrupt WHAT BACK COMMAND...: run COMMAND with WHAT happening at each changing call in
# turn, its stdin from $INPUT if that is set, and BACK between. `$ended` times it was hit,
# `$took` times it took effect. Of a call that comes very often, about AT_MOST are tried.
interrupt() {
  local what=$1 back=$2 name count at
  shift 2
  ended=0 took=0
  calls "$@" >"$PLACE/calls"
  eval "$back"
  while read -r count name <&9; do
    for ((at = 1; at <= count; at += 1 + count / ${AT_MOST:-1000})); do
      code=0
      strace -f -o /dev/null -e "trace=$name" -e "inject=$name:$what:when=$at" \
        "$AK_TOOL" "$@" <"${INPUT:-/dev/null}" >"$PLACE/out" 2>"$PLACE/err" ||
        code=$?
      [ "$code" = 0 ] || ended=$((ended + 1))
      after "$name" "$at"
      eval "$back"
    done
  done 9<"$PLACE/calls" 2>/dev/null
}
