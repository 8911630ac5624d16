#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Each fault is made, found, and mended by the command that is printed.
# shellcheck disable=SC2154,SC2016,SC2034
load helper

# Fixes are run as they stand, in a shell that knows authkey.
prepare() {
  mkdir -p "$PLACE/bin" "$PLACE/pam.d"
  ln -sf "$AK_TOOL" "$PLACE/bin/authkey"
  PATH=$PLACE/bin:$PATH
}

doctor() {
  authkey doctor --pam-dir "$PLACE/pam.d" "$@"
}

healthy() {
  doctor "$@"
  ends 0
  silent
  says 'Nothing found.'
}

# finds SEVERITY CHECK THING REASON: one finding, of these. Its fix is kept in $fix.
finds() {
  doctor --json "${arguments[@]}"
  ends 1
  local found
  found=$(jq -r '.[] | "\(.severity) \(.check) \(.thing) \(.reason)"' <<<"$output")
  if [[ $found != "$1 $2 $3 "*"$4"* || $(wc -l <<<"$found") != 1 ]]; then
    echo "instead of $1 $2 $3 $4:"
    echo "$output"
    return 1
  fi
  fix=$(jq -r '.[0].fix' <<<"$output")
}

# mends: the fix that was printed leaves nothing to be found.
mends() {
  bash -c "$fix" </dev/null >/dev/null || {
    echo "the fix failed: $fix"
    return 1
  }
  healthy "${arguments[@]}"
}

# mend_all: every fix that was printed, in its order, each once.
mend_all() {
  local fix
  while read -r fix; do
    bash -c "$fix" </dev/null
  done < <(jq -r '.[].fix' <<<"$output" | awk '!seen[$0]++')
}

@test 'doctor finds nothing in a sound installation' {
  prepare
  make deploy --owner alice
  healthy
  doctor --json
  ends 0
  [ "$(jq length <<<"$output")" = 0 ]
  authkey verify <<<"$token"
  authkey fold
  healthy
}

@test 'wrong modes and owners are found and mended (R47)' {
  prepare
  make deploy
  local row path mode
  for row in . master usage.d master/master.db master/lock keys.db; do
    path=$(realpath "$AUTHKEY_DIR/$row")
    chmod g+w "$path"
    doctor --json
    ends 1
    mend_all
    healthy
  done
  [ "$(id -u)" = 0 ] || return 0
  for row in . master usage.d master/master.db; do
    path=$(realpath "$AUTHKEY_DIR/$row")
    chown 65534 "$path"
    doctor --json
    ends 1
    [[ $output == *'belongs to'* ]]
    mend_all
    healthy
  done
  chown 65534 "$AUTHKEY_DIR/keys.db"
  doctor --json
  ends 1
  fix=$(jq -r '.[0].fix' <<<"$output")
  mends
}

@test 'a folder above that others may write is found and mended' {
  prepare
  chmod g+w "$PLACE"
  doctor --json
  ends 1
  fix=$(jq -r --arg p "$PLACE" '.[] | select(.thing == $p).fix' <<<"$output")
  mends
}

@test 'stray files are found and removed, what belongs there is not (R47)' {
  prepare
  make deploy
  local path
  for path in keys.db-journal keys.db-wal keys.db-shm keys.db.new notes.txt \
    'a b; touch c' "it's" master/old.db master/master.db.new usage.d/core usage.d/0x; do
    : >"$AUTHKEY_DIR/$path"
    finds warning strays "$AUTHKEY_DIR/$path" ''
    mends
    [ ! -e "$AUTHKEY_DIR/$path" ]
  done
  # What may be somebody's is put aside.
  [ -f "$AUTHKEY_DIR.aside/a b; touch c" ]
  [ ! -e "$AUTHKEY_DIR.aside/keys.db.new" ]
  : >"$AUTHKEY_DIR/master/master.db.20261121T120000Z.7"
  : >"$AUTHKEY_DIR/keys.db.new"
  flock "$AUTHKEY_DIR/master/lock" "$AK_TOOL" doctor --pam-dir "$PLACE/pam.d"
}

@test 'doctor changes nothing: no file is made, migrated, healed or published' {
  prepare
  make deploy
  sql "$AUTHKEY_DIR/master/master.db" 'UPDATE installation SET generation = generation + 1'
  local before after
  before=$(cd "$AUTHKEY_DIR" && find . -printf '%p %s %T@ %i %m\n' | sort)
  doctor
  ends 1
  after=$(cd "$AUTHKEY_DIR" && find . -printf '%p %s %T@ %i %m\n' | sort)
  [ "$before" = "$after" ]
}

