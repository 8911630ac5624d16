# SPDX-License-Identifier: BSD-2-Clause
# For every test of bats: what a machine must have to run it.
# shellcheck shell=bash

# missing THING...: the first of these that is not here. A THING is a command, the path of
# a file, user:NAME, setuid:PATH, or one of the words below.
missing() {
  local thing
  for thing; do
    case $thing in
    no-sanitizer) [ -z "${AK_SAN:-}" ] ;;
    root) [ "$(id -u)" -eq 0 ] ;;
    own-mounts) unshare --mount true 2>/dev/null ;;
    strace) strace -o /dev/null true 2>/dev/null ;; # and it may
    user:*) getent passwd "${thing#*:}" >/dev/null ;;
    setuid:*) [ -u "${thing#*:}" ] ;;
    */*) [ -e "$thing" ] ;;
    *) command -v "$thing" >/dev/null ;;
    esac || { echo "needs $thing"; return; }
  done
}

# needs THING...: for one test, which is skipped, and says what is missing.
needs() {
  local why
  why=$(missing "$@")
  [ -z "$why" ] || skip "$why"
}

# can_show THING...: for setup_file: whether all of it is here. setup skips each test for
# $reason.
can_show() {
  PATH=$PATH:/usr/sbin:/sbin
  reason=$(missing "$@")
  export reason
  [ -z "$reason" ]
}
