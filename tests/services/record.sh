#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: unshare --mount record.sh FOLDER LOGIN
#
# Make the logins of FOLDER/logins with the program LOGIN, each a line of words quoted for
# the shell: NAME SERVICE USER ADDRESS TOKEN. What the module tells syslog about one goes,
# byte by byte, to FOLDER/lines/NAME. /dev is a folder in a namespace of this process.
set -eu

folder=$1 login=$2
lines=$folder/lines

mkdir "$lines"

# shellcheck source=tests/services/own_dev.sh
. "${0%/*}/own_dev.sh"
own_dev "$folder"

# A login that tells nothing is a failure: each one here has its line.
record() {
  local listener tries=500
  socat -u UNIX-RECV:/dev/log "CREATE:$lines/$1" 3>&- &
  listener=$!
  until [ -S /dev/log ]; do
    sleep 0.01
  done
  "$login" "$folder/pam.d" "$2" "$3" "$4" <<<"$5" || [ $? -eq 1 ]
  until [ -s "$lines/$1" ] || [ $((tries -= 1)) -eq 0 ]; do
    sleep 0.01
  done
  kill "$listener"
  wait "$listener" || :
  rm -f /dev/log
  [ "$tries" -gt 0 ] || { echo "no line of $1" >&2; return 1; }
}

while read -r words <&4; do
  eval "record $words"
done 4<"$folder/logins"