@test 'a store that is behind, missing or damaged is found and mended' {
  prepare
  make one
  make two
  sql "$AUTHKEY_DIR/master/master.db" 'UPDATE installation SET generation = generation + 1'
  finds error store "$AUTHKEY_DIR/keys.db" 'is behind the master'
  mends
  rm "$AUTHKEY_DIR/keys.db"
  service a 'auth required @M@' 'account required @M@'
  finds error folders "$AUTHKEY_DIR/keys.db" 'is missing'
  [[ $fix == *' publish' ]]
  mends
  truncate -s 4096 "$AUTHKEY_DIR/keys.db"
  finds error store "$AUTHKEY_DIR/keys.db" 'cut short'
  mends
  # One byte of one record, behind its head.
  local at
  at=$(grep -abo two "$AUTHKEY_DIR/keys.db" | head -n 1 | cut -d: -f1)
  printf X | dd of="$AUTHKEY_DIR/keys.db" bs=1 seek="$at" conv=notrunc status=none
  finds error store "$(id -un)/two ($id)" 'damaged'
  mends
}

@test 'what has the name of a file or folder and is none is put aside' {
  prepare
  make one
  local path kind
  for path in keys.db usage.d; do
    for kind in 'mkdir' 'mkfifo' 'ln -s /etc/passwd' 'touch'; do
      [ "$path $kind" != 'keys.db touch' ] || continue
      rm -rf "${AUTHKEY_DIR:?}/$path"
      $kind "$AUTHKEY_DIR/$path"
      [ "$path $kind" != 'usage.d mkdir' ] || chmod 700 "$AUTHKEY_DIR/$path"
      run --separate-stderr timeout 5 "$AK_TOOL" doctor --pam-dir "$PLACE/pam.d" --json
      ends 1
      mend_all
      healthy
    done
  done
}

@test 'in a folder without an installation nothing is stray' {
  prepare
  authkey --dir / doctor --pam-dir "$PLACE/pam.d" --json
  ends 1
  [ "$(jq -r '.[] | "\(.check) \(.reason)"' <<<"$output")" = 'folders there is no installation' ]
}

@test 'a store that says something else than the master is found and mended' {
  prepare
  make one
  # Changed by hand, without a publish and without a new generation.
  sql "$AUTHKEY_DIR/master/master.db" "UPDATE key SET state = 2 WHERE id = '$id'"
  finds error store "$(id -un)/one ($id)" 'something else'
  mends
}

