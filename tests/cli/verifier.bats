#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

# A group, and a user who is no member of it.
own_account() {
  own_etc
  user=akt$$
  groupadd --system "$user"
  useradd --system --no-create-home --gid nogroup "$user-u"
  cp -a "$AK_TOOL" "$PLACE/authkey"
  "$AK_TOOL" init -q --dir "$PLACE/v" --group "$user"
  export AUTHKEY_DIR=$PLACE/v
  uid=$(id -u "$user-u")
  file=$PLACE/v/usage.d/$uid
}

# is_member, is_none: of the group.
is_member() {
  [[ " $(id -Gn "$user-u") " == *" $user "* ]]
}

is_none() {
  ! is_member
}

@test 'verifier add joins the group and makes the usage file; remove takes both back' {
  own_account
  authkey verifier add "$user-u"
  ends 0
  says 'Restart its service'
  is_member
  [ "$(stat -c '%u %a %s' "$file")" = "$uid 600 80" ]
  authkey verifier list --json
  [ "$(jq -c --arg u "$user-u" '.[] | select(.user == $u) | [.member, .usage_file]' \
    <<<"$output")" = '[true,true]' ]
  authkey verifier add "$user-u"
  says 'checks tokens already'
  authkey verifier remove "$user-u"
  ends 0
  is_none
  [ ! -e "$file" ]
}

@test 'a removal that cannot count what was recorded has ended the membership, and says so' {
  own_account
  "$AK_TOOL" verifier add -q "$user-u"
  echo broken >"$PLACE/v/master/usage.db"
  authkey verifier remove -q "$user-u"
  ends 5
  says "$user-u is out of the group $user, and only the usage file stays;"
  is_none
  [ -e "$file" ]
  rm "$PLACE/v/master/usage.db"
  authkey verifier remove "$user-u"
  ends 0
  [ ! -e "$file" ]
}

@test 'a stray file in the place of the usage file is not taken over (R23)' {
  own_account
  local kind
  echo precious >"$PLACE/precious"
  for kind in link hard-link folder fifo; do
    case $kind in
      link) ln -s "$PLACE/precious" "$file" ;;
      hard-link) ln "$PLACE/precious" "$file" ;;
      folder) mkdir "$file" ;;
      fifo) mkfifo "$file" ;;
    esac
    authkey verifier add "$user-u"
    ends 5
    rm -r "$file"
  done
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
  ends 0
  is_member
  [ ! -e "$PLACE/caught" ]
}

@test 'init makes a group that is missing' {
  own_etc
  local group=akg$$
  run -2 getent group "$group"
  authkey init --dir "$PLACE/g" --group "$group"
  ends 0
  getent group "$group"
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

@test 'a group with twenty thousand members is found, and each change is in force' {
  own_etc
  local gid
  gid=$(getent group nogroup | cut -d: -f3)
  echo "crowd:x:$gid:$(seq -f 'member%.0f' 1 20000 | paste -sd,)" >>/etc/group
  authkey --dir "$PLACE/other" init --group crowd
  ends 0
  [ "$(stat -c %g "$PLACE/other/keys.db")" = "$gid" ]
}
