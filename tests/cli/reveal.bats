#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# reveal: the token again, for who has the file and the passphrase, and nowhere else.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2034
load helper
load recovery_helper
load usage_helper

@test 'reveal prints the very token, with what create printed' {
  recovery_on
  make deploy --owner alice
  hears "$PASSPHRASE" reveal alice/deploy --recovery-key "$PLACE/recovery.key"
  ends 0
  [ "$(grep -oF "$token" <<<"$output" | wc -l)" = 1 ]
  prints alice
  prints enabled
  [[ $stderr != *"${token:11:27}"* ]]
  [ "$(verdict --user alice)" = VALID ]
}

@test 'reveal asks for the passphrase at a terminal, without echo' {
  recovery_on
  make deploy
  dialog 100 'Passphrase: ' "$PASSPHRASE\\r" -- \
    "$AK_TOOL" reveal deploy --recovery-key "$PLACE/recovery.key"
  ends 0
  prints "$token"
  [[ $output != *"nobody says"* ]]
  dialog 100 'Passphrase: ' 'four\003' -- \
    "$AK_TOOL" reveal deploy --recovery-key "$PLACE/recovery.key"
  ends 130
}

@test '-q and --field key print the token alone, JSON and CSV all of the key' {
  recovery_on
  make deploy --tag prod
  local file=$PLACE/recovery.key
  [ "$(reveals deploy)" = "$token" ]
  [ "$("$AK_TOOL" reveal deploy --field key --recovery-key "$file" <<<"$PASSPHRASE")" = "$token" ]
  [ "$("$AK_TOOL" reveal deploy --json --recovery-key "$file" <<<"$PASSPHRASE" |
    jq -c '[.name, .key, .tags]')" = "[\"deploy\",\"$token\",[\"prod\"]]" ]
  "$AK_TOOL" reveal deploy --format csv --recovery-key "$file" <<<"$PASSPHRASE" >"$PLACE/csv"
  grep -qF ",$token," "$PLACE/csv"
  hears "$PASSPHRASE" reveal deploy --field name --recovery-key "$file"
  ends 2
  silent
}

@test 'what reveal tells of a key that is used has its use' {
  recovery_on
  make deploy --owner alice
  login nginx alice 192.0.2.7
  login nginx alice 192.0.2.7
  hears "$PASSPHRASE" reveal deploy --json --recovery-key "$PLACE/recovery.key"
  ends 0
  [ "$(jq -c '[.uses, .last_used_from, .last_used_at != null]' <<<"$output")" = \
    '[2,"192.0.2.7",true]' ]
}

@test 'each reveal stands in the audit, without the token' {
  recovery_on
  make deploy
  reveals deploy >/dev/null
  reveals deploy >/dev/null
  [ "$(audited reveal)" = 2 ]
  [ "$("$AK_TOOL" audit --json | jq -c '.[-1] | [.subject, .detail]')" = \
    "[\"$id\",{\"token\":[\"sealed\",\"revealed\"]}]" ]
}

@test 'a wrong passphrase is exit 1, shows nothing and is no reveal' {
  recovery_on
  make deploy
  hears 'some other words that I say' reveal deploy --recovery-key "$PLACE/recovery.key"
  ends 1
  silent
  says 'passphrase is another one'
  [[ $stderr != *'other words'* ]]
  hears '' reveal deploy --recovery-key "$PLACE/recovery.key"
  ends 1
  authkey reveal deploy --recovery-key "$PLACE/recovery.key"
  ends 2
  says 'there is no passphrase on stdin'
  [ "$(audited reveal)" = 0 ]
}

@test "another pair's file is told from a wrong passphrase, exit 1" {
  recovery_on "$PLACE/first.key"
  "$AK_TOOL" recovery off -q
  recovery_on
  make deploy
  hears "$PASSPHRASE" reveal deploy --recovery-key "$PLACE/first.key"
  ends 1
  silent
  says 'the file of another recovery key'
}

