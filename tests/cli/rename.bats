#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
# On a file system that knows no flags of renameat2(2), as NFS and many of FUSE.
load helper
load usage_helper

# answered ERROR [-e inject=...]... COMMAND...: the command, where that is the answer to flags.
answered() {
  strace -f -o /dev/null -e trace=renameat2,link,rename,unlink -e "inject=renameat2:error=$1" \
    "${@:2}"
}

# without_flags COMMAND...: and what comes of it.
without_flags() {
  run --separate-stderr answered EINVAL "$@"
}

# grown: a usage file that is due to be put aside, with 14001 records.
grown() {
  make deploy --owner alice
  login nginx alice
  repeat_record 14000
}

@test 'init, verifier add and backup work where no flag of renameat2 is known' {
  needs_strace
  root_only
  local error dir
  for error in EINVAL ENOSYS; do
    dir=$PLACE/$error
    run --separate-stderr answered "$error" "$AK_TOOL" --dir "$dir" init --group nogroup
    ends 0
    [ "$(stat -c '%h %s %a' "$dir/usage.d/0")" = '1 80 600' ]
    run --separate-stderr answered "$error" "$AK_TOOL" --dir "$dir" verifier add nobody
    ends 0
    [ "$(stat -c '%h %s %a %U' "$dir/usage.d/$(id -u nobody)")" = '1 80 600 nobody' ]
    run --separate-stderr answered "$error" "$AK_TOOL" --dir "$dir" backup "$dir.db"
    ends 0
    [ "$(stat -c '%h %a' "$dir.db")" = '1 600' ]
    [ "$(sql "$dir.db" 'PRAGMA integrity_check')" = ok ]
    [ "$(ls "$dir/usage.d")" = "0"$'\n'"$(id -u nobody)" ]
  done
  [ "$(echo "$PLACE"/*.db*)" = "$PLACE/EINVAL.db $PLACE/ENOSYS.db" ]
}

@test 'a usage file is put aside there, and each record counts once' {
  needs_strace
  root_only
  grown
  without_flags "$AK_TOOL" fold
  ends 0
  says 'Folded 14001 usage records.'
  [ "$(stat -c %s "$(usage_file).old")" = $((14002 * 80)) ]
  [ "$(stat -c %s "$(usage_file)")" = 80 ]
  [ ! -e "$(usage_file).new" ]
  login nginx alice
  [ "$(field deploy uses)" = 14002 ]
}

@test 'so it does when the fold is killed at any renaming, and logins go on (R43)' {
  needs_strace
  root_only
  local at uses=0 killed=0
  make deploy --owner alice
  for at in 1 2 3 4; do
    login nginx alice
    repeat_record 14000
    touch -c -d '5 minutes ago' "$(usage_file).old"
    answered EINVAL -e inject=rename:signal=KILL:when=$at "$AK_TOOL" fold -q >/dev/null 2>&1 ||
      killed=$((killed + 1))
    [ "$at" -ne 3 ] || [ ! -e "$(usage_file)" ] # killed between two names
    # What is required to be recorded is: a login goes on.
    service required 'auth sufficient @M@ usage=required' 'account required @M@ usage=required'
    login required alice
    uses=$((uses + 14002))
    "$AK_TOOL" fold -q
    [ "$(field deploy uses)" = "$uses" ]
    [ -e "$(usage_file)" ]
    touch -c -d '5 minutes ago' "$(usage_file)"*
    "$AK_TOOL" fold -q
    [ "$(stat -c %s "$(usage_file)")" -lt 1048576 ]
    [ ! -e "$(usage_file).new" ]
  done
  [ "$killed" -eq 3 ]
}

@test 'who is killed between two names of a new usage file leaves what the next command mends' {
  needs_strace
  root_only
  local dir=$PLACE/other how
  "$AK_TOOL" --dir "$dir" init -q --group nogroup
  for how in "init" "verifier add root"; do
    rm "$dir"/usage.d/0
    without_flags -e inject=link:signal=KILL:when=1 "$AK_TOOL" --dir "$dir" init -q
    [ "$status" -ne 0 ]
    # The signal comes when the call is made: the name is there.
    [ -e "$dir/usage.d/0" ] || ln "$dir/usage.d/0.init" "$dir/usage.d/0"
    # shellcheck disable=SC2086 # words
    authkey --dir "$dir" $how
    ends 0
    [ "$(stat -c %h "$dir/usage.d/0")" = 1 ]
    [ "$(ls "$dir/usage.d")" = 0 ]
  done
}

@test 'where there are no hard links either, a backup names the way out' {
  needs_strace
  root_only
  make deploy --owner alice
  without_flags -e inject=link:error=EPERM "$AK_TOOL" backup "$PLACE/b.db"
  ends 4
  says 'no hard links, write to another one'
  [ -z "$(compgen -G "$PLACE/b.db*")" ]
  : >"$PLACE/b.db"
  without_flags -e inject=link:error=EPERM "$AK_TOOL" backup --force "$PLACE/b.db"
  ends 0
}

@test 'what cannot be put aside is counted, said, and no failure' {
  needs_strace
  root_only
  grown
  run --separate-stderr answered EIO "$AK_TOOL" fold
  ends 0
  says 'Folded 14001 usage records.'
  says "usage.d/$(id -u): was not put aside: $(usage_file): Input/output error"
  rm "$(usage_file).new"
  run --separate-stderr answered EIO "$AK_TOOL" show deploy
  ends 0
  says 'was not put aside'
  [[ $stderr != *'not counted'* ]]
  [ "$(field deploy uses)" = 14001 ]
}
