#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The spec file for RPM, as far as that can be tried without a system that has RPMs: it is
# parsed, its %install is run, and what that installs is what its packages hold.

load helper

SPEC=$AK_TOP/packaging/rpm/pam-authkey.spec

setup() {
  needs rpmspec
  root=$BATS_TEST_TMPDIR/root
}

spec() {
  rpmspec "$@" --define "_buildrootdir $root" "$SPEC"
}

# section NAME: its lines, expanded.
section() {
  spec -P | awk -v name="%$1" '/^%[a-z]/ { inside = $0 == name; next } inside'
}

@test 'rpmspec takes it, and expands all that it knows' {
  run --separate-stderr spec -P
  [ "$status" -eq 0 ]
  [ -z "$stderr" ]
  [[ $output != *'%{'* ]]
  [ "$(spec -q --qf '%{name} %{version}\n' | sort | xargs)" = \
    "authkey $(version) libpam-authkey $(version) pam-authkey $(version)" ]
  run spec -q --buildrequires
  for name in pam-devel sqlite-devel libsodium-devel jansson-devel libsmartcols-devel libedit-devel; do
    [[ $output == *"$name"* ]]
  done
}

version() {
  sed -n 's/^VERSION := //p' "$AK_TOP/Makefile"
}

@test 'what it installs is what its packages hold, each file once' {
  mkdir "$root"
  section install >"$BATS_TEST_TMPDIR/install"
  (cd "$AK_TOP" && B=$AK_BUILD SAN=$AK_SAN MAKEFLAGS='' sh -e "$BATS_TEST_TMPDIR/install") >/dev/null
  (cd "$root"/pam-authkey-*/ && find . -type f -printf '/%P\n' && find . -type d -empty -printf '/%P\n') |
    sort >"$BATS_TEST_TMPDIR/installed"
  spec -P | sed -nE '/^%files/,/^%changelog/s/^(%dir %attr\([^)]*\) )?(\/[^*]*)\*?$/\2/p' | sort \
    >"$BATS_TEST_TMPDIR/listed"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/listed")" -gt 10 ]
  diff "$BATS_TEST_TMPDIR/installed" "$BATS_TEST_TMPDIR/listed"
}

@test 'no package sets a mode, an owner or a capability, but for the folder of the keys' {
  [ "$(spec -P | sed '1,/^%files/d' | grep -E '%(attr|defattr|caps)')" = \
    '%dir %attr(755, root, root) /var/lib/authkey' ]
}

@test 'the pages and examples that it takes along are there' {
  for name in $(spec -P | sed -nE 's/^%(doc|license) //p'); do
    [ -e "$AK_TOP/$name" ]
  done
}
