#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# A group and a user of this test's own. The account files are put back afterwards.
own_account() {
  root_only
  user=akt$$
  groupadd --system "$user" 2>/dev/null || skip 'no group can be made here'
  useradd --system --no-create-home --gid nogroup "$user-u"
  cp -a "$AK_TOOL" "$PLACE/authkey"
  "$AK_TOOL" init -q --dir "$PLACE/v" --group "$user"
  export AUTHKEY_DIR=$PLACE/v
}

drop_account() {
  userdel "$user-u"
  groupdel "$user"
}

@test 'verifier add joins the group and makes the usage file; remove takes both back' {
  own_account
  local uid
  uid=$(id -u "$user-u")
  authkey verifier add "$user-u"
  local added=$status said=$stderr
  local groups file
  groups=$(id -Gn "$user-u")
  file=$(stat -c '%u %a %s' "$PLACE/v/usage.d/$uid")
  authkey verifier list --json
  local listed=$output
  authkey verifier add "$user-u"
  local again=$stderr
  authkey verifier remove "$user-u"
  local removed=$status
  local left
  left=$(id -Gn "$user-u")
  drop_account
  [ "$added" = 0 ]
  [[ $said == *'Restart its service'* ]]
  [[ " $groups " == *" $user "* ]]
  [ "$file" = "$uid 600 80" ]
  [ "$(jq -c --arg u "$user-u" '.[] | select(.user == $u) | [.member, .usage_file]' \
    <<<"$listed")" = '[true,true]' ]
  [[ $again == *'checks tokens already'* ]]
  [ "$removed" = 0 ]
  [[ " $left " != *" $user "* ]]
  [ ! -e "$PLACE/v/usage.d/$uid" ]
}

@test 'a removal that cannot count what was recorded has ended the membership, and says so' {
  own_account
  "$AK_TOOL" verifier add -q "$user-u"
  echo broken >"$PLACE/v/master/usage.db"
  authkey verifier remove -q "$user-u"
  local code=$status said=$stderr left file
  left=$(id -Gn "$user-u")
  file=$PLACE/v/usage.d/$(id -u "$user-u")
  [ -e "$file" ] || code=none
  rm "$PLACE/v/master/usage.db"
  authkey verifier remove "$user-u"
  local again=$status
  drop_account
  [ "$code" = 5 ]
  [[ $said == *"$user-u is out of the group $user, and only the usage file stays;"* ]]
  [[ " $left " != *" $user "* ]]
  [ "$again" = 0 ]
  [ ! -e "$file" ]
}

@test 'a stray file in the place of the usage file is not taken over (R23)' {
  own_account
  local uid kinds=(link hard-link folder fifo) kind codes=()
  uid=$(id -u "$user-u")
  echo precious >"$PLACE/precious"
  for kind in "${kinds[@]}"; do
    case $kind in
      link) ln -s "$PLACE/precious" "$PLACE/v/usage.d/$uid" ;;
      hard-link) ln "$PLACE/precious" "$PLACE/v/usage.d/$uid" ;;
      folder) mkdir "$PLACE/v/usage.d/$uid" ;;
      fifo) mkfifo "$PLACE/v/usage.d/$uid" ;;
    esac
    authkey verifier add "$user-u"
    codes+=("$status")
    rm -rf "$PLACE/v/usage.d/$uid"
  done
  drop_account
  [ "${codes[*]}" = '5 5 5 5' ]
  [ "$(cat "$PLACE/precious")" = precious ]
  [ "$(stat -c %u "$PLACE/precious")" = 0 ]
}

@test 'the environment of the caller does not reach the programs that are run (R45)' {
  own_account
  mkdir "$PLACE/bin"
  printf '#!/bin/sh\ntouch "%s/caught"\n' "$PLACE" >"$PLACE/bin/gpasswd"
  cp "$PLACE/bin/gpasswd" "$PLACE/bin/groupadd"
  chmod +x "$PLACE/bin/"*
  PATH=$PLACE/bin:$PATH authkey verifier add "$user-u"
  local added=$status
  drop_account
  [ "$added" = 0 ]
  [ ! -e "$PLACE/caught" ]
}

@test 'init makes a group that is missing' {
  root_only
  local group=akg$$
  getent group "$group" && skip 'the group is there'
  authkey init --dir "$PLACE/g" --group "$group"
  local made=$status
  run getent group "$group"
  local there=$status
  groupdel "$group" || true
  [ "$made" = 0 ]
  [ "$there" = 0 ]
}

@test 'a user who is not there is exit 3' {
  for command in add remove; do
    authkey verifier "$command" no-such-user
    ends 3
    says 'there is no user no-such-user on this system'
  done
}

@test 'whoever made an installation without root becomes its verifier without root' {
  if [ "$(id -u)" = 0 ]; then
    cp "$AK_TOOL" "$PLACE/authkey"
    chmod 755 "$PLACE/authkey"
    mkdir "$PLACE/own"
    chown 65534:65534 "$PLACE/own"
    as=(setpriv --reuid=65534 --regid=65534 --clear-groups "$PLACE/authkey" --dir
      "$PLACE/own/keys")
    me=$(id -un 65534)
  else
    as=("$AK_TOOL" --dir "$PLACE/own")
    me=$(id -un)
  fi
  run --separate-stderr "${as[@]}" init
  ends 0
  run --separate-stderr "${as[@]}" verifier add "$me"
  ends 0
  run --separate-stderr "${as[@]}" verifier list --json
  [ "$(jq -c --arg u "$me" '.[] | select(.user == $u) | [.member, .usage_file]' \
    <<<"$output")" = '[true,true]' ]
  run --separate-stderr "${as[@]}" verifier add daemon
  ends 4
  says 'sudo'
}

@test 'the user whose own group it is cannot be taken out of it' {
  root_only
  "$AK_TOOL" init -q --dir "$PLACE/own" --group daemon
  authkey verifier remove daemon --dir "$PLACE/own"
  ends 6
  says "the user's own group"
}

@test 'root may always check tokens: only its usage file can be taken back' {
  root_only
  authkey verifier remove root
  ends 0
  says 'root has no usage file any more; it may always check tokens.'
  authkey verifier remove root
  ends 0
  says 'root may always check tokens; nothing to do.'
}

@test 'what a verifier has recorded is counted without holding a revocation up (R26)' {
  root_only
  local fold tries
  make deploy
  "$AK_TOOL" fold -q
  # A fold that lasts: another program has usage.db, and there is something to write.
  touch "$AUTHKEY_DIR/usage.d/stray"
  mkfifo "$PLACE/statements"
  sqlite3 "$AUTHKEY_DIR/master/usage.db" <"$PLACE/statements" 3>&- &
  exec 9>"$PLACE/statements"
  printf 'BEGIN IMMEDIATE;\n.output %s\n' "$PLACE/begun" >&9
  for ((tries = 0; tries < 500; tries++)); do
    [ ! -e "$PLACE/begun" ] || break
    sleep 0.01
  done
  [ -e "$PLACE/begun" ]
  "$AK_TOOL" verifier remove root 9>&- 3>&- &
  fold=$!
  for ((tries = 0; tries < 500; tries++)); do # until it is at it
    readlink "/proc/$fold/fd/"* | grep -q usage.db && break
    sleep 0.01
  done
  "$AK_TOOL" revoke -y deploy
  [ "$(verdict)" = REVOKED ]
  kill -0 "$fold"
  [ -e "$AUTHKEY_DIR/usage.d/0" ]
  echo 'ROLLBACK;' >&9
  exec 9>&-
  wait "$fold"
  [ ! -e "$AUTHKEY_DIR/usage.d/0" ]
}
