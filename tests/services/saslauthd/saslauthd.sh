#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: serve.sh FOLDER saslauthd.sh FOLDER
#
# Let Debian's own script start saslauthd, in the mounts of serve.sh and some more: its
# /etc/default is FOLDER/default, its /run is FOLDER/run. It goes to the background, so
# this process stays in its place, to keep its mounts at hand.
set -eu

folder=$1

mount --bind "$folder/default" /etc/default
mount --bind "$folder/run" /run
/etc/init.d/saslauthd start
cp /run/saslauthd/saslauthd.pid "$folder/pid"
exec sleep infinity
