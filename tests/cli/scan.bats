#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Tokens in files: found, named, judged, and switched off.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper
load kill_helper

A=ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX
B=kalp_111111111111111111111111111111111117HZFzf
C=k9_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz1bPWkK

# hides TOKEN: neither stdout nor stderr has its secret.
hides() {
  [[ $output$stderr != *"${1: -30:20}"* ]]
}

# as_nobody WORDS...: the tool as a user who may read nothing of the installation.
as_nobody() {
  root_only
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$PLACE/authkey" "$@" </dev/null
}

@test 'scan names the owner, the key, its status and the place, and never the token' {
  make deploy --owner alice
  printf 'first\nexport KEY="%s";\n' "$token" >"$PLACE/file"
  authkey scan "$PLACE/file"
  ends 1
  [[ $output =~ ^ak_$id…\ +enabled\ +alice\ +deploy\ +$PLACE/file:2$ ]]
  says '1 token found, 1 of them live, in 1 file of'
  hides "$token"
  authkey scan --json "$PLACE/file"
  ends 1
  hides "$token"
  [ "$(jq -c '.[0] | del(.file, .place)' <<<"$output")" = "$(jq -nc --arg id "$id" \
    '{line: 2, offset: 18, key: "ak_\($id)…", id: $id, owner: "alice", name: "deploy",
      status: "enabled", live: true}')" ]
  [ "$(tail -c +19 "$PLACE/file" | head -c 44)" = "$token" ]
  authkey scan "$PLACE/file" --field owner
  [ "$output" = alice ]
}

