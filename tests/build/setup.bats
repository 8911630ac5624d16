#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Set-up, with a list of its own that wants a file of the package `lacking` besides. What
# root does is tried with an apt-get of our own and a /usr/sbin that is ours alone.

load helper

setup() {
  place=$(mktemp -d)
  chmod 755 "$place"
  mkdir "$place/mk" "$place/bin"
  cp "$AK_TOP/mk/setup.sh" "$place/mk"
  grep '^build' "$AK_TOP/mk/packages" >"$place/mk/packages"
  printf 'check\tlacking\t%s\n' "$place/lacking" >>"$place/mk/packages"
  printf 'ci\tsuperfluous\t/nowhere\n' >>"$place/mk/packages"
}

teardown() {
  rm -rf "$place"
}

# apart COMMAND...: with mounts of its own, as root.
apart() {
  needs root own-mounts
  run unshare --mount sh -c "$1"
}

apt_get() {
  printf '#!/bin/sh\n%s\n' "$1" >"$place/bin/apt-get"
  chmod +x "$place/bin/apt-get"
}

@test "set-up is silent when everything is there" {
  touch "$place/lacking"
  for stage in build check; do
    run "$place/mk/setup.sh" $stage
    [ "$status" -eq 0 ]
    [ -z "$output" ]
  done
}

@test "a stage needs its own packages and those before it, not those behind it" {
  run "$place/mk/setup.sh" build
  [ "$status" -eq 0 ]
}

@test "without root set-up prints the one command that installs what is missing" {
  needs apt-get
  ordinary=()
  [ "$(id -u)" -ne 0 ] || ordinary=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  run "${ordinary[@]}" "$place/mk/setup.sh" check
  [ "$status" -eq 1 ]
  [[ $output == *"sudo apt-get install --no-install-recommends lacking "* ]]
}

@test "without apt set-up names what is missing" {
  apart "mount --bind /dev/null /usr/bin/apt-get; exec '$place/mk/setup.sh' check"
  [ "$status" -eq 1 ]
  [[ $output == *"missing here"*": lacking "* ]]
}

@test "root gets what is missing installed, nothing more, and no daemon started" {
  apt_get "echo \"\$*\" >>$place/calls; [ -x /usr/sbin/policy-rc.d ] &&
    { /usr/sbin/policy-rc.d; [ \$? -eq 101 ]; } && touch $place/lacking"
  apart "mount -t tmpfs tmpfs /usr/sbin; PATH=$place/bin:/usr/bin:/bin '$place/mk/setup.sh' check
    status=\$?; ls /usr/sbin; exit \$status"
  [ "$status" -eq 0 ]
  [ "$output" = 'setup: installing lacking ' ]
  [ "$(wc -l <"$place/calls")" -eq 2 ]
  [[ $(sed -n 1p "$place/calls") == *update ]]
  [[ $(sed -n 2p "$place/calls") == *"install --no-install-recommends lacking" ]]
}

@test "a policy-rc.d that is there already stays as it is" {
  apt_get "touch $place/lacking"
  apart "mount -t tmpfs tmpfs /usr/sbin; echo mine >/usr/sbin/policy-rc.d
    PATH=$place/bin:/usr/bin:/bin '$place/mk/setup.sh' check; cat /usr/sbin/policy-rc.d"
  [ "$(last_line)" = mine ]
}

@test "an installation that fails is told with the end of its log" {
  apt_get 'echo "the mirror is on fire" >&2; exit 100'
  apart "mount -t tmpfs tmpfs /usr/sbin; PATH=$place/bin:/usr/bin:/bin '$place/mk/setup.sh' check
    status=\$?; ls /usr/sbin; exit \$status"
  [ "$status" -eq 1 ]
  [[ $output == *"the mirror is on fire"*"the whole log is in "* ]]
  rm -f "${output##* }"
}

@test "an installation that left something out is told" {
  apt_get 'exit 0'
  apart "mount -t tmpfs tmpfs /usr/sbin; exec env PATH=$place/bin:/usr/bin:/bin '$place/mk/setup.sh' check"
  [ "$status" -eq 1 ]
  [[ $output == *"still not to be found: lacking "* ]]
}
