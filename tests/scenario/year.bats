#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# A year of an installation, a fortnight at a time. What administrators do is told to the
# tool and to a model (model.sql), and after each step the module, list, log, verify,
# explain, access and doctor have to say of every key what the model says.
#
# All draws follow from SEED; a failure tells the step, and leaves a difference: "<" is the
# model, ">" the product.
# shellcheck disable=SC2154
load ../cli/helper

# Ten thousand syncs are not what is tested here.
[ ! -w /dev/shm ] || [ -n "${TMPDIR:-}" ] || export TMPDIR=/dev/shm

SEED=${AK_SEED:-4}
DAY=86400
YEAR=26 # steps
STEP=$((14 * DAY))
BEGIN=1924992000 # 2031-01-01T00:00:00Z
LOGINS_AT=3600 # s after the changes of a step
AT_FIRST=820 # keys

# The tool, at the time that it is.
ak() {
  AK_TEST_NOW=$now LD_PRELOAD=$CLOCK "$AK_TOOL" -q "$@"
}

model() {
  sqlite3 -batch -bail -cmd 'PRAGMA synchronous = OFF' "$@" "$PLACE/model.db"
}

# asks SQL...: what the model answers, a row a line, tabs between.
asks() {
  model -tabs <<<"$*"
}

# draw SALT MODULUS [COLUMN]: an expression of SQL, another for each key and step.
draw() {
  echo "((${3:-key.n} * 7919 + $step * 104729 + $1 * 1299709 + $SEED * 15485863)
    * 2654435761 % 4294967296 / 512 % $2)"
}

set_clock() {
  now=$1
  asks "UPDATE clock SET now = $now"
}

# is_same WHAT: the files said and expected are.
is_same() {
  diff "$PLACE/expected" "$PLACE/said" >"$PLACE/difference" && return
  echo "step $step (seed $SEED): $1"
  head -n 20 "$PLACE/difference"
  return 1
}

## What administrators do. The model is told by SQL that is gathered in $told.

tell() {
  told+="$*;"$'\n'
}

tell_now() {
  asks "BEGIN; $told COMMIT"
  told=''
}

# new_keys COUNT: described in the model, made by apply, and their tokens kept.
new_keys() {
  asks "
    INSERT INTO key (n, line, name, owner, state, services, scopes, network, expires_at)
    WITH RECURSIVE new (n) AS (
      SELECT coalesce(max(n), 0) + 1 FROM key
      UNION ALL SELECT n + 1 FROM new LIMIT $1)
    SELECT n, n, 'key' || n, 'u' || $(draw 1 40 n), iif($(draw 2 15 n) = 0, 'disabled', 'enabled'),
      '[\"\", \"\", \"nginx\", \"nginx,sshd\", \"imap,vpn\", \"api,nginx\"]' ->> $(draw 3 6 n),
      '[\"\", \"chain:read\", \"chain:read,chain:write\"]' ->> $(draw 4 3 n),
      coalesce((SELECT name FROM network WHERE i = $(draw 5 8 n)), ''),
      CASE $(draw 6 9 n) WHEN 0 THEN now + $LOGINS_AT + $STEP * (1 + $(draw 7 9 n))
        WHEN 1 THEN now + 45 * $DAY END
      FROM new, clock;
    UPDATE key SET not_before = now + $LOGINS_AT + $STEP * (1 + $(draw 8 3)) FROM clock
     WHERE id IS NULL AND expires_at IS NULL AND $(draw 9 6) = 0;
    INSERT OR IGNORE INTO owner (name) SELECT owner FROM key;
    SELECT json_object('owner', owner, 'name', name, 'status', state,
        'services', iif(services = '', json('[]'),
          json('[\"' || replace(services, ',', '\",\"') || '\"]')),
        'scopes', iif(scopes = '', json('[]'),
          json('[\"' || replace(scopes, ',', '\",\"') || '\"]')),
        'networks', iif(network = '', json('[]'), json_array(network)),
        'not_before', strftime('%Y-%m-%dT%H:%M:%SZ', not_before, 'unixepoch'),
        'expires_at', strftime('%Y-%m-%dT%H:%M:%SZ', expires_at, 'unixepoch'))
      FROM key WHERE id IS NULL" >"$PLACE/new.json"
  ak apply -y --json "$PLACE/new.json" |
    jq -r '.[] | @sh "UPDATE key SET id = \(.id), token = \(.key) WHERE name = \(.name);"' |
    model
}

