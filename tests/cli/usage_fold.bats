#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper

@test 'fold says how many records it has counted, each once' {
  make deploy --owner alice
  login nginx alice
  refused nginx bob
  authkey fold
  ends 0
  says 'Folded 2 usage records.'
  silent
  authkey fold
  says 'Folded 0 usage records.'
  login nginx alice
  authkey fold --json
  [ "$(jq .records <<<"$output")" = 1 ]
  [ "$(field deploy uses)" = 2 ]
  authkey fold -q
  ends 0
  [ -z "$stderr" ]
  silent
}

@test 'fold goes on until nothing is left, and shows at a terminal how far it is' {
  make deploy --owner alice
  login nginx alice
  repeat_record 250000
  dialog 80 -- "$AK_TOOL" fold
  [ "$status" -eq 0 ]
  [[ $output == *'Folded 250001 usage records.'* ]]
  [ "$(field deploy uses)" = 250001 ]
}

@test 'a file that has grown is put aside, and what is written meanwhile counts' {
  make deploy --owner alice
  login nginx alice
  last_record >"$PLACE/record"
  repeat_record 14000
  "$AK_TOOL" fold -q
  [ -e "$(usage_file).old" ]
  [ "$(stat -c %s "$(usage_file)")" = 80 ]
  cat "$PLACE/record" >>"$(usage_file).old"
  login nginx alice
  [ "$(field deploy uses)" = 14003 ]
}

@test 'folds at once count each record once' {
  make deploy --owner alice
  login nginx alice
  repeat_record 3000
  local i
  for i in {1..8}; do
    "$AK_TOOL" fold -q 3>&- &
    login sshd alice
  done
  wait
  [ "$(field deploy uses)" = 3009 ]
}

@test 'a usage.db that cannot be opened fails the fold, and nothing is lost' {
  make deploy --owner alice
  login nginx alice
  mkdir "$AUTHKEY_DIR/master/usage.db"
  authkey fold
  ends 5
  says 'usage.db'
  rmdir "$AUTHKEY_DIR/master/usage.db"
  authkey fold
  says 'Folded 1 usage record.'
}

@test 'a fold that finds nothing new asks nothing of the disk' {
  root_only # may trace what has made itself undumpable
  [[ -z ${AK_SAN:-} ]] || skip 'a sanitizer makes calls of its own'
  make deploy --owner alice
  login nginx alice
  strace -f -o "$PLACE/trace" "$AK_TOOL" fold -q
  grep -qE 'fsync|fdatasync' "$PLACE/trace"
  strace -f -o "$PLACE/trace" "$AK_TOOL" fold -q
  [ "$(grep -cE 'fsync|fdatasync|msync|rename' "$PLACE/trace")" = 0 ]
  [ "$(field deploy uses)" = 1 ]
}

# killed_anywhere COMMAND...: end it at each system call it makes; before every run a
# login is recorded, and in the end the counts must be those of all that was recorded:
# $logins of deploy, and $others.
killed_anywhere() {
  [ "$(id -u)" = 0 ] || skip 'only root may trace what has made itself undumpable'
  [[ -z ${AK_SAN:-} ]] || skip 'a sanitizer makes calls of its own'
  local call times at
  login nginx alice
  strace -f -o "$PLACE/trace" "$@" </dev/null >/dev/null 2>&1
  logins=$((logins + 1))
  # From the first look into usage.d on; each call and how often it is made.
  sed -n '/usage\.d/,$s/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$PLACE/trace" |
    grep -vx 'exit_group' | sort | uniq -c >"$PLACE/inside"
  sed -n 's/^[0-9]* *\([a-z0-9_]*\)(.*/\1/p' "$PLACE/trace" | sort | uniq -c |
    awk '{ print $2, $1 }' >"$PLACE/all"
  while read -r times call; do
    local total
    total=$(awk -v call="$call" '$1 == call { print $2 }' "$PLACE/all")
    for ((at = total - times + 1; at <= total; at++)); do
      login nginx alice
      logins=$((logins + 1))
      [ -z "${before:-}" ] || "$before"
      strace -f -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$at" \
        "$@" </dev/null >/dev/null 2>&1 || killed=$((killed + 1))
    done
    "$AK_TOOL" fold -q
    [ "$(field deploy uses)" = "$logins" ] ||
      { echo "after $call: $(field deploy uses) and not $logins"; return 1; }
    [ "$(usage_sql 'SELECT records FROM usage_source')" = $((logins + others)) ]
  done <"$PLACE/inside"
}

