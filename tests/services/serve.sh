#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: unshare --mount serve.sh FOLDER COMMAND...
#
# Become the service that COMMAND starts. What it sees of /etc/pam.d is FOLDER/pam.d; what
# its modules tell syslog goes to FOLDER/syslog. The mounts are in a namespace of this
# process: the machine's own folders stay as they are, and nothing is to be undone.
set -eu

folder=$1
shift

# shellcheck source=tests/services/own_dev.sh
. "${0%/*}/own_dev.sh"
own_dev "$folder"

socat -u "UNIX-RECV:$folder/dev/log,mode=666" "CREATE:$folder/syslog" 2>"$folder/socat.err" &
echo $! >"$folder/socat.pid"
until [ -S "$folder/dev/log" ]; do
  kill -0 $!
  sleep 0.02
done

mount --bind "$folder/pam.d" /etc/pam.d
exec "$@"
