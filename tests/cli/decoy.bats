#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# create --decoy: a key that opens nothing, and tells that somebody tried it.
# shellcheck disable=SC2154
load helper
load usage_helper

@test 'a decoy has a token like any other and opens nothing' {
  authkey create bait --owner alice --decoy
  ends 0
  says 'LOG_ALERT'
  token=$(awk '/API AUTH KEY/ { print $NF }' <<<"$output")
  [[ $token =~ $TOKEN ]]
  [ "$(verdict)" = DECOY ]
  refused nginx alice
}

@test 'explain names the check and the level of a decoy' {
  make bait --owner alice --decoy
  run --separate-stderr "$AK_TOOL" explain --user alice <<<"$token"
  ends 1
  prints 'is the key no decoy?'
  prints 'reason=DECOY'
}

@test 'list marks a decoy for people, and in JSON by a field of its own' {
  make bait --owner alice --decoy
  make deploy --owner alice
  authkey list
  [[ ${lines[1]} == bait*decoy ]]
  [[ ${lines[2]} == deploy*enabled ]]
  [ "$("$AK_TOOL" list --json | jq -c '[.[] | [.name, .status, .decoy]]')" = \
    '[["bait","enabled",true],["deploy","enabled",false]]' ]
}

@test 'list warns of a decoy that was tried, with -q too, and of no other' {
  make bait --owner alice --decoy
  local bait=$id
  make quiet --owner alice --decoy
  authkey list
  [ -z "$stderr" ]
  token=$("$AK_TOOL" create second --owner alice --decoy -q)
  refused nginx alice 192.0.2.66
  authkey list -q
  says "the decoy ${token:3:8} was tried"
  [[ $stderr != *"$bait"* ]]
  authkey log second
  prints DECOY
  prints 192.0.2.66
}

@test 'Prometheus counts the tries of each decoy' {
  make deploy --owner alice
  make bait --owner alice --decoy
  refused nginx alice
  refused nginx bob
  "$AK_TOOL" stats --prometheus - >"$PLACE/x.prom"
  grep -qx "authkey_decoy_uses_total{id=\"$id\",name=\"bait\",owner=\"alice\"} 2" \
    "$PLACE/x.prom"
  [ "$(grep -c '^authkey_decoy_uses_total' "$PLACE/x.prom")" = 1 ]
}

@test 'a wrong secret for a decoy is no alarm, and neither is one that is switched off' {
  make bait --owner alice --decoy
  "$AK_TOOL" disable -q bait
  refused nginx alice
  [ "$(verdict)" = DISABLED ]
  authkey list
  [ -z "$stderr" ]
}

@test 'what a decoy is stands in the audit and is never edited' {
  make bait --owner alice --decoy
  "$AK_TOOL" audit --json | jq -e '.[-1].detail.decoy == [null, true]'
  authkey edit bait --decoy
  ends 2
}