@test 'a fold that is killed at any system call has counted all or nothing (R43)' {
  logins=0 others=0 killed=0
  make deploy --owner alice
  killed_anywhere "$AK_TOOL" fold -q
  [ "$killed" -ge 20 ]
  [ "$(sql "$AUTHKEY_DIR/master/usage.db" 'PRAGMA integrity_check')" = ok ]
}

@test 'so has one that puts files aside (R43)' {
  logins=0 others=0 killed=0
  # A megabyte of records, so that every fold is due to put the file aside. Most are of
  # an id that no key has: they count, and do not fill page after page with events, at
  # each of which a fold would be killed.
  make vanished --owner alice
  "$AK_TOOL" revoke -q vanished
  "$AK_TOOL" purge -q vanished
  refused nginx alice
  last_record 12800 >"$PLACE/megabyte"
  others=1
  make deploy --owner alice
  login nginx alice
  last_record 400 >>"$PLACE/megabyte"
  logins=1
  grow() {
    touch -c -d '5 minutes ago' "$(usage_file).old"
    [ "$(stat -c %s "$(usage_file)")" -gt 1048576 ] || {
      cat "$PLACE/megabyte" >>"$(usage_file)"
      logins=$((logins + 400)) others=$((others + 12800))
    }
  }
  grow
  local before=grow
  killed_anywhere "$AK_TOOL" fold -q
  [ "$killed" -ge 20 ]
  grep -qw renameat2 "$PLACE/inside"
  [ -e "$(usage_file).old" ]
}

@test 'verifier add replaces a file that is no usage file, by renaming' {
  : >"$(usage_file)"
  local inode
  inode=$(stat -c %i "$(usage_file)")
  exec 4<"$(usage_file)"
  authkey verifier add "$(id -un)"
  ends 0
  exec 4<&-
  [ "$(stat -c '%s %a %u' "$(usage_file)")" = "80 600 $(id -u)" ]
  [ "$(stat -c %i "$(usage_file)")" != "$inode" ]
  [ "$(ls "$AUTHKEY_DIR/usage.d")" = "$(id -u)" ]
  make deploy --owner alice
  login nginx alice
  [ "$(field deploy uses)" = 1 ]
  authkey verifier add "$(id -un)"
  says 'nothing to do'
}

@test 'verifier add leaves a usage file alone that has records in it' {
  make deploy --owner alice
  login nginx alice
  "$AK_TOOL" verifier add -q "$(id -un)"
  [ "$(field deploy uses)" = 1 ]
}

@test 'verifier remove counts what was recorded before it takes the file away' {
  root_only
  "$AK_TOOL" init -q --dir "$PLACE/other" --group nogroup
  export AUTHKEY_DIR=$PLACE/other
  make deploy --owner alice
  login nginx alice
  repeat_record 14000
  "$AK_TOOL" fold -q
  login nginx alice
  "$AK_TOOL" verifier remove -q root
  [ "$(field deploy uses)" = 14002 ]
  [ -z "$(ls "$AUTHKEY_DIR/usage.d")" ]
  login nginx alice
  [ "$(field deploy uses)" = 14002 ]
}

@test 'the line that README gives to cron counts what was recorded, and says nothing' {
  line=$(grep -E '^    \*/15( \*){4}  root  ' "$AK_TOP/README.md")
  command=$(sed -E 's/^ *(\S+ +){6}//' <<<"$line")
  [[ $command == '/usr/local/sbin/authkey '* ]]
  make deploy --owner alice
  login nginx alice
  # As cron runs it, with nearly no environment; the program that was built stands in.
  run env -i HOME=/ LOGNAME=root SHELL=/bin/sh PATH=/usr/bin:/bin AUTHKEY_DIR="$AUTHKEY_DIR" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-}" sh -c "${command/\/usr\/local\/sbin\/authkey/"$AK_TOOL"}" </dev/null
  [ "$status" -eq 0 ]
  [ -z "$output" ]
  authkey fold --json
  [ "$(jq .records <<<"$output")" = 0 ] # nothing was left
  [ "$(field deploy uses)" = 1 ]
}