@test 'the name of a file steers neither a terminal nor a spreadsheet (R41)' {
  make deploy
  local name='' each
  mkdir "$PLACE/files"
  cd "$PLACE/files"
  for each in $'\t=1' $'\r=1' =1 +1 @1; do echo "$token" >"$each"; done
  authkey scan --format csv -- *
  ends 1
  for each in $'\t=1' $'\r=1' =1 +1 @1; do prints $'\n'"\"'$each\","; done
  rm ./*
  echo "$token" >$'f\t\r\x7f\xc2\x9b31m'
  authkey scan .
  prints './f\x09\x0d\x7f\u009b31m:1'
  authkey scan --field file .
  prints './f\x09\x0d\x7f\u009b31m'
  authkey scan --json .
  prints '"./f\t\r\u007f\u009b31m"'
  dialog 200 -- "$AK_TOOL" scan --format csv .
  prints 'f\x09\x0d\x7f\u009b31m'
}

@test 'nothing found is exit 0, an empty answer and a sentence' {
  make deploy
  printf 'ak_%s and some_long_name_that_is_none\n' "${token:4}" >"$PLACE/file"
  authkey scan "$PLACE/file"
  ends 0
  silent
  says '0 tokens found'
  authkey scan -q --json "$PLACE/file"
  ends 0
  [ "$(jq -c . <<<"$output")" = '[]' ]
  [ -z "$stderr" ]
}

@test 'only a key that opens something, or will, is live' {
  local state
  for state in enabled disabled revoked expired pending decoy; do
    case $state in
      disabled) make "$state" --disabled ;;
      pending) make "$state" --not-before 5d ;;
      decoy) make "$state" --decoy ;;
      *) make "$state" ;;
    esac
    [ "$state" != expired ] || "$AK_TOOL" edit -q expired --expires 2020-01-01
    [ "$state" != revoked ] || "$AK_TOOL" revoke -q revoked
    echo "$token" >"$PLACE/$state"
    authkey scan "$PLACE/$state" --json
    [ "$(jq -r '.[0].status' <<<"$output")" = "$state" ]
    case $state in enabled | pending) ends 1 ;; *) ends 0 ;; esac
  done
}

@test 'a wrong secret and an unknown id are told apart, and are not live' {
  make deploy
  # The right id, prefix and checksum, and another secret.
  local forged
  forged=$("$AK_TOOL" create -q other)
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET digest = zeroblob(32) WHERE name = 'other'"
  printf '%s\n%s\n%s\n%s\n' "$forged" "$A" "$B" "$C" >"$PLACE/file"
  authkey scan --disable --json "$PLACE/file"
  ends 0
  [ "$(jq -c 'map(.status)' <<<"$output")" = \
    '["wrong secret","unknown","unknown","unknown"]' ]
  [ "$(jq -c 'map(.key)' <<<"$output" | cut -d, -f2-)" = \
    '"ak_7QxR2mNd…","kalp_11111111…","k9_zzzzzzzz…"]' ]
  [ "$(field other status)" = enabled ]
  says '4 tokens found, 0 of them live'
}

@test '--disable switches the live keys off at once, with an audit, and says so' {
  local tokens=() name
  for name in a b c; do
    make "$name" --owner alice
    tokens+=("$token")
  done
  "$AK_TOOL" disable -q c
  printf '%s\n' "${tokens[@]}" "${tokens[0]}" >"$PLACE/file"
  make untouched
  local generation
  generation=$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT generation FROM installation')
  authkey scan --disable "$PLACE/file"
  ends 1
  says 'Disabled alice/a ('
  says 'Disabled alice/b ('
  says '3 tokens found in 4 places, 2 of them live'
  [[ $stderr != *alice/c* ]]
  [ "$(field a status)/$(field b status)/$(field untouched status)" = \
    disabled/disabled/enabled ]
  [ "$(sql "$AUTHKEY_DIR/master/master.db" 'SELECT generation FROM installation')" = \
    $((generation + 1)) ]
  token=${tokens[0]}
  [ "$(verdict)" = DISABLED ]
  [ "$("$AK_TOOL" audit alice/a --json | jq -c '.[-1] | [.action, .detail]')" = \
    '["scan",{"status":["enabled","disabled"]}]' ]
  authkey scan --disable "$PLACE/file"
  ends 0
}

@test 'a key that is purged while the scan goes on holds --disable up for no other' {
  make gone
  mkfifo "$PLACE/pipe"
  echo "$token" >"$PLACE/first"
  make deploy
  local code=0
  "$AK_TOOL" scan --disable "$PLACE/first" "$PLACE/pipe" 2>"$PLACE/err" >"$PLACE/out" &
  exec 9>"$PLACE/pipe" # opened by the scan, which has read the first file
  "$AK_TOOL" revoke -q gone
  "$AK_TOOL" purge -q gone
  echo "$token" >&9
  exec 9>&-
  wait $! || code=$?
  [ "$code" = 1 ]
  run ! grep -q 'gone' "$PLACE/err"
  [ "$(field deploy status)" = disabled ]
}

@test 'folders are walked, links are not, and nothing but files is opened' {
  make deploy
  mkdir -p "$PLACE/tree/deep/er" "$PLACE/elsewhere"
  echo "$token" >"$PLACE/tree/deep/er/.hidden"
  echo "$token" >"$PLACE/elsewhere/file"
  ln -s "$PLACE/elsewhere" "$PLACE/tree/link"
  ln -s "$PLACE/elsewhere/file" "$PLACE/tree/link2"
  mkfifo "$PLACE/tree/pipe"
  authkey scan --field place "$PLACE/tree"
  ends 1
  [ "$output" = "$PLACE/tree/deep/er/.hidden:1" ]
  authkey scan --field place "$PLACE/tree/link2" "$PLACE/tree/link"
  [ "$output" = "$PLACE/tree/link2:1"$'\n'"$PLACE/tree/link/file:1" ]
}

@test 'stdin is read for - and without a file' {
  make deploy
  run --separate-stderr "$AK_TOOL" scan --field place <<<$'\n\n'"$token"
  ends 1
  [ "$output" = -:3 ]
  echo "$token" >"$PLACE/file"
  run --separate-stderr "$AK_TOOL" scan --field place "$PLACE/file" - <<<"$token"
  [ "$output" = "$PLACE/file:1"$'\n'-:1 ]
}

@test 'a token that comes in pieces is found, and NUL bytes are fine' {
  make deploy
  head -c 300000 /dev/zero >"$PLACE/file"
  printf '%s' "$token" >>"$PLACE/file"
  run --separate-stderr bash -c 'dd if="$2" bs=13 status=none | "$1" scan --field offset' \
    - "$AK_TOOL" "$PLACE/file"
  ends 1
  [ "$output" = 300000 ]
}

@test 'memory does not grow with the input' {
  [ -z "${AK_SAN:-}" ] || skip 'sanitizers take memory of their own'
  make deploy
  run --separate-stderr bash -c 'ulimit -v 40000 &&
    { head -c 200000000 /dev/zero | tr "\0" "\n"; echo "$2"; } | "$1" scan --json' \
    - "$AK_TOOL" "$token"
  ends 1
  [ "$(jq -c '.[0] | [.offset, .line]' <<<"$output")" = '[200000000,200000001]' ]
}

@test 'what cannot be read is said, the rest is read, and the exit code tells' {
  make deploy
  echo nothing >"$PLACE/file"
  echo "$token" >"$PLACE/bad"
  authkey scan "$PLACE/none" "$PLACE/file"
  ends 3
  says "$PLACE/none: No such file or directory; it is not scanned"
  says 'in 1 file of'
  authkey scan "$PLACE/none" "$PLACE/bad" --field id
  ends 1
  [ "$output" = "$id" ]
  authkey scan /proc/self/mem
  ends 5
  as_nobody --dir "$PLACE/keys" scan "$AUTHKEY_DIR/master" "$PLACE/file"
  ends 4
  says "$AUTHKEY_DIR/master: Permission denied; it is not scanned"
}

@test 'where no installation can be read every token counts as live' {
  echo "x $A y" >"$PLACE/file"
  authkey --dir "$PLACE/none" scan "$PLACE/file" --json
  ends 1
  says 'Every token counts as live.'
  [ "$(jq -c '.[0] | [.id, .owner, .name, .status, .live]' <<<"$output")" = \
    '["7QxR2mNd",null,null,"unknown",true]' ]
  echo nothing >"$PLACE/other"
  authkey --dir "$PLACE/none" scan "$PLACE/other"
  ends 0
  authkey --dir "$PLACE/none" scan --disable "$PLACE/file"
  ends 3
  silent
  as_nobody --dir "$AUTHKEY_DIR" scan "$PLACE/file"
  ends 1
  says 'Every token counts as live.'
  as_nobody --dir "$AUTHKEY_DIR" scan --disable "$PLACE/file"
  ends 4
}

@test 'a damaged master is exit 5, and with --disable the keys are STILL LIVE' {
  make deploy
  echo "$token" >"$PLACE/file"
  printf 'not a database, and long enough to be looked at as one%0500d' 1 \
    >"$AUTHKEY_DIR/master/master.db"
  authkey scan "$PLACE/file"
  ends 5
  [[ $stderr != *'STILL LIVE'* ]]
  authkey scan --disable "$PLACE/file"
  ends 5
  says 'STILL LIVE'
}

@test 'a file that is called like a token is not repeated' {
  make deploy
  mkdir "$PLACE/tree"
  echo "$token" >"$PLACE/tree/$token"
  authkey scan --json "$PLACE/tree"
  ends 1
  hides "$token"
  authkey scan "$PLACE/tree/x$token"
  ends 3
  hides "$token"
}

@test 'an answer that stdout did not take is said, also where the exit code is 1' {
  make deploy
  echo "$token" >"$PLACE/file"
  run --separate-stderr bash -c '"$1" scan "$2" >/dev/full' - "$AK_TOOL" "$PLACE/file"
  ends 1
  says 'the answer could not be written to stdout'
}

@test 'a reader that goes away ends the scan' {
  make deploy
  run --separate-stderr bash -c 'set -o pipefail
    yes "$2" | "$1" scan --field id | head -n1' - "$AK_TOOL" "$token"
  [ "${lines[0]}" = "$id" ]
  [ "$status" != 0 ]
}

@test 'a reader that goes away does not keep --disable from the rest' {
  make first
  yes "$token" | head -n 20000 >"$PLACE/a"
  make last
  echo "$token" >"$PLACE/b"
  run --separate-stderr bash -c 'set -o pipefail
    "$1" scan --disable "$2/a" "$2/b" | head -n1' - "$AK_TOOL" "$PLACE"
  [ "$status" != 0 ]
  [ "$(field first status)/$(field last status)" = disabled/disabled ]
}

@test 'a folder that becomes a link while the scan goes on leads nowhere else' {
  make seen
  mkdir -p "$PLACE/tree/b" "$PLACE/elsewhere"
  touch "$PLACE/tree/b/file"
  yes "$token" | head -n 20000 >"$PLACE/tree/a" # more than a pipe holds
  make secret
  echo "$token" >"$PLACE/elsewhere/file"
  mkfifo "$PLACE/pipe"
  "$AK_TOOL" scan --disable --field name "$PLACE/tree" 2>"$PLACE/err" >"$PLACE/pipe" &
  local pid=$! name code=0
  exec 9<"$PLACE/pipe"
  read -r name <&9
  mv "$PLACE/tree/b" "$PLACE/tree/was"
  ln -s "$PLACE/elsewhere" "$PLACE/tree/b"
  run ! grep secret <&9
  exec 9<&-
  wait "$pid" || code=$?
  [ "$code" = 1 ]
  [ "$name/$(field seen status)/$(field secret status)" = seen/disabled/enabled ]
}

@test 'at a terminal long input shows how far it is, and clears it' {
  make deploy
  run "$BATS_TEST_DIRNAME/dialog.exp" 80 ' scanned' '' -- \
    bash -c '{ printf "a\n"; sleep 1.1; printf "b\n"; } | "$1" scan' - "$AK_TOOL"
  ends 0
  prints $'\r4 bytes scanned\e[K\r\e[K0 tokens found'
  run "$BATS_TEST_DIRNAME/dialog.exp" 80 -- \
    bash -c '{ printf "a\n"; sleep 1.1; printf "b\n"; } | "$1" scan -q' - "$AK_TOOL"
  ends 0
  [ -z "$output" ]
}

@test 'the documented expressions find tokens and nothing that is near one' {
  local page=$AK_TOP/docs/secret-scanners.md shape grep_e toml
  shape=$(sed -n '/^```regex$/{n;p}' "$page")
  grep_e=$(sed -n "s/^grep .*'\(.*\)' \.\$/\1/p" "$page")
  toml=$(sed -n "s/^regex = '''\(.*\)'''\$/\1/p" "$page")
  [ -n "$shape" ] && [ "$grep_e" = "$shape" ] && [ "$toml" = "$shape" ]
  make deploy
  local text
  for text in "$A" "$B" "$C" "$token" "key=\"$A\";" "https://alice:$B@host/" "X_$C " \
    "{\"t\":\"a\\n$A\\n\"}"; do
    grep -qE "$shape" <<<"$text"
    grep -qP "$shape" <<<"$text"
  done
  for text in "${A:0:43}" "${A}z" "${A/_/-}" "AK_${A:3}" "${A/Q/0}" "${A/x/l}" "_${A:3}" \
    "${A:0:20} ${A:20}"; do
    run ! grep -qE "$shape" <<<"$text"
    run ! grep -qP "$shape" <<<"$text"
  done
}

@test 'the documented commit hook stops a commit with a token, and no other' {
  needs git
  local hook=$PLACE/repo/.git/hooks/pre-commit folder
  git init -q "$PLACE/repo"
  # The folders of its PATH lie below $PLACE here.
  sed -n '/^```sh$/,/^```$/{/^```$/q;/^```/!p}' "$AK_TOP/docs/secret-scanners.md" |
    sed "/^PATH=/s|:/|:$PLACE/|g" >"$hook"
  chmod +x "$hook"
  commit() {
    git -C "$PLACE/repo" add file
    PATH=/usr/bin:/bin AUTHKEY_DIR=$PLACE/none run git -C "$PLACE/repo" -c user.name=a \
      -c user.email=a@example.org commit -q -m "$1"
  }
  # Where make install and where the packages put the tool; neither is in a user's PATH.
  for folder in usr/local/sbin usr/sbin; do
    mkdir -p "$PLACE/$folder"
    ln -s "$AK_TOOL" "$PLACE/$folder/authkey"
    echo "clean $folder" >"$PLACE/repo/file"
    commit clean
    ends 0
    echo "$A" >>"$PLACE/repo/file"
    commit token
    ends 1
    prints 'ak_7QxR2mNd…  unknown'
    rm "$PLACE/$folder/authkey"
  done
  commit token
  ends 1
  prints 'Not committed'
  [ "$(git -C "$PLACE/repo" log --format=%s)" = $'clean\nclean' ]
}

@test 'kill -9 at any change of scan --disable: old or new state, the next works (R43)' {
  needs_strace
  make deploy
  echo "$token" >"$PLACE/file"
  after() {
    is_whole || { echo "# killed at $1 $2" >&3; return 1; }
    [ "$state" = enabled ] || took=$((took + 1))
  }
  interrupt signal=KILL '"$AK_TOOL" enable -q deploy' scan -q --disable "$PLACE/file"
  [ "$ended" -gt 20 ]
  [ "$took" -gt 0 ]
}