@test 'a key that the store has and the master has not is found: it opens, and no list shows it (R47)' {
  prepare
  make one
  make two
  # As a row that somebody has put into the store: the master knows nothing of it.
  sql "$AUTHKEY_DIR/master/master.db" "DELETE FROM key WHERE id = '$id'"
  [ "$(names)" = one ]
  [ "$(verdict)" = VALID ]
  finds error store "$id" 'no list shows it'
  fix=${fix#*: }
  mends
  [ "$(verdict)" = NOT_FOUND ]
}

@test 'of many such keys five are named, and the rest is counted' {
  prepare
  local i
  for i in {1..8}; do make "key-$i"; done
  sql "$AUTHKEY_DIR/master/master.db" "DELETE FROM key WHERE name <> 'key-3'"
  doctor --json
  ends 1
  [ "$(jq '[.[] | select(.reason | contains("no list shows it"))] | length' <<<"$output")" = 5 ]
  prints '2 more keys are in it and not in the master'
}

@test 'of one that opens nothing it is not said that it opens' {
  prepare
  make one
  "$AK_TOOL" disable -q one
  sql "$AUTHKEY_DIR/master/master.db" "DELETE FROM key WHERE id = '$id'"
  finds error store "$id" 'no list shows it'
  [[ $output != *'it opens'* ]]
}

# amid N COMMAND...: doctor, while which a command changes keys: it is stopped at the N-th time
# that it has opened the store.
amid() {
  local n=$1 tracer at_work
  shift
  strace -f -o /dev/null -P "$AUTHKEY_DIR/keys.db" -e trace=openat \
    -e "inject=openat:signal=STOP:when=$n" \
    "$AK_TOOL" doctor --pam-dir "$PLACE/pam.d" >"$PLACE/found" 2>&1 3>&- &
  tracer=$!
  until at_work=$(pgrep -P $tracer -x authkey) &&
    grep -q '^State:.*[tT] ' "/proc/$at_work/status"; do
    kill -0 $tracer
    sleep 0.05
  done
  "$AK_TOOL" "$@" </dev/null >/dev/null 2>&1
  kill -CONT "$at_work"
  status=0
  wait $tracer || status=$?
  [ "$status" = 0 ] || { echo "amid $n, $*:"; cat "$PLACE/found"; return 1; }
}

@test 'what others change meanwhile is nothing that doctor finds (R47)' {
  needs_strace
  prepare
  local n
  for n in 1 2 3; do
    make "old-$n"
    make "other-$n"
    "$AK_TOOL" revoke -q -y "old-$n" 2>/dev/null
    amid "$n" purge "old-$n"
    amid "$n" disable "other-$n"
    amid "$n" create -q "new-$n"
  done
}

@test 'a damaged master and a broken audit are found' {
  prepare
  make one
  make two
  "$AK_TOOL" backup "$PLACE/backup" 2>/dev/null
  sql "$AUTHKEY_DIR/master/master.db" 'UPDATE audit SET who = "mallory" WHERE seq = 2'
  finds error audit audit 'breaks at row 2'
  rm "$AUTHKEY_DIR/master/master.db"
  doctor --json
  ends 1
  [[ $output == *'is missing'* ]]
  fix=$(jq -r '.[0].fix' <<<"$output")
  [[ $fix == *' restore BACKUP' ]]
  printf 'no database, but long enough to be read as one%.0s' {1..100} \
    >"$AUTHKEY_DIR/master/master.db"
  chmod 600 "$AUTHKEY_DIR/master/master.db"
  finds error master "$AUTHKEY_DIR/master/master.db" 'not a database'
}

@test 'a clock behind the last publishing is found (R28)' {
  prepare
  make one --expires 90d
  # A store of tomorrow: generation 1 and its time, little-endian, and their seal.
  local meta time
  time=$(printf '%016x' $(($(date +%s) + 86400)) | fold -w 2 | tac | tr -d '\n')
  meta=$(sql "$AUTHKEY_DIR/keys.db" "SELECT substr(hex(record), 1, 16) FROM key WHERE id = ''")$time
  meta+=$(printf '%b' "$(fold -w 2 <<<"$meta" | sed 's/^/\\x/' | tr -d '\n')" | b2sum -l 128 | cut -c 1-32)
  sql "$AUTHKEY_DIR/keys.db" "UPDATE key SET record = x'$meta' WHERE id = ''"
  finds error clock clock 's behind the last publishing'
  fix=${fix#*: }
  mends
}

@test 'a file system that is nearly full is found' {
  prepare
  small 4m
  export AUTHKEY_DIR=$PLACE/small/keys
  "$AK_TOOL" init -q --group root
  finds warning space "$AUTHKEY_DIR" 'are free on its file system'
}

# own_group [GROUP]: an installation of a group, and a user of the same name whose group it is,
# or GROUP.
own_group() {
  own_etc
  prepare
  user=akd$$
  groupadd --system "$user"
  useradd --system --no-create-home --gid "${1:-$user}" "$user"
  export AUTHKEY_DIR=$PLACE/v
  "$AK_TOOL" init -q --group "$user"
}

@test 'a verifier without a usage file, and a file without a verifier, are mended' {
  own_group
  local uid
  uid=$(id -u "$user")
  finds warning group "$user" 'has no usage file'
  mends
  [ "$(stat -c %u "$AUTHKEY_DIR/usage.d/$uid")" = "$uid" ]
  echo x >"$AUTHKEY_DIR/usage.d/$uid"
  finds error usage "$AUTHKEY_DIR/usage.d/$uid" 'is no usage file'
  mends
  chmod 644 "$AUTHKEY_DIR/usage.d/$uid"
  finds warning usage "$AUTHKEY_DIR/usage.d/$uid" 'mode 0644'
  mends
  cp -p "$AUTHKEY_DIR/usage.d/0" "$AUTHKEY_DIR/usage.d/54321"
  finds warning usage "$AUTHKEY_DIR/usage.d/54321" 'no user of this system'
  mends
  rm "$AUTHKEY_DIR/usage.d/0"
  finds warning group root 'has no usage file'
  mends
  cp -p "$AUTHKEY_DIR/usage.d/0" "$AUTHKEY_DIR/usage.d/65534"
  chown 65534 "$AUTHKEY_DIR/usage.d/65534"
  finds warning usage nobody 'no member of the group'
  rm -f "$AUTHKEY_DIR/usage.d/65534" "$AUTHKEY_DIR/usage.d/$uid"
  userdel "$user"
  groupdel "$user" 2>/dev/null || true # it may have gone with its user
  finds error group "$user" 'there is no such group'
  mends
}

@test '--verifier tries with the ids of the user whether he can check tokens' {
  own_group nogroup
  arguments=(--verifier "$user")
  finds error verifier "$user" 'may not read it'
  mends
  chmod 700 "$PLACE"
  finds error verifier "$user" 'may not enter'
  mends
  doctor --verifier no-such-user --json
  ends 1
  [[ $output == *'no such user'* ]]
}

@test 'doctor tells of stacks that let in everyone, or nobody (R47)' {
  prepare
  local permit='auth required pam_permit.so'
  local fine=$'account required @M@\naccount required pam_permit.so'
  service a 'auth sufficient @M@' "$permit" "$fine"
  finds error stacks a 'lets everyone in, with any password'
  service a 'auth optional @M@' "$permit" "$fine"
  finds error stacks a 'lets everyone in, with any password'
  service a 'auth sufficient @M@' 'auth required pam_env.so' "$fine"
  finds error stacks a 'lets everyone in, with any password'
  service a 'auth [success=ok auth_err=die default=ignore] @M@' "$permit" "$fine"
  finds error stacks a 'whenever the store cannot answer'
  service a 'auth required @M@ ignore_authinfo_unavail' "$permit" "$fine"
  finds error stacks a 'whenever the store cannot answer'
  service a 'auth [success=1 default=ignore] @M@' "$permit" 'auth required pam_deny.so' "$fine"
  finds error stacks a 'lets nobody in with a key: its auth stack'
  service a 'auth required @M@' 'account required pam_deny.so'
  finds error stacks a 'lets nobody in with a key: its account stack'
  service a 'auth sufficient @M@' 'auth required pam_unix.so' 'account required @M@'
  finds warning stacks a 'lets nobody in without a key'
  service a 'auth sufficient @M@' 'auth required pam_deny.so' 'account required @M@'
  healthy
  service a 'auth sufficient @M@' 'auth required pam_unix.so' 'account required @M@' \
    'account required pam_unix.so'
  healthy
}

@test 'doctor tells of stacks that let in a key which was revoked since (R8)' {
  prepare
  local unix='account required pam_unix.so' stack
  service a 'auth required @M@' "$unix"
  finds error stacks a 'does not ask pam_authkey.so'
  [[ $fix == *'account required pam_authkey.so' ]]
  service a 'auth required @M@' 'account required pam_permit.so'
  finds error stacks a 'does not ask pam_authkey.so'
  for stack in "account sufficient @M@
$unix" "account [default=ignore] @M@
$unix" "account optional @M@
$unix" "account sufficient pam_unix.so
account required @M@"; do
    service a 'auth required @M@' "$stack"
    finds error stacks a 'passes over what pam_authkey.so refuses'
  done
  service a 'auth required @M@' 'account required @M@' "$unix"
  healthy
  service a 'auth required @M@' \
    'account [success=done ignore=ignore default=die] @M@' "$unix"
  healthy
}

@test 'doctor tells of user=set where names are judged before, or are not heeded' {
  prepare
  local judge account='account required @M@ user=set'
  for judge in listfile access succeed_if; do
    service a "auth required pam_$judge.so" 'auth required @M@ user=set' "$account"
    finds warning stacks "$PLACE/pam.d/a:2" "pam_$judge.so before it"
    service a 'auth required @M@ user=set' "auth required pam_$judge.so" "$account"
    healthy
    service a "auth required pam_$judge.so" 'auth required @M@' 'account required @M@'
    healthy
  done
  rm "$PLACE/pam.d/a"
  for service in sshd sudo sudo-i postgresql; do
    service "$service" 'auth required @M@ user=set' "$account"
    finds warning stacks "$PLACE/pam.d/$service:1" 'user=set is in vain'
    rm "$PLACE/pam.d/$service"
  done
}

@test 'doctor tells of a module whose name is none, beside ours or like it' {
  prepare
  service a 'auth required @M@' 'account required @M@' 'account required pam_no_such.so'
  finds error module pam_no_such.so "$PLACE/pam.d/a:3 asks for it"
  service a 'auth sufficient pam_authky.so' 'auth required pam_deny.so'
  finds error module pam_authky.so "$PLACE/pam.d/a:1 asks for it"
  service a 'auth required @M@' 'account required @M@' 'account optional pam_no_such.so'
  healthy
}

@test 'doctor tells of options that the module refuses, and of lines and files (R3)' {
  prepare
  local account='account required @M@'
  service a '' 'auth required @M@ [prompt=Key: ] stroe=/x' "$account"
  finds error stacks "$PLACE/pam.d/a:2" 'option stroe=/x: there is no such option'
  service a "auth required $AK_MODULE store=/nonexistent/keys.db" "$account"
  finds error stacks "$PLACE/pam.d/a:1" 'No such file'
  service a 'auth required @M@' "$account" 'account optional'
  finds warning stacks "$PLACE/pam.d/a:3" 'names no module'
  service a 'auth required @M@' "$account" '@include nothing'
  finds error stacks a '@include nothing cannot be read'
  service a "auth required /nonexistent/pam_authkey.so ${line#* }" "$account"
  finds error module /nonexistent/pam_authkey.so 'is not where libpam looks'
}

@test 'a module that others may write or of another version is found' {
  prepare
  cp "$AK_MODULE" "$PLACE/pam_authkey.so"
  service a "auth required $PLACE/pam_authkey.so ${line#* }" 'account required @M@'
  chmod 666 "$PLACE/pam_authkey.so"
  finds error module "$PLACE/pam_authkey.so" 'could put anything into every login'
  mends
  chmod 600 "$PLACE/pam_authkey.so"
  finds warning module "$PLACE/pam_authkey.so" 'cannot load it'
  mends
  sed -i 's/pam_authkey.so version [0-9]/pam_authkey.so version 9/' "$PLACE/pam_authkey.so"
  finds warning module "$PLACE/pam_authkey.so" 'is of version 9'
  [[ $fix == *'the packages libpam-authkey and authkey, or make install' ]]
}

@test 'doctor tells of keys whose services are not there, do not ask or give no address' {
  prepare
  service web 'auth required @M@ service=api' 'account required @M@'
  service sudo 'auth required @M@' 'account required @M@'
  service imap 'auth required pam_unix.so' 'account required pam_unix.so'
  make good --service web --service api
  healthy
  make one --service nowhere
  finds warning keys nowhere 'no such PAM service; 1 key names it'
  [[ $fix == *"or: authkey --dir $AUTHKEY_DIR edit $(id -un)/one --service NAME,"* ]]
  [[ $fix == *"or: authkey --dir $AUTHKEY_DIR revoke $(id -un)/one" ]]
  make two --service nowhere
  finds warning keys nowhere 'no such PAM service; 2 keys name it'
  authkey edit "$(id -un)/one" --service web
  finds warning keys nowhere '1 key names it'
  authkey edit two --service web --service nowhere
  finds warning keys nowhere '1 key names it'
  fix=${fix##*, or: }
  mends
  authkey edit one --service nowhere
  authkey edit two --service nowhere
  authkey disable one two
  make three --service imap
  finds warning keys imap 'does not ask pam_authkey.so'
  authkey revoke three -y
  make four --service sudo --from 192.0.2.0/24
  finds warning keys sudo 'never opens this service'
  authkey edit four --from=
  authkey revoke four -y
  healthy
}

@test 'the fix for a key that was replaced is for that key, and not the one in its place' {
  prepare
  service web 'auth required @M@' 'account required @M@'
  for services in 'nowhere' 'web nowhere'; do
    make "${services// /-}" --service "${services// /,}"
    authkey rotate "${services// /-}" --overlap 7d
    authkey edit "${services// /-}" --service web
    finds warning keys nowhere "1 key names it, as $(id -un)/${services// /-} ($id)"
    fix=${fix##*, or: }
    mends
    [ "$(field "${services// /-}" status)" = enabled ]
  done
}

@test 'a decoy that was used is found' {
  prepare
  make bait --decoy
  healthy
  needs "$AK_BUILD/demo/login"
  service web 'auth required @M@' 'account required @M@'
  "$AK_BUILD/demo/login" "$PLACE/pam.d" web "$(id -un)" <<<"$token" || true
  authkey fold
  finds error keys "$(id -un)/bait ($id)" 'is a decoy, and was used 1 time: '
  authkey revoke bait -y
  healthy
}

@test 'without root doctor says what it could not look at, and is exit 4' {
  root_only
  prepare
  make one
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$PLACE/authkey" \
    doctor --pam-dir "$PLACE/pam.d" --verifier daemon --json
  ends 4
  says 'could be looked at'
  [ "$(jq -r '[.[].severity] | unique | join(" ")' <<<"$output")" = unseen ]
  [[ $output == *'look as root'* ]]
  [[ $output == *'only root can try'* ]]
}

@test 'without an installation, a folder or an argument that is one, doctor says so' {
  prepare
  authkey --dir "$PLACE/none" doctor --pam-dir "$PLACE/pam.d" --json
  ends 1
  [[ $(jq -r '.[0].fix' <<<"$output") == *' init' ]]
  authkey doctor --pam-dir "$PLACE/nowhere"
  ends 3
  authkey doctor something
  ends 2
}
