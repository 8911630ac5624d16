#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: root.sh FOLDER UPPER LOWER... -- FILE...       in a mount namespace of its own
#
# Make FOLDER/root a copy of this system on which packages can be installed. It is what
# the layers LOWER show, the last of them "/"; what is written goes into the layer UPPER,
# and a second call begins anew with another one. Nothing runs there, neither systemd nor
# syslog. The FILEs lie in its /usr/local/bin.
set -eu

root=$1/root upper=$2 lower=$3
shift 3
while [ "$1" != -- ]; do
  lower=$lower:$1
  shift
done
shift

if mountpoint -q "$root"; then
  umount -R "$root"
fi
rm -rf "$upper" "$upper.work"
mkdir -p "$upper" "$upper.work" "$root"
mount -t overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$upper.work" overlay "$root"

cd "$root"
for place in dev run tmp usr/local; do
  mount -t tmpfs -o mode=755 tmpfs $place
done
chmod 1777 tmp
mount -t proc proc proc
for device in null zero full random urandom; do
  : >dev/$device
  mount --bind /dev/$device dev/$device
done
ln -s /proc/self/fd dev/fd
mkdir usr/local/bin
cp "$@" usr/local/bin
