#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: serve.sh FOLDER postgres.sh FOLDER POSTGRES
#
# Become the server POSTGRES of the cluster FOLDER/data, as the user postgres, in the
# mounts of serve.sh: its /dev has no shared memory yet.
set -eu

folder=$1 postgres=$2

mkdir -m 1777 /dev/shm
echo $$ >"$folder/pid"
exec setpriv --reuid=postgres --regid=postgres --init-groups "$postgres" -D "$folder/data"
