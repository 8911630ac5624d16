#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# verify and explain.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# ask COMMAND [OPTION]...: with $token on stdin.
ask() {
  run --separate-stderr bash -c '"$AK_TOOL" "${@:2}" <<<"$1"' - "$token" "$@"
}

@test 'verify prints the verdict: 0 for VALID, 1 for everything else' {
  make deploy --owner alice --service nginx
  ask verify --user alice --service nginx
  ends 0
  [ "$output" = VALID ]
  ask verify --user bob --service nginx
  ends 1
  [ "$output" = USER_MISMATCH ]
  says 'the key belongs to another user'
  ask verify --user alice --service sshd
  ends 1
  [ "$output" = SERVICE_MISMATCH ]
}

@test 'what refuses for want of a question says which option asks it' {
  make deploy --owner alice --service nginx --from 192.0.2.0/24
  for command in verify explain; do
    ask "$command" --user alice
    ends 1
    says 'The key is for some services alone; name one: --service NAME'
    ask "$command" --user alice --service nginx
    says 'The key is for some networks alone; name an address: --from IP'
  done
  ask verify --user alice --service sshd
  [[ $stderr != *--service* ]]
  ask verify -q --user alice
  [ -z "$stderr" ]
}

@test 'every reason has its word' {
  make full --owner alice --service nginx --scope read --from 192.0.2.0/24
  local good=(--user alice --service nginx --from 192.0.2.1 --scope read)
  [ "$(verdict "${good[@]}")" = VALID ]
  [ "$(verdict "${good[@]}" --scope write)" = SCOPE_MISSING ]
  [ "$(verdict --user alice --service nginx)" = NO_RHOST ]
  [ "$(verdict --user alice --service nginx --from 192.0.3.1)" = FORBIDDEN_IP ]
  [ "$(verdict --user alice --service nginx --from ::ffff:192.0.2.1)" = VALID ]
  "$AK_TOOL" owner suspend -q alice
  [ "$(verdict "${good[@]}")" = OWNER_SUSPENDED ]
  "$AK_TOOL" edit -q full --not-before 1d
  [ "$(verdict "${good[@]}")" = NOT_YET_VALID ]
  "$AK_TOOL" edit -q full --not-before none --expires 0m
  [ "$(verdict "${good[@]}")" = EXPIRED ]
  "$AK_TOOL" disable -q full
  [ "$(verdict "${good[@]}")" = DISABLED ]
  "$AK_TOOL" revoke -q full
  [ "$(verdict "${good[@]}")" = REVOKED ]
  "$AK_TOOL" purge -q full
  [ "$(verdict "${good[@]}")" = NOT_FOUND ]
  token='an ordinary password'
  [ "$(verdict)" = MALFORMED ]
  token=ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNY
  [ "$(verdict)" = BAD_CHECKSUM ]
}

@test 'the secret of another key does not open this one' {
  make one
  # The id of one and a secret and checksum that fit it, but not its digest.
  sql "$AUTHKEY_DIR/master/master.db" \
    "UPDATE key SET digest = zeroblob(32) WHERE id = '$id'"
  "$AK_TOOL" publish -q
  [ "$(verdict)" = BAD_SECRET ]
}

@test 'without --user the user is not looked at, with it he is' {
  make deploy --owner alice
  [ "$(verdict)" = VALID ]
  [ "$(verdict --user alice)" = VALID ]
  [ "$(verdict --user ALICE)" = USER_MISMATCH ]
  [ "$(verdict --user '')" = USER_MISMATCH ]
}

@test 'only the spelling of the token opens: one newline behind it is stdin, not token (R11)' {
  make deploy
  local bad
  for bad in "$token " " $token" "$token"$'\n' "$token"$'\r' "${token}x" "${token^^}"; do
    run bash -c 'printf "%s\n" "$1" | "$AK_TOOL" verify -q' - "$bad"
    if [ "$bad" = "$token"$'\n' ]; then
      [ "$output" = VALID ] # the line ends there
    else
      [ "$status" = 1 ]
      [[ $output =~ ^(MALFORMED|BAD_CHECKSUM)$ ]]
    fi
  done
  run bash -c 'printf "%s" "$1" | "$AK_TOOL" verify -q' - "$token"
  [ "$output" = VALID ]
  run bash -c 'printf "%s\0" "$1" | "$AK_TOOL" verify -q' - "$token"
  [ "$output" = MALFORMED ]
}

