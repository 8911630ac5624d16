#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Each page is made to differ from the programs once, in a copy of the tree.

load helper

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  copy_tree "$tree"
}

# tool FILTER: a tool that tells something else of itself.
tool() {
  printf '#!/bin/sh\n"%s" "$@" | jq '\''%s'\''\n' "$AK_TOOL" "$1" >"$BATS_TEST_TMPDIR/tool"
  chmod +x "$BATS_TEST_TMPDIR/tool"
  export AK_TOOL=$BATS_TEST_TMPDIR/tool
}

@test "the pages as they are pass" {
  checks
  [ "$status" -eq 0 ]
}

@test "a command without a word in authkey(8) is refused" {
  tool '.commands += [{command: "vanish", options: [], fields: []}]'
  refused 'authkey(8) has every command and no other' 'not in the page: vanish'
}

@test "a command that authkey(8) made up is refused" {
  sed -i 's/^\.Ss purge/.Ss vanish\n&/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every command and no other' 'in the page alone: vanish'
}

@test "a command in another group than authkey(8) tells is refused" {
  sed -i '/^\.Sh COMMANDS/,/^\.Ss/s/^\.Cm scan , audit/.Cm scan/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every group' 'not in the page: Safety: audit'
  tool '(.commands[] | select(.command == "scan")).group = "Keys"'
  refused 'authkey(8) has every group' 'in the page alone: Safety: scan'
}

@test "an option without a word in authkey(8) is refused, of one command and of all" {
  sed -i '/^\.It Fl -not-before/,+1d' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every option' 'not in the page: create --not-before WHEN|none'
  sed -i 's/^\.It Fl q , Fl -quiet/.It Fl -quiet/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every option' 'not in the page: global -q'
}

@test "an option that authkey(8) made up is refused" {
  tool 'del(.commands[] | select(.command == "create") | .options[] | select(.letter == "d"))'
  refused 'authkey(8) has every option' 'in the page alone: create --description ARGUMENT'
}

@test "an option whose argument or choices are told wrong is refused" {
  sed -i 's/^\(\.It Fl -disabled\)/\1 Ar NOW/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every option' 'not in the page: create --disabled'
  sed -i 's/^\(\.It Fl -color Cm auto\) | always/\1/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every option' 'not in the page: global --color auto|always|never'
}

@test "a command without an example in authkey(8) is refused" {
  sed -i '/^\.Dl authkey publish/d' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has an example of every command' 'not in the page: publish'
}

@test "an example that the help and authkey(8) tell differently is refused" {
  sed -i 's/^\.Dl authkey prune --older-than 365d/.Dl authkey prune --older-than 1d/' \
    "$tree/docs/man/authkey.8"
  refused 'authkey(8) has the examples' 'not in the page: prune: authkey prune --older-than 365d'
  refused 'authkey(8) has the examples' 'in the page alone: prune: authkey prune --older-than 1d'
}

@test "a field of a key without a word in authkey(8) is refused" {
  sed -i 's/^\.It Va services , scopes/.It Va services/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every field of a key' 'not in the page: scopes'
}

@test "a metric without a word in authkey(8) is refused, and one that it made up" {
  sed -i 's/^\.It Va authkey_decoy_uses_total/.It Va authkey_vanished_total/' \
    "$tree/docs/man/authkey.8"
  refused 'authkey(8) has every metric' 'not in the page: authkey_decoy_uses_total'
  refused 'authkey(8) has every metric' 'in the page alone: authkey_vanished_total'
}

@test "an option of the module without a word in pam_authkey(8) is refused" {
  sed -i '/^\.It Cm quiet/d' "$tree/docs/man/pam_authkey.8"
  refused 'pam_authkey(8) has every option of the module' 'not in the page: quiet'
}

@test "an option that pam_authkey(8) made up is refused" {
  sed -i '/{ "quiet", FLAG,/d' "$tree/core/module_options.c"
  refused 'pam_authkey(8) has every option of the module' 'in the page alone: quiet'
}

@test "a reason without a word in pam_authkey(8) and authkey-store(5) is refused" {
  sed -i 's/^\(\.It \)\?\.\?Sy SCOPE_MISSING.*//' "$tree"/docs/man/*.[58]
  sed -i '/^\.It Sy SCOPE_MISSING/d' "$tree/docs/man/pam_authkey.8"
  refused 'pam_authkey(8) has every reason' 'not in the page: SCOPE_MISSING'
  refused 'authkey-store(5) has every check' 'not in the page: SCOPE_MISSING'
}

@test "a page that mandoc warns about is refused" {
  echo '.Nonsense' >>"$tree/docs/man/authkey-store.5"
  refused 'mandoc has no warning' 'unknown macro'
}

@test "a tool that tells nothing is refused" {
  AK_TOOL=/bin/true refused 'authkey(8) has every command and no other' \
    'the program says nothing'
}

@test "a version of a database that authkey-store(5) tells wrong is refused" {
  : >"$tree/schema/migrations/099_more.sql"
  : >"$tree/schema/usage/099_more.sql"
  refused 'authkey-store(5) has the version of each database' 'not in the page: MASTER'
  refused 'authkey-store(5) has the version of each database' 'not in the page: USAGE DATABASE'
}

@test "an amount that authkey(8) tells wrong is refused" {
  sed -i 's/^They read up to [0-9]*/They read up to 7/' "$tree/docs/man/authkey.8"
  refused 'authkey(8) says how much is folded by the way' 'in the page alone: 7'
}

@test "a file that only one of both pages has is refused" {
  sed -i '/^\.It Pa master\/lock/d' "$tree/docs/man/authkey.8"
  refused 'authkey(8) and authkey-store(5) have the same files' \
    'in the page alone: master/lock root:root 0600'
}
