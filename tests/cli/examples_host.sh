#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: unshare --mount examples_host.sh HOSTS/HOST kept|fresh COMMAND...
#
# Run COMMAND as root of a host whose /etc, /var/lib and so on are those of the folder HOST,
# or a copy of them in memory, and whose /usr/local is HOSTS/local. The mounts are in a
# namespace of this process: the machine's own folders stay as they are, and nothing is to
# be undone.
set -eu

cd "$1"
mount --bind ../local /usr/local
if [ "$2" = fresh ]; then
  mount -t tmpfs -o mode=755 tmpfs /mnt
  cp -a . /mnt
  cd /mnt
fi
shift 2
for folder in etc media root srv var/lib var/log; do
  mount --bind "$folder" "/$folder"
done
cd /root
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
unset AUTHKEY_DIR
exec "$@"
