#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: unshare --mount serve.sh FOLDER POSTGRES
#
# Become the server POSTGRES of the cluster FOLDER/data, as the user postgres. What it sees
# of /etc/pam.d is FOLDER/pam.d; what its modules tell syslog goes to FOLDER/syslog. The
# mounts are in a namespace of this process: the machine's own folders stay as they are,
# and nothing is to be undone.
set -eu

folder=$1 postgres=$2

mkdir "$folder/dev"
mount -t tmpfs -o mode=755 tmpfs "$folder/dev"
for device in null zero random urandom; do
  : >"$folder/dev/$device"
  mount --bind "/dev/$device" "$folder/dev/$device"
done
mkdir -m 1777 "$folder/dev/shm"

socat -u "UNIX-RECV:$folder/dev/log,mode=666" "CREATE:$folder/syslog" 2>"$folder/socat.err" &
echo $! >"$folder/socat.pid"
until [ -S "$folder/dev/log" ]; do
  kill -0 $!
  sleep 0.02
done

mount --rbind "$folder/dev" /dev
mount --bind "$folder/pam.d" /etc/pam.d
exec setpriv --reuid=postgres --regid=postgres --init-groups "$postgres" -D "$folder/data"