@test 'texts of every length and kind are refused and not repeated (R4)' {
  make deploy
  local length
  for length in 1 43 45 48 49 127 255 256 257 511 513 65536 1000000; do
    run --separate-stderr bash -c \
      'head -c "$1" /dev/zero | tr "\0" a | "$AK_TOOL" verify' - "$length"
    ends 1
    [ "$output" = MALFORMED ]
    [[ $stderr != *aaaaaaaa* ]]
  done
  run bash -c 'head -c 4096 /dev/urandom | tr -d "\n" | "$AK_TOOL" verify -q'
  [ "$status" = 1 ]
}

@test 'no token on stdin is a usage error' {
  authkey verify
  ends 2
  silent
  says 'there is no token on stdin'
  run --separate-stderr bash -c '"$AK_TOOL" verify <&-'
  ends 2
}

@test 'verify changes nothing' {
  make deploy
  local before
  before=$(find "$AUTHKEY_DIR" -type f -exec sha256sum {} + | sort)
  ask verify
  ask explain
  [ "$(find "$AUTHKEY_DIR" -type f -exec sha256sum {} + | sort)" = "$before" ]
}

@test 'a store that cannot answer is exit 5 and says why' {
  make deploy
  chmod o+w "$AUTHKEY_DIR/keys.db"
  ask verify
  ends 5
  [ "$output" = STORE_UNAVAILABLE ]
  says 'others may write it'
  rm "$AUTHKEY_DIR/keys.db"
  ask verify
  ends 5
  mkfifo "$AUTHKEY_DIR/keys.db"
  ask verify
  ends 5
  says 'not a regular file'
}

@test 'verify asks the published store, not the master' {
  make deploy
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET state = 2"
  [ "$(verdict)" = VALID ]
}

@test 'verify --json has verdict, key and reason, and never the token' {
  make deploy --owner alice
  ask verify --user bob --json
  ends 1
  [ "$(jq -c '[.verdict, .valid, .id, .name, .owner]' <<<"$output")" = \
    "[\"USER_MISMATCH\",false,\"$id\",\"deploy\",\"alice\"]" ]
  [[ $output$stderr != *"${token:11}"* ]]
}

@test 'explain shows every check in order, and which were not reached' {
  make deploy --owner alice --service nginx
  ask explain --user alice --service sshd --json
  ends 1
  local checks
  checks=$(jq -r '.checks[] | .reason + " " + .answer' <<<"$output")
  [ "$(head -n1 <<<"$checks")" = 'STORE_UNAVAILABLE yes' ]
  grep -qx 'BAD_SECRET yes' <<<"$checks"
  grep -qx 'SERVICE_MISMATCH no' <<<"$checks"
  grep -qx 'USER_MISMATCH not reached' <<<"$checks"
  [ "$(grep -c ' no$' <<<"$checks")" = 1 ]
  [ "$(jq -r .pam_authenticate <<<"$output")" = PAM_AUTH_ERR ]
  [ "$(jq -r .pam_acct_mgmt <<<"$output")" = PAM_PERM_DENIED ]
}

@test 'explain gives the PAM code of each kind of refusal' {
  make deploy --owner alice
  ask explain --user alice --field pam_authenticate
  ends 0
  [ "$output" = PAM_SUCCESS ]
  "$AK_TOOL" edit -q deploy --expires 0m
  ask explain --field pam_acct_mgmt
  ends 1
  [ "$output" = PAM_ACCT_EXPIRED ]
  chmod o+w "$AUTHKEY_DIR/keys.db"
  ask explain --field pam_authenticate
  ends 5
  [ "$output" = PAM_AUTHINFO_UNAVAIL ]
}

@test 'verify and explain answer for a line that requires a verified owner, when asked to' {
  make deploy --owner alice
  [ "$(verdict --require-verified-owner)" = OWNER_UNVERIFIED ]
  [ "$(verdict)" = VALID ]
  ask explain --require-verified-owner --json
  ends 1
  [ "$(jq -r .verdict <<<"$output")" = OWNER_UNVERIFIED ]
  [ "$(jq -r '.checks[] | select(.answer == "no") | .reason' <<<"$output")" = OWNER_UNVERIFIED ]
  "$AK_TOOL" owner verify -q alice
  [ "$(verdict --require-verified-owner)" = VALID ]
}

