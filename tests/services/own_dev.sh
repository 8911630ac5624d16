# SPDX-License-Identifier: BSD-2-Clause
# For serve.sh and record.sh, which have mounts of their own.
# shellcheck shell=bash

# own_dev FOLDER: all that there is of /dev is FOLDER/dev, without a syslog yet.
own_dev() {
  local device
  mkdir "$1/dev"
  mount -t tmpfs -o mode=755 tmpfs "$1/dev"
  for device in null zero random urandom; do
    : >"$1/dev/$device"
    mount --bind "/dev/$device" "$1/dev/$device"
  done
  mount --rbind "$1/dev" /dev
}