# new_decoy OWNER NAME
new_decoy() {
  local token
  token=$(ak create "$2" --owner "$1" --decoy)
  asks "INSERT INTO key (line, token, id, name, owner, decoy)
    SELECT max(n) + 1, '$token', '${token:3:8}', '$2', '$1', 1 FROM key"
}

# rotate ID DRAIN UNTIL EXPIRES [OPTION]...: UNTIL and EXPIRES in days, or ''.
rotate() {
  local id=$1 drain=$2 until=$3 expires=$4 token
  shift 4
  token=$(ak rotate "$id" "$@")
  until=${until:+now + $until * $DAY}
  tell "INSERT INTO key (line, token, id, name, owner, state, services, scopes, network,
      not_before, expires_at)
    SELECT line, '$token', '${token:3:8}', name, owner, state, services, scopes, network,
      not_before, ${expires:+now + $expires * $DAY AS} expires_at FROM key, clock WHERE id = '$id'"
  tell "UPDATE key SET replaced_by = '${token:3:8}' WHERE id = '$id'"
  if [ -z "$until" ] && [ "$drain" = 0 ]; then
    tell "UPDATE key SET state = 'revoked', revoked_at = now FROM clock WHERE id = '$id'"
    return
  fi
  tell "UPDATE key SET state = 'revoked', revoked_at = now FROM clock
    WHERE id = '$id' AND not_before >= ${until:-NULL}"
  tell "UPDATE key SET draining_since = iif($drain, now, NULL),
      expires_at = min(coalesce(expires_at, ${until:-NULL}), coalesce(${until:-NULL}, expires_at))
    FROM clock WHERE id = '$id' AND state <> 'revoked'"
}

# words ID...: for SQL
words() {
  printf "'%s'," "$@" | sed 's/,$//'
}

