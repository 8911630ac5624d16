#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: serve.sh FOLDER etc.sh FOLDER postfix.sh FOLDER
#
# Let Debian's own scripts start saslauthd and Postfix, in the mounts of etc.sh, with a
# queue of their own. They go to the background, so this process stays in their place.
set -eu

folder=$1

for place in /var/spool/postfix /var/lib/postfix; do
  mount -t tmpfs -o mode=755 tmpfs $place
done
chown postfix: /var/lib/postfix
adduser --quiet postfix sasl
/usr/lib/postfix/configure-instance.sh -
/etc/init.d/saslauthd start
cp /var/spool/postfix/var/run/saslauthd/saslauthd.pid "$folder/saslauthd.pid"
postfix start
tr -d ' ' </var/spool/postfix/pid/master.pid >"$folder/pid"
exec sleep infinity
