#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/deb.sh FOLDER
#
# Build the Debian packages of a copy of this tree, below FOLDER, and print their paths.
# DEB_BUILD_OPTIONS is as dpkg-buildpackage(1) has it; nothing else of the environment counts.
set -eu

cd "$(dirname "$0")/.."
rm -rf "$1"
mkdir -p "$1/source"
folder=$(cd "$1" && pwd)
tar --exclude ./build --exclude ./.git --exclude ".${folder#"$PWD"}" -cf - . |
  tar -C "$folder/source" -xf -

echo "deb: building the packages, for a minute; the log is in $1/log" >&2
cd "$folder/source"
umask 022
if ! env -i PATH="$PATH" DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS-nocheck noautodbgsym}" \
  dpkg-buildpackage -us -uc -b >"$folder/log" 2>&1; then
  tail -n 30 "$folder/log" >&2
  echo "deb: the packages were not built; the whole log is in $folder/log" >&2
  exit 1
fi
rm -rf "$folder/source"
printf '%s\n' "$folder"/*.deb
