# SPDX-License-Identifier: BSD-2-Clause
# For tests of tokens that are kept sealed.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # run sets output, stderr and status

PASSPHRASE='four words that nobody says'

# hears LINE WORDS...: run the tool with this line on its stdin.
hears() {
  local line=$1
  shift
  run --separate-stderr "$AK_TOOL" "$@" < <(printf '%s\n' "$line")
}

# recovery_on [FILE]: with $PASSPHRASE.
recovery_on() {
  "$AK_TOOL" recovery init -q "${1:-$PLACE/recovery.key}" <<<"$PASSPHRASE"
}

recovery_is() {
  [ "$("$AK_TOOL" recovery status --field recovery)" = "$1" ]
}

# reveals KEY: its token, with the file and the passphrase.
reveals() {
  "$AK_TOOL" reveal "$1" -q --recovery-key "$PLACE/recovery.key" <<<"$PASSPHRASE"
}

# How many rows the audit has of an action.
audited() {
  "$AK_TOOL" audit --json | jq --arg action "$1" '[.[] | select(.action == $action)] | length'
}

# is_in PID NAME: wait until a process is in this system call.
is_in() {
  local number at
  number=$(printf '#include <sys/syscall.h>\nSYS_%s\n' "$2" | ${CC:-cc} -E - | tail -n 1)
  while ! grep -q '^State:.*Z' "/proc/$1/status"; do
    read -r at _ <"/proc/$1/syscall" || break
    [ "$at" != "$number" ] || return 0
    sleep 0.01
  done
  echo "process $1 has ended and was never in $2"
  return 1
}

# lacks TEXT FILE...: none of these files and folders has it anywhere.
lacks() {
  ! grep -raqF -e "$1" -- "${@:2}"
}