@test 'a file that is none, cut, damaged, a folder, a device or a FIFO is refused at once (R23)' {
  recovery_on
  make deploy
  head -c 100 "$PLACE/recovery.key" >"$PLACE/cut"
  cat "$PLACE/recovery.key" "$PLACE/recovery.key" >"$PLACE/twice"
  tr A-Za-z a-zA-Z <"$PLACE/recovery.key" >"$PLACE/other"
  { cat "$PLACE/recovery.key"; printf '\0'; } >"$PLACE/nul"
  : >"$PLACE/empty"
  mkfifo "$PLACE/fifo"
  local name
  for name in "$PLACE"/{cut,twice,other,nul,empty,fifo} "$PLACE" /dev/zero /dev/tty \
    "$AK_TOOL"; do
    run --separate-stderr timeout 10 "$AK_TOOL" reveal deploy --recovery-key "$name" \
      < <(printf '%s\n' "$PASSPHRASE")
    ends 5
    silent
    [[ $stderr != *'passphrase'* ]]
  done
  [ "$(audited reveal)" = 0 ]
}

@test 'a forged file cannot make anybody wait or take all memory' {
  recovery_on
  make deploy
  local head cost
  head=$(tail -c +20 "$PLACE/recovery.key" | base64 -d | head -c 48 | base64 -w0)
  for cost in '\x02\0\0\0\0\0\0\x7f\0\0\0\4\0\0\0\0' '\x02\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0'; do
    {
      printf 'authkey-recovery-1 '
      { base64 -d <<<"$head"; printf '%b' "$cost"
        tail -c +20 "$PLACE/recovery.key" | base64 -d | tail -c 72; } | base64 -w0
      echo
    } >"$PLACE/forged"
    [ "$(stat -c %s "$PLACE/forged")" = 204 ]
    run --separate-stderr timeout 10 "$AK_TOOL" reveal deploy \
      --recovery-key "$PLACE/forged" < <(printf '%s\n' "$PASSPHRASE")
    ends 5
    says 'no recovery file'
  done
}

@test 'a missing file is exit 3, one that may not be read exit 4, none at all exit 2' {
  recovery_on
  make deploy
  hears "$PASSPHRASE" reveal deploy --recovery-key "$PLACE/nowhere.key"
  ends 3
  says "$PLACE/nowhere.key"
  hears "$PASSPHRASE" reveal deploy
  ends 2
  says '--recovery-key is missing'
  hears "$PASSPHRASE" reveal nothing --recovery-key "$PLACE/recovery.key"
  ends 3
  authkey reveal --recovery-key "$PLACE/recovery.key"
  ends 2
  if [ "$(id -u)" != 0 ]; then
    chmod 0 "$PLACE/recovery.key"
    hears "$PASSPHRASE" reveal deploy --recovery-key "$PLACE/recovery.key"
    ends 4
  fi
}

@test 'a symbolic link to the file will do: it is read and nothing else' {
  recovery_on
  make deploy
  mv "$PLACE/recovery.key" "$PLACE/stick"
  chmod 400 "$PLACE/stick"
  ln -s "$PLACE/stick" "$PLACE/recovery.key"
  [ "$(reveals deploy)" = "$token" ]
}

@test 'where nothing is kept, reveal says why and how it would be' {
  make old
  authkey reveal old
  ends 3
  says 'recovery is off'
  says 'authkey recovery init FILE'
  recovery_on
  authkey reveal old
  ends 3
  says 'older than recovery'
  says "authkey rotate $id"
  make left --no-recovery
  authkey reveal left
  ends 3
  says '--no-recovery was asked for'
  make ended
  "$AK_TOOL" revoke -q ended
  authkey reveal ended
  ends 3
  says 'is revoked'
  [ "$(audited reveal)" = 0 ]
}

@test 'create and rotate keep a token while recovery is on, and say so' {
  recovery_on
  authkey create deploy --owner alice
  says 'again only by authkey reveal'
  authkey create left --owner alice --no-recovery
  [[ $stderr != *reveal* ]]
  local new
  new=$("$AK_TOOL" rotate left -q </dev/null)
  hears "$PASSPHRASE" reveal "${new:3:8}" --recovery-key "$PLACE/recovery.key"
  ends 3
  new=$("$AK_TOOL" rotate deploy -q </dev/null)
  [ "$(reveals "${new:3:8}")" = "$new" ]
}

@test 'disabled, expired and pending keys are revealed as well' {
  recovery_on
  make a --disabled
  [ "$(reveals a)" = "$token" ]
  make b --not-before 2999-01-01
  [ "$(reveals b)" = "$token" ]
}

