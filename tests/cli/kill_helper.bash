# SPDX-License-Identifier: BSD-2-Clause
# For tests in which the tool is killed, or a call of it fails.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # tests use ended and took; make sets id

# The calls with which the tool changes files: a kill elsewhere is a kill before the next of
# them. Of openat, those that make a file.
CHANGING='write pwrite64 fsync fdatasync rename renameat2 link linkat symlink symlinkat unlink
  unlinkat ftruncate fallocate chmod fchmod fchmodat fchown utimensat flock mkdir mkdirat rmdir
  openat'

# calls COMMAND...: each call of CHANGING that the tool makes: "NAME N", the process's N-th of
# this name. Of one that comes very often, about AT_MOST, unless make kills wants all. What
# is told on stderr changes no file.
calls() {
  # shellcheck disable=SC2086 # a list of words
  strace -f -o "$PLACE/trace" -e "trace=$(printf '?%s,' $CHANGING)" \
    "$AK_TOOL" "$@" <"${INPUT:-/dev/null}" >/dev/null 2>&1 || true
  sed -nE 's/^([0-9]+) +([a-z0-9]+)\((.*)/\1 \2 \3/p' "$PLACE/trace" |
    awk -v all="${AK_HITS:-}" -v most="${AT_MOST:-1000}" '
      { at = ++count[$1, $2] }
      $2 == "write" && $3 == "2," || $2 == "openat" && !/O_CREAT/ { next }
      !seen[$2, at]++ { name[++n] = $2; number[n] = at; often[$2]++ }
      END {
        for (i = 1; i <= n; i++)
          if (all || tried[name[i]]++ % (1 + int(often[name[i]] / most)) == 0)
            print name[i], number[i]
      }'
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
# `$took` times it took effect.
interrupt() {
  local what=$1 back=$2 name at
  shift 2
  ended=0 took=0
  calls "$@" >"$PLACE/calls"
  eval "$back"
  while read -r name at <&9; do
    code=0
    strace -f -o /dev/null -e "trace=$name" -e "inject=$name:$what:when=$at" \
      "$AK_TOOL" "$@" <"${INPUT:-/dev/null}" >"$PLACE/out" 2>"$PLACE/err" ||
      code=$?
    [ "$code" = 0 ] || ended=$((ended + 1))
    after "$name" "$at"
    eval "$back"
  done 9<"$PLACE/calls" 2>/dev/null
  [ -z "${AK_HITS:-}" ] || echo "$what $ended $*" >>"$AK_HITS"
}