@test 'explain gives the log line, without a token in it (R16)' {
  make deploy --owner alice
  "$AK_TOOL" disable -q deploy
  ask explain --user alice --from 192.0.2.7 --field log
  ends 1
  [[ $output == 'authentication failure; '*"uid=$(id -u) euid=$(id -u) "*'rhost=192.0.2.7 '*'user=alice '*"key=$id reason=DISABLED" ]]
  [[ $output != *"${token:11}"* ]]
  token='an ordinary password'
  ask explain --field log
  [ "$output" = '' ]
}

@test 'explain for people has the checks and the answer' {
  make deploy
  ask explain
  ends 0
  prints 'is the key switched on?'
  prints 'PAM_AUTHENTICATE  PAM_SUCCESS'
  [[ $output$stderr != *"${token:11}"* ]]
}

@test 'a verifier who reads the store and not the master can verify and explain' {
  root_only
  make deploy
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  local as=(setpriv --reuid=65534 --regid=65534 --groups="$(id -g)")
  run --separate-stderr bash -c '"${@:2}" verify <<<"$1"' - "$token" "${as[@]}" \
    "$PLACE/authkey"
  ends 0
  [ "$output" = VALID ]
  run --separate-stderr bash -c '"${@:2}" explain --field log <<<"$1"' - "$token" \
    "${as[@]}" "$PLACE/authkey"
  ends 0
  prints 'uid=65534 euid=65534'
}

@test 'somebody who may not read the store is told how he may' {
  root_only
  make deploy
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr bash -c '"${@:2}" verify <<<"$1"' - "$token" setpriv \
    --reuid=65534 --regid=65534 --clear-groups "$PLACE/authkey"
  ends 5
  [ "$output" = STORE_UNAVAILABLE ]
  says 'authkey verifier add'
}

@test 'a scope that can be none is a usage error' {
  make deploy
  ask verify --scope 'A B'
  ends 2
  says '--scope'
}

@test 'an address that is none is a usage error, not a refusal' {
  make deploy
  for command in verify explain; do
    authkey "$command" --from example.org
    ends 2
    says '--from: an address is numeric'
  done
}

@test 'a space or CR behind a token is said' {
  make deploy
  for end in ' ' $'\r' $' \t'; do
    run --separate-stderr bash -c 'printf "%s\n" "$1" | "$AK_TOOL" verify' - "$token$end"
    ends 1
    says 'There is a space or CR behind the token.'
    [[ $stderr != *"${token:11:27}"* ]]
  done
  run --separate-stderr bash -c 'printf "word \n" | "$AK_TOOL" verify'
  [[ $stderr != *behind* ]]
}

@test 'a store that is missing is published again by what is then advised' {
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  run --separate-stderr bash -c 'printf "%s\n" "$1" | "$AK_TOOL" verify' - "$token"
  ends 5
  says 'run: authkey publish'
  authkey publish
  ends 0
  [ "$(verdict)" = VALID ]
}

@test 'what heals the store says what was wrong with it' {
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  authkey list
  says 'The store was missing; it is published again.'
  cp -p "$AUTHKEY_DIR/keys.db" "$PLACE/old"
  "$AK_TOOL" disable -q deploy
  cp -p "$PLACE/old" "$AUTHKEY_DIR/keys.db"
  authkey list
  says 'The store was behind the master; it is published again.'
  : >"$AUTHKEY_DIR/keys.db"
  authkey list
  says 'The store could not be used; it is published again.'
  [ "$(verdict)" = DISABLED ]
}

@test 'explain does not say that the store answered when it was never asked' {
  local checks
  checks=$(printf 'password\n' | "$AK_TOOL" explain --json |
    jq -r '.checks[] | "\(.reason) \(.answer)"')
  grep -qx 'STORE_UNAVAILABLE not reached' <<<"$checks"
  grep -qx 'MALFORMED no' <<<"$checks"
  grep -qx 'NOT_FOUND not reached' <<<"$checks"
}
