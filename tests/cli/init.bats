#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2153
load helper

new() {
  authkey init --dir "$PLACE/new" --group "$(id -gn)" "$@"
}

@test 'init makes the folders with the modes of the contract' {
  new
  ends 0
  silent
  says "authkey --dir $PLACE/new create NAME"
  [ "$(stat -c %a "$PLACE/new")" = 755 ]
  [ "$(stat -c %a "$PLACE/new/master")" = 700 ]
  [ "$(stat -c %a "$PLACE/new/master/master.db")" = 600 ]
  [ "$(stat -c %a "$PLACE/new/keys.db")" = 640 ]
  [ "$(stat -c %G "$PLACE/new/keys.db")" = "$(id -gn)" ]
  [ "$(stat -c %a "$PLACE/new/usage.d")" = 755 ]
}

@test 'init repeated changes nothing and says so' {
  new --prefix kalp
  ends 0
  local before
  before=$(sql "$PLACE/new/master/master.db" 'SELECT * FROM installation')
  new --prefix kalp
  ends 0
  says 'already; nothing was changed'
  [ "$(sql "$PLACE/new/master/master.db" 'SELECT * FROM installation')" = "$before" ]
}

@test 'init with another prefix or group than there is clashes' {
  new
  new --prefix other
  ends 6
  says 'already'
  authkey init --dir "$PLACE/new" --group games
  ends 6
}

@test 'init --prefix is what tokens begin with' {
  new --prefix kalp
  run --separate-stderr "$AK_TOOL" --dir "$PLACE/new" create x -q
  [[ $output == kalp_* ]]
}

@test 'a prefix that may not begin tokens is a usage error' {
  for prefix in '' A toolong a_b 'a b' é; do
    new --prefix "$prefix"
    ends 2
    says '--prefix'
    [ ! -e "$PLACE/new" ]
  done
}

@test 'a group that is not there and cannot be made leaves no master' {
  authkey init --dir "$PLACE/new" --group '--help'
  [ "$status" != 0 ]
  [ ! -e "$PLACE/new/master/master.db" ]
  authkey init --dir "$PLACE/new" --group ''
  ends 2
}

@test 'init below a missing folder fails and names it' {
  authkey init --dir "$PLACE/missing/new" --group "$(id -gn)"
  [ "$status" != 0 ]
  says "$PLACE/missing/new"
}

@test 'init --json says what there is' {
  new --json
  ends 0
  [ "$(jq -r .made <<<"$output")" = true ]
  [ "$(jq -r .prefix <<<"$output")" = ak ]
  [ "$(jq -r .dir <<<"$output")" = "$PLACE/new" ]
}

@test 'umask 0 and 0777 change no mode (R24)' {
  for mask in 0000 0777; do
    (umask "$mask" && "$AK_TOOL" init -q --dir "$PLACE/m$mask" --group "$(id -gn)")
    (umask "$mask" && "$AK_TOOL" --dir "$PLACE/m$mask" create -q x >/dev/null)
    [ "$(stat -c %a "$PLACE/m$mask")" = 755 ]
    [ "$(stat -c %a "$PLACE/m$mask/keys.db")" = 640 ]
    [ "$(stat -c %a "$PLACE/m$mask/master")" = 700 ]
    [ "$(stat -c %a "$PLACE/m$mask/master/master.db")" = 600 ]
  done
}

@test 'a master that others may enter is refused' {
  chmod 755 "$AUTHKEY_DIR/master"
  authkey list
  ends 5
  says 'chmod 700'
}

@test 'somebody else is told to be root' {
  root_only
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
    "$PLACE/authkey" list
  ends 4
  says 'sudo'
}

@test 'publish writes a store that was lost, and says where' {
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  authkey publish
  ends 0
  silent
  says "$AUTHKEY_DIR/keys.db"
  [ "$(verdict)" = VALID ]
  authkey publish --json
  ends 0
  [ "$(jq -r .store <<<"$output")" = "$AUTHKEY_DIR/keys.db" ]
}

@test 'the next command heals a store that is lost or behind' {
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  authkey list
  ends 0
  says 'published again'
  [ "$(verdict)" = VALID ]
}

@test 'the store that SECURITY.md takes away opens nothing until it is written again, as the timer does' {
  local remove fold
  remove=$(tr '\n' ' ' <"$AK_TOP/SECURITY.md" | grep -o '`rm /[^`]*`' | tr -d '`')
  remove=${remove//\/var\/lib\/authkey/$AUTHKEY_DIR}
  fold=$(sed -n 's|^ExecStart=@sbindir@/authkey ||p' "$AK_TOP/packaging/systemd/authkey-fold.service")
  make deploy
  eval "$remove"
  [ "$(verdict)" = STORE_UNAVAILABLE ]
  authkey doctor
  [ "$(verdict)" = STORE_UNAVAILABLE ]
  # shellcheck disable=SC2086 # its words
  "$AK_TOOL" $fold 2>/dev/null
  [ "$(verdict)" = VALID ]
  eval "$remove"
  authkey publish
  [ "$(verdict)" = VALID ]
}

@test 'a store that cannot be healed is a warning for commands that read' {
  root_only
  make deploy
  rm "$AUTHKEY_DIR/keys.db"
  mkdir "$AUTHKEY_DIR/keys.db" # no file can be renamed over it
  authkey list --field name
  ends 0
  [ "$output" = deploy ]
  says 'the store is behind the master'
  authkey disable deploy
  ends 5
  says 'STILL LIVE'
}

@test 'init where only root may says so as every command does' {
  [ "$(id -u)" != 0 ] || command -v setpriv >/dev/null || skip 'setpriv is not installed'
  local as=()
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  run --separate-stderr "${as[@]}" "$PLACE/authkey" --dir /usr/authkey-test init </dev/null
  ends 4
  says 'run the command as root, with sudo'
}
