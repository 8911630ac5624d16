#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

@test 'config lists every setting with its value' {
  authkey config --json
  ends 0
  [ "$(jq -r 'map("\(.name)=\(.value)") | join(" ")' <<<"$output")" = \
    "prefix=ak default-expiry=none retention=30d usage-cap=64M group=$(id -gn)" ]
  authkey config
  [[ ${lines[0]} =~ ^NAME\ +VALUE\ +MEANS\ *$ ]]
}

@test 'config NAME prints the value alone' {
  authkey config retention
  ends 0
  [ "$output" = 30d ]
  authkey config retention --json
  [ "$(jq -c '[.name, .value]' <<<"$output")" = '["retention","30d"]' ]
}

@test 'a value that is set is there afterwards, as it was written' {
  local name value
  while read -r name value; do
    authkey config "$name" "$value"
    ends 0
    says "Set $name to $value."
    silent
    [ "$("$AK_TOOL" config "$name")" = "$value" ]
    authkey config "$name" "$value"
    ends 0
    says 'nothing to do'
  done <<'END'
prefix kalp
default-expiry 90d
default-expiry 12h
default-expiry 90m
default-expiry none
retention 1h
retention 3650d
usage-cap 64K
usage-cap 100000
usage-cap 1M
usage-cap 4G
END
}

@test 'a value that cannot be is a usage error that says what can, and changes nothing' {
  local name value before
  before=$("$AK_TOOL" config --json)
  while IFS=: read -r name value; do
    authkey config -- "$name" "$value"
    ends 2
    says "$name: "
    silent
  done <<'END'
prefix:
prefix:toolong
prefix:AK
prefix:a_b
default-expiry:
default-expiry:0d
default-expiry:-1d
default-expiry:never
default-expiry:2027-01-31
default-expiry:999999d
default-expiry:90
retention:0m
retention:59m
retention:3651d
retention:x
usage-cap:
usage-cap:0
usage-cap:63K
usage-cap:5G
usage-cap:-1M
usage-cap:1MB
usage-cap:1T
usage-cap:99999999999999999999
usage-cap:4294967295G
END
  [ "$("$AK_TOOL" config --json)" = "$before" ]
}

@test 'an unknown setting is refused with the list, and the group is only read' {
  authkey config colour
  ends 2
  says 'prefix default-expiry retention usage-cap group'
  authkey config colour blue
  ends 2
  authkey config group wheel
  ends 2
  says 'can only be read'
  authkey config prefix a b
  ends 2
}

@test 'config prefix is for new tokens, and old ones stay good' {
  make old --owner alice
  "$AK_TOOL" config -q prefix kalp
  [ "$(verdict --user alice)" = VALID ]
  run --separate-stderr "$AK_TOOL" create -q new --owner alice
  [[ $output =~ ^kalp_ ]]
  token=$output
  [ "$(verdict --user alice)" = VALID ]
}

@test 'create takes the default expiry, --expires another, and never none' {
  "$AK_TOOL" config -q default-expiry 30d
  authkey create a --owner alice
  ends 0
  says 'It ends on 20'
  make b --owner alice --expires 2d
  make c --owner alice --expires never
  local now end
  now=$(date +%s)
  end=$(date -d "$(field a expires_at)" +%s)
  [ $((end - now)) -le $((30 * 86400)) ]
  [ $((end - now)) -ge $((30 * 86400 - 60)) ]
  end=$(date -d "$(field b expires_at)" +%s)
  [ $((end - now)) -le $((2 * 86400)) ]
  [ "$(field c expires_at)" = '' ]
  "$AK_TOOL" config -q default-expiry none
  make d --owner alice
  [ "$(field d expires_at)" = '' ]
}

@test 'a key that would begin after its default end is refused' {
  "$AK_TOOL" config -q default-expiry 30d
  authkey create a --owner alice --not-before 40d
  ends 2
  says '--expires'
  [ "$("$AK_TOOL" list --json)" = $'[]' ]
  authkey create a --owner alice --not-before 40d --expires 50d
  ends 0
}

@test 'config usage-cap is for new usage files, and says so' {
  make deploy --owner alice
  authkey config usage-cap 64K
  ends 0
  says 'new usage files'
  cap() {
    od -An -tu8 -j24 -N8 "$(usage_file)" | tr -d ' '
  }
  [ "$(cap)" = 67108864 ]
  rm "$(usage_file)"
  "$AK_TOOL" verifier add -q "$(id -un)"
  [ "$(cap)" = 65536 ]
}

@test 'past its cap a usage file drops records, which are counted, and logins succeed' {
  "$AK_TOOL" config -q usage-cap 64K
  rm "$(usage_file)"
  "$AK_TOOL" verifier add -q "$(id -un)"
  make deploy --owner alice
  login nginx alice
  repeat_record 900
  login nginx alice
  login nginx alice
  authkey show deploy --field uses
  [ "$output" = 901 ]
  says 'was full: records were dropped'
  "$AK_TOOL" stats --prometheus - | grep -qxF \
    "authkey_usage_dropped_total{uid=\"$(id -u)\"} 2"
}
