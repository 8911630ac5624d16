#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: serve.sh FOLDER sshd.sh FOLDER
#
# Become sshd with FOLDER/sshd_config, in the mounts of serve.sh and some more: all that it
# sees of /etc is FOLDER/etc.
set -eu

folder=$1

mount --bind "$folder/etc" /etc
# btmp and wtmp are the machine's; sshd's folder without privilege is the package's.
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/sshd
exec /usr/sbin/sshd -D -f "$folder/sshd_config"
