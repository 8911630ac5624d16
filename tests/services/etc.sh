#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: serve.sh FOLDER etc.sh FOLDER COMMAND...
#
# Become COMMAND, in the mounts of serve.sh and some more: all that it sees of /etc is
# FOLDER/etc, whose users are the test's, and /run and the logs are empty. Terminals are
# there, too.
set -eu

folder=$1
shift

mount --bind "$folder/etc" /etc
# btmp, wtmp and what sudo remembers are the machine's.
for place in /var/log /var/lib/sudo /run; do
  [ ! -d $place ] || mount -t tmpfs -o mode=755 tmpfs $place
done
mkdir /dev/pts
mount -t devpts -o newinstance,mode=620,ptmxmode=666 devpts /dev/pts
ln -s pts/ptmx /dev/ptmx
mknod -m 666 /dev/tty c 5 0
exec "$@"