# What happens in every fortnight.
usual_work() {
  local id off=()
  mapfile -t id < <(asks "SELECT id FROM key, clock
    WHERE state IN ('enabled', 'disabled') AND NOT decoy AND replaced_by IS NULL
      AND (expires_at IS NULL OR expires_at > now)
    ORDER BY $(draw 10 1000003) LIMIT 18")
  mapfile -t off < <(asks "SELECT id FROM key WHERE state = 'disabled'
    AND id NOT IN ($(words "${id[@]}")) ORDER BY $(draw 11 1000003) LIMIT 5")
  rotate "${id[0]}" 0 '' ''
  rotate "${id[1]}" 0 10 '' --overlap 10d
  rotate "${id[2]}" 0 20 50 --overlap 20d --expires 50d
  rotate "${id[3]}" 1 '' '' --drain
  rotate "${id[4]}" 1 '' '' --drain
  rotate "${id[5]}" 1 35 '' --drain --until 35d
  ak edit "${id[6]}" --service =imap,sshd --from =192.0.2.0/24
  tell "UPDATE key SET services = 'imap,sshd', network = '192.0.2.0/24' WHERE id = '${id[6]}'"
  ak edit "${id[7]}" --service = --from = --not-before none --expires 28d
  tell "UPDATE key SET services = '', network = '', not_before = NULL,
    expires_at = now + 28 * $DAY FROM clock WHERE id = '${id[7]}'"
  ak disable "${id[@]:8:6}"
  tell "UPDATE key SET state = 'disabled' WHERE id IN ($(words "${id[@]:8:6}"))"
  ak enable "${off[@]}"
  tell "UPDATE key SET state = 'enabled' WHERE id IN ($(words "${off[@]}"))"
  ak revoke "${id[@]:14:4}"
  tell "UPDATE key SET state = 'revoked', revoked_at = now FROM clock
    WHERE id IN ($(words "${id[@]:14:4}"))"
  tell_now
}

# owner VERB USER COLUMN VALUE
owner() {
  ak owner "$1" "$2" ${5:+"$5"}
  asks "UPDATE owner SET $3 = $4 WHERE name = '$2'"
}

purge() {
  local id
  mapfile -t id < <(asks "SELECT id FROM key WHERE state = 'revoked'
    ORDER BY $(draw 12 1000003) LIMIT 6")
  ak purge "${id[@]}"
  asks "UPDATE key SET state = 'gone' WHERE id IN ($(words "${id[@]}"))"
}

prune() {
  ak prune --older-than 120d -y
  asks "UPDATE key SET state = 'gone' FROM clock
    WHERE (state = 'revoked' AND revoked_at <= now - 120 * $DAY)
       OR (state IN ('enabled', 'disabled') AND expires_at <= now - 120 * $DAY)"
}

backup() {
  ak backup "$PLACE/backup.db"
  asks "DROP TABLE IF EXISTS key_then; CREATE TABLE key_then AS SELECT * FROM key;
    DROP TABLE IF EXISTS owner_then; CREATE TABLE owner_then AS SELECT * FROM owner"
}

# restore INTACT: from a master that can be read, or not. What was ended since stays ended,
# what was given an earlier end keeps it, and who was suspended since stays so; of which
# the store does not know what was deleted, who is not verified any more, and when.
restore() {
  local sooner="k.state <> 'revoked' AND key.state <> 'gone' AND key.expires_at IS NOT NULL
    AND (k.expires_at IS NULL OR key.expires_at < k.expires_at)"
  ak restore -y "$PLACE/backup.db" >"$PLACE/restored" 2>&1
  rm "$PLACE/backup.db"
  asks "
    UPDATE key SET state = 'gone' WHERE n NOT IN (SELECT n FROM key_then);
    UPDATE key SET name = k.name, services = k.services, scopes = k.scopes,
      network = k.network,
      not_before = iif($sooner, key.not_before, k.not_before),
      expires_at = iif($sooner, key.expires_at, k.expires_at),
      state = CASE
        WHEN k.state IN ('revoked', 'gone') THEN k.state
        WHEN key.state = 'revoked' OR (key.state = 'gone' AND $1) THEN 'revoked'
        WHEN key.state = 'disabled' THEN 'disabled'
        ELSE k.state END,
      draining_since = iif(k.state <> 'revoked' AND
        (key.state = 'revoked' OR (key.state = 'gone' AND $1)), NULL, k.draining_since),
      replaced_by = iif(k.state <> 'revoked' AND key.state = 'revoked' AND $1,
        key.replaced_by, k.replaced_by),
      revoked_at = CASE WHEN k.state = 'revoked' THEN k.revoked_at
        WHEN key.state = 'revoked' AND $1 THEN key.revoked_at
        WHEN key.state = 'revoked' OR (key.state = 'gone' AND $1) THEN now END
      FROM key_then AS k, clock WHERE k.n = key.n;
    UPDATE owner SET suspended = coalesce(o.suspended, 0) OR owner.suspended,
      verified = coalesce(o.verified, 0) AND (NOT $1 OR owner.verified)
      FROM owner AS self LEFT JOIN owner_then AS o ON o.name = self.name
     WHERE self.name = owner.name"
}

## What is looked at.

# stacks DIR STORE OPTION: the services of the model.
stacks() {
  local name verified scope line
  mkdir "$1"
  asks 'SELECT name, iif(verified, "require_verified_owner", ""), "scope=" || scope FROM service' |
    while IFS=$'\t' read -r name verified scope; do
      line="required $AK_MODULE store=$2 store_owner=$(id -u) $3 $verified $scope"
      printf '%s\n' "auth $line" "account $line" >"$1/$name"
    done
}

# Everybody comes: each key that ever was, most of them as they should.
everybody() {
  asks "
    DELETE FROM probe;
    INSERT INTO probe (n, service, user, rhost, damage)
    SELECT n,
      CASE WHEN services = '' OR $(draw 20 9) = 0
           THEN (SELECT name FROM service WHERE i = $(draw 21 5 line))
           WHEN instr(services, ',') = 0 THEN services
           WHEN $(draw 22 2 line) THEN substr(services, 1, instr(services, ',') - 1)
           ELSE substr(services, instr(services, ',') + 1) END,
      iif($(draw 23 20) = 0, 'mallory', owner),
      CASE WHEN network = '' OR $(draw 24 7) = 0
           THEN (SELECT given FROM address WHERE i = $(draw 25 13 line))
           ELSE (SELECT address FROM network WHERE name = key.network
                  AND k = $(draw 26 6 line) % of) END,
      '[\"cut\", \"typo\"]' ->> $(draw 27 40)
      FROM key ORDER BY $(draw 28 1000003)"
}

# they_log_in [DIR]: the module says of each what the model says.
they_log_in() {
  asks 'SELECT service, user, rhost, shown FROM expected ORDER BY i' |
    AK_TEST_NOW=$now LD_PRELOAD=$CLOCK "$AK_BUILD/tests/logins" "${1:-$PLACE/pam.d}" |
    paste "$PLACE/known" - >"$PLACE/said"
  asks 'SELECT expected.id, reason, number FROM expected JOIN answer USING (reason)
    ORDER BY i' >"$PLACE/expected"
  is_same 'PAM codes of logins'
}

module_agrees() {
  asks 'SELECT id, reason FROM expected ORDER BY i' >"$PLACE/known"
  they_log_in
  log_agrees
  asks "
    INSERT INTO let_in SELECT id, service, recorded, now / $DAY
      FROM counted, clock WHERE reason = 'VALID';
    UPDATE key SET uses = uses + c.valid, refusals = refusals + c.logins - c.valid,
        alarms = key.alarms + c.alarms
      FROM (SELECT n, count(*) AS logins, sum(reason = 'VALID') AS valid,
                   sum(reason = 'DECOY') AS alarms
              FROM counted GROUP BY n) AS c WHERE c.n = key.n;
    UPDATE key SET last_at = now, last_from = recorded, last_service = service
      FROM clock, (SELECT n, recorded, service, max(i) FROM counted
        WHERE reason = 'VALID' GROUP BY n) AS c WHERE c.n = key.n"
}

# The module's own word for each login, as it recorded it.
log_agrees() {
  asks "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', now, 'unixepoch'), id, reason, service, recorded
    FROM counted, clock ORDER BY i" >"$PLACE/expected"
  ak log --json --limit "$(wc -l <"$PLACE/expected")" |
    jq -r '.[] | [.time, .id, .reason, .service, .from] | @tsv' >"$PLACE/said"
  is_same 'log'
}

# Keys drain, and the model knows which.
fold_agrees() {
  asks 'SELECT id FROM drained ORDER BY id' >"$PLACE/drained"
  wc -l <"$PLACE/drained" >"$PLACE/expected"
  ak fold --field drained >"$PLACE/said"
  is_same 'keys that drained'
  drained=$((drained + $(<"$PLACE/said")))
  asks "UPDATE key SET state = 'revoked', revoked_at = now FROM clock
    WHERE id IN (SELECT id FROM drained)"
}

list_agrees() {
  asks "SELECT id, name, owner, status, decoy, services, scopes, network, not_before,
      expires_at, revoked_at, replaced_by, draining_since, uses, refusals, last_at,
      last_from, last_service
    FROM listed ORDER BY id" >"$PLACE/expected"
  ak list --json 2>/dev/null |
    jq -r 'sort_by(.id)[] | [.id, .name, .owner, .status, if .decoy then 1 else 0 end,
      (.services, .scopes, .networks | join(",")),
      (.not_before, .expires_at, .revoked_at | fromdate? // null), .replaced_by,
      (.draining_since | fromdate? // null), .uses, .refusals,
      (.last_used_at | fromdate? // null), .last_used_from, .last_used_service] | @tsv' \
      >"$PLACE/said"
  is_same 'list'
}

# A sample of those who came, some of each reason, looked at by verify, explain and, for
# every service, by access; and then they log in, so that the module is asked the same.
sample_agrees() {
  local id service user rhost shown from scope
  asks "DELETE FROM probe WHERE i NOT IN (
      SELECT i FROM expected WHERE service <> 'vpn'
       ORDER BY row_number() OVER (PARTITION BY reason ORDER BY $(draw 30 1000003 n)) LIMIT 12);
    SELECT id, service, user, rhost, shown FROM expected ORDER BY i" >"$PLACE/sample"
  while IFS=$'\t' read -r -u 3 id service user rhost shown; do
    from=() scope=()
    [[ $rhost == - || $rhost == host.example ]] || from=(--from "$rhost")
    [ "$service" != api ] || scope=(--scope chain:read)
    ak verify --json --user "$user" --service "$service" "${from[@]}" "${scope[@]}" \
      <<<"$shown" || true
    ak explain --json --user "$user" --service "$service" "${from[@]}" "${scope[@]}" \
      <<<"$shown" || true
    ak access --json --pam-dir "$PLACE/pam.d" --user "$user" "${from[@]}" "$id" ||
      [ $? = 1 ] || echo '[]'
  done 3<"$PLACE/sample" >"$PLACE/said.json" 2>"$PLACE/sample.err"
  jq -r 'if type == "array" then .[] | [.service, .reason, .opens]
    elif has("checks") then [.verdict, .pam_authenticate, .pam_acct_mgmt, .valid]
    else [.verdict, .valid] end | @tsv' "$PLACE/said.json" >"$PLACE/said"
  asks "
    INSERT INTO probe (i, n, service, user, rhost)
    SELECT 10000 + probe.i * 10 + service.i, n, service.name, user,
      CASE WHEN recorded IS NOT NULL THEN rhost WHEN network = '' THEN '-'
           ELSE (SELECT address FROM network WHERE name = network LIMIT 1) END
      FROM probe JOIN key USING (n) JOIN address ON given = rhost, service;
    WITH said (i, part, text) AS (
      SELECT i, 0, reason || char(9) || iif(reason = 'VALID', 'true', 'false') FROM expected
       WHERE i < 10000
      UNION ALL
      SELECT i, 1, reason || char(9) || authenticate || char(9) || acct_mgmt || char(9) ||
          iif(reason = 'VALID', 'true', 'false')
        FROM expected JOIN answer USING (reason) WHERE i < 10000
      UNION ALL
      SELECT (i - 10000) / 10, service, service || char(9) || reason || char(9) ||
          iif(reason = 'VALID', 'true', 'false')
        FROM expected WHERE i >= 10000 AND reason <> 'NOT_FOUND')
    SELECT text FROM said ORDER BY i, part" >"$PLACE/expected"
  is_same 'verify, explain and access' || { cat "$PLACE/sample.err"; return 1; }
  module_agrees
}

# What doctor finds is that decoys were tried, and nothing else.
doctor_agrees() {
  asks "SELECT 'keys', owner || '/' || name || ' (' || id || ')', alarms FROM key
    WHERE decoy AND state = 'enabled' AND alarms > 0 ORDER BY id" >"$PLACE/expected"
  { ak doctor --json --pam-dir "$PLACE/pam.d" || [ $? = 1 ]; } |
    jq -r 'sort_by(.thing | .[-9:])[] | select(.check != "space") | [.check, .thing,
      (.reason | capture("is a decoy, and was used (?<n>[0-9]+) times?").n) // .reason] | @tsv' \
      >"$PLACE/said"
  is_same 'doctor'
}

everything_agrees() {
  everybody
  module_agrees
  asks 'SELECT reason FROM expected' >>"$PLACE/reasons"
  fold_agrees
  list_agrees
  sample_agrees
  list_agrees
  ak audit --verify
  doctor_agrees
}

# What was exported opens elsewhere what it opens here, and changes nothing here.
moves_elsewhere() {
  local elsewhere=$PLACE/elsewhere
  ak export >"$PLACE/export"
  ak import "$PLACE/export" 2>/dev/null
  list_agrees
  ak --dir "$elsewhere" init --group "$(id -gn)"
  ak --dir "$elsewhere" import "$PLACE/export"
  stacks "$PLACE/pam.elsewhere" "$elsewhere/keys.db" usage=off
  everybody
  asks 'SELECT id, reason FROM expected ORDER BY i' >"$PLACE/known"
  they_log_in "$PLACE/pam.elsewhere"
}

# What comes once, by the number of the fortnight.
what_comes() {
  case $1 in
  0) for user in u0 u1 u2 u3 u4 u5 u6 u8; do owner verify "$user" verified 1; done ;;
  1) new_decoy u7 bait && new_decoy u8 honey ;;
  3) owner suspend u3 suspended 1 ;;
  5) owner resume u3 suspended 0 ;;
  6) owner suspend u7 suspended 1 ;; # somebody has tried the bait
  7)
    ak revoke --owner u7 -y --reason 'seen in a public log'
    asks "UPDATE key SET state = 'revoked', revoked_at = now FROM clock
      WHERE owner = 'u7' AND state IN ('enabled', 'disabled')"
    ;;
  8) owner resume u7 suspended 0 ;;
  9) backup ;;
  10) owner suspend u9 suspended 1 && owner verify u5 verified 0 --undo && purge ;;
  11) restore 1 ;;
  12) owner resume u9 suspended 0 ;;
  13 | 22) prune ;;
  15) purge ;;
  17) backup ;;
  18) owner suspend u11 suspended 1 && purge ;;
  19)
    printf '%64s' 'no database' | dd of="$AUTHKEY_DIR/master/master.db" conv=notrunc status=none
    restore 0
    ;;
  esac
}

@test 'in a year of 1,000 keys the module, list, log, verify, explain, access and doctor agree' {
  local step told='' drained=0
  set -o pipefail
  # The clock comes before the runtime of the sanitizer, and calls nothing of it.
  [ -z "${AK_SAN:-}" ] ||
    export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
  CLOCK=$AK_BUILD/tests/clock.so
  now=$BEGIN
  model <"$BATS_TEST_DIRNAME/model.sql"
  stacks "$PLACE/pam.d" "$AUTHKEY_DIR/keys.db" usage=required
  for ((step = 0; step <= YEAR; step++)); do
    set_clock $((BEGIN + step * STEP))
    new_keys $((step == 0 ? AT_FIRST : 10))
    what_comes "$step"
    usual_work
    set_clock $((now + LOGINS_AT))
    everything_agrees
    ((step != 14)) || moves_elsewhere
  done
  # It was a year in which everything happened.
  [ "$(asks 'SELECT count(*) >= 1000 FROM key')" = 1 ]
  [ "$drained" -gt 10 ]
  asks 'SELECT reason FROM answer' | sort >"$PLACE/expected"
  sort -u "$PLACE/reasons" >"$PLACE/said"
  is_same 'reasons that came up'
}