@test 'a lost file harms nothing else' {
  make before
  recovery_on
  make during
  rm "$PLACE/recovery.key"
  [ "$(verdict)" = VALID ]
  make after
  [ "$(verdict)" = VALID ]
  "$AK_TOOL" disable -q during
  "$AK_TOOL" revoke -q during
  "$AK_TOOL" recovery off -q -y
  recovery_on
  make new
  [ "$(reveals new)" = "$token" ]
  [ "$(verdict)" = VALID ]
}

@test 'a key that is revoked while the passphrase is asked for is not shown' {
  root_only # others may not see what the tool waits for
  recovery_on
  make deploy
  mkfifo "$PLACE/line"
  "$AK_TOOL" reveal deploy -q --recovery-key "$PLACE/recovery.key" <"$PLACE/line" \
    >"$PLACE/out" 2>"$PLACE/err" &
  local pid=$! code=0
  exec 7>"$PLACE/line"
  printf '%s' "$PASSPHRASE" >&7
  is_in "$pid" ppoll
  "$AK_TOOL" revoke -q "$id" </dev/null 7>&-
  echo >&7
  exec 7>&-
  wait "$pid" || code=$?
  [ "$code" = 3 ]
  [ ! -s "$PLACE/out" ]
  grep -q 'since just now' "$PLACE/err"
}

@test 'full output is exit 5, and the audit has the reveal nevertheless' {
  [ -w /dev/full ] || skip 'there is no /dev/full'
  recovery_on
  make deploy
  run --separate-stderr bash -c '"$AK_TOOL" reveal deploy -q --recovery-key "$1" >/dev/full' \
    - "$PLACE/recovery.key" < <(printf '%s\n' "$PASSPHRASE")
  ends 5
  [ "$(audited reveal)" = 1 ]
}

@test 'no secret stands in any file of the installation, nor in what is told beside it (R15)' {
  recovery_on
  make deploy
  exec 7> >(sqlite3 "$AUTHKEY_DIR/master/master.db" >/dev/null) # keeps the log of WAL there
  echo 'BEGIN; SELECT count(*) FROM key;' >&7
  make another
  local secret
  "$AK_TOOL" reveal another --recovery-key "$PLACE/recovery.key" <<<"$PASSPHRASE" \
    >"$PLACE/out" 2>"$PLACE/err" 7>&-
  grep -qF "$token" "$PLACE/out"
  for secret in "$PASSPHRASE" "${token:11:27}" "$(printf %s "$token" | base64 | head -c 40)" \
    "$(tail -c 40 "$PLACE/recovery.key")"; do
    lacks "$secret" "$AUTHKEY_DIR" "$PLACE/err"
  done
  exec 7>&-
}

# At its last system call the tool has to have wiped all of it. The test reads its memory.
@test 'neither the token nor the passphrase stays in memory when it is done (R15)' {
  root_only
  needs_strace
  recovery_on
  make deploy
  local style secret pid tracer from to
  for style in -q --json '--format csv'; do
    # shellcheck disable=SC2086
    strace -o /dev/null -e trace=exit_group -e inject=exit_group:delay_enter=60000000 \
      "$AK_TOOL" reveal deploy $style --recovery-key "$PLACE/recovery.key" \
      <<<"$PASSPHRASE" >"$PLACE/out" 2>/dev/null &
    tracer=$!
    # strace has other children before it has the tool.
    until pid=$(pgrep -P "$tracer" -x authkey); do kill -0 "$tracer"; done
    is_in "$pid" exit_group
    : >"$PLACE/memory"
    while IFS=- read -r from to; do
      dd if="/proc/$pid/mem" bs=4096 skip=$((0x$from / 4096)) \
        count=$(((0x$to - 0x$from) / 4096)) status=none >>"$PLACE/memory" 2>/dev/null || true
    done < <(awk '$2 ~ /^rw/ && $NF !~ /vvar|vsyscall/ { print $1 }' "/proc/$pid/maps")
    kill -KILL "$pid" "$tracer"
    wait "$tracer" || true
    grep -qF "$token" "$PLACE/out"
    [ "$(stat -c %s "$PLACE/memory")" -gt 100000 ]
    grep -aqF "$PLACE/recovery.key" "$PLACE/memory" # it is the right memory
    for secret in "${token:11:20}" "${PASSPHRASE:0:16}"; do
      lacks "$secret" "$PLACE/memory" ||
        { echo "$style: memory has $secret"; return 1; }
    done
  done
}
