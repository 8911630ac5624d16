#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper
load usage_helper
load kill_helper

# well_formed FILE: the text format 0.0.4, as Prometheus' documents have it: each metric
# once, HELP and TYPE before its samples, label values escaped, a line feed at the end.
well_formed() {
  [ "$(tail -c 1 "$1" | od -An -tx1)" = ' 0a' ]
  LC_ALL=C.UTF-8 awk '
    function bad(why) { print FILENAME ":" FNR ": " why ": " $0; failed = 1 }
    /^# HELP / { if (seen[$3]++) bad("a second time"); help = $3; next }
    /^# TYPE / {
      if ($3 != help) bad("HELP is not before it")
      if ($4 != "counter" && $4 != "gauge") bad("no type")
      if ($4 == "counter" && $3 !~ /_total$/) bad("a counter without _total")
      metric = $3
      next
    }
    {
      if (!match($0, /^[a-z_]+/) || substr($0, 1, RLENGTH) != metric)
        bad("not below its TYPE")
      rest = substr($0, RLENGTH + 1)
      label = "[a-z_]+=\"([^\"\\\\\n]|\\\\[\\\\\"n])*\""
      if (rest !~ "^({" label "(," label ")*})? [0-9]+$") bad("not a sample")
      name = $0
      sub(/ [0-9]+$/, "", name)
      if (sample[name]++) bad("a second time")
    }
    END { if (NR == 0) bad("empty"); exit failed }' "$1"
}

# count NAME: the number behind a sample.
count() {
  awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' "$PLACE/x.prom"
}

write() {
  "$AK_TOOL" stats --prometheus "$PLACE/x.prom"
}

@test 'the file has every metric, well-formed' {
  make deploy --owner alice
  login nginx alice
  refused nginx bob
  write
  well_formed "$PLACE/x.prom"
  local labels="{id=\"$id\",name=\"deploy\",owner=\"alice\"}"
  [ "$(count "authkey_key_uses_total$labels")" = 1 ]
  [ "$(count "authkey_key_refusals_total$labels")" = 1 ]
  [ "$(count "authkey_key_last_use_timestamp_seconds$labels")" = \
    "$(date -d "$(field deploy last_used_at)" +%s)" ]
  [ "$(count authkey_unknown_refusals_total)" = 0 ]
  [ "$(count 'authkey_keys{status="enabled"}')" = 1 ]
  [ "$(count 'authkey_keys{status="pending"}')" = 0 ]
  local uid
  uid=$(id -u)
  [ "$(count "authkey_usage_dropped_total{uid=\"$uid\"}")" = 0 ]
  [ "$(count "authkey_usage_strange_total{uid=\"$uid\"}")" = 0 ]
  [ "$(count "authkey_usage_clamped_total{uid=\"$uid\"}")" = 0 ]
}

@test 'a label value is escaped' {
  make 'Swaggy M.' --owner 'EXAMPLE\alice'
  write
  well_formed "$PLACE/x.prom"
  grep -qF 'name="Swaggy M.",owner="EXAMPLE\\alice"}' "$PLACE/x.prom"
}

@test 'a key that was never used has no time of last use' {
  make deploy --owner alice
  write
  run grep -c '^authkey_key_last_use_timestamp_seconds{' "$PLACE/x.prom"
  [ "$output" = 0 ]
}

@test 'no counter goes down, whatever is pruned, disabled or folded again' {
  make deploy --owner alice
  login nginx alice
  refused nginx bob
  make gone --owner alice
  local lost=$token
  "$AK_TOOL" revoke -q gone
  "$AK_TOOL" purge -q gone
  token=$lost refused nginx alice
  write
  [ "$(count authkey_unknown_refusals_total)" = 1 ]
  cp "$PLACE/x.prom" "$PLACE/before"
  usage_sql 'UPDATE event SET time = 0; UPDATE hour_count SET hour = 0'
  "$AK_TOOL" config -q retention 1h
  "$AK_TOOL" disable -q deploy
  token=$lost refused sshd alice
  write
  [ "$(usage_sql 'SELECT count(*) FROM event WHERE time = 0')" = 0 ]
  well_formed "$PLACE/x.prom"
  [ "$(count authkey_unknown_refusals_total)" = 2 ]
  awk '/^#/ || !/_total/ { next }
    { name = $0; sub(/ [0-9]+$/, "", name) }
    NR == FNR { was[name] = $NF; next }
    name in was { seen++; if ($NF < was[name]) { print "fell: " $0; exit 1 } }
    END { if (seen < 4) { print "compared " seen; exit 1 } }' "$PLACE/before" "$PLACE/x.prom"
}

@test 'the file is whole or the old one, with mode 0644, and nothing is left beside it' {
  make deploy --owner alice
  mkdir "$PLACE/node"
  (umask 077 && "$AK_TOOL" stats --prometheus "$PLACE/node/authkey.prom")
  [ "$(stat -c %a "$PLACE/node/authkey.prom")" = 644 ]
  [ "$(ls -A "$PLACE/node")" = authkey.prom ]
  echo old >"$PLACE/node/authkey.prom"
  local call
  for call in fchmod rename; do
    # A leak is looked for by tracing oneself, which nobody can who is traced.
    ASAN_OPTIONS=detect_leaks=0 run --separate-stderr strace -o /dev/null -e trace="$call" \
      -e inject="$call":error=ENOSPC "$AK_TOOL" stats --prometheus "$PLACE/node/authkey.prom"
    ends 5
    says 'authkey.prom: No space left on device'
  done
  [ "$(cat "$PLACE/node/authkey.prom")" = old ]
  [ "$(ls -A "$PLACE/node")" = authkey.prom ]
}

@test 'kill -9 at any change: the file is whole or the old one (R43)' {
  needs_strace
  make deploy --owner alice
  mkdir "$PLACE/node"
  old() {
    rm -f "$PLACE/node"/* "$PLACE/node"/.[!.]*
    echo old >"$PLACE/node/authkey.prom"
  }
  after() {
    if [ "$(cat "$PLACE/node/authkey.prom")" != old ]; then
      took=$((took + 1))
      well_formed "$PLACE/node/authkey.prom" || return 1
      [ "$(wc -l <"$PLACE/node/authkey.prom")" = "$long" ] || return 1
    fi
    is_whole
  }
  "$AK_TOOL" stats --prometheus "$PLACE/node/authkey.prom"
  long=$(wc -l <"$PLACE/node/authkey.prom")
  AT_MOST=3
  interrupt signal=KILL old stats --prometheus "$PLACE/node/authkey.prom"
  [ "$ended" -gt 3 ]
  [ "$took" -gt 0 ]
}

@test 'a link in the place of the file is replaced, and what it names is not touched' {
  echo precious >"$PLACE/precious"
  ln -s "$PLACE/precious" "$PLACE/x.prom"
  write
  [ "$(cat "$PLACE/precious")" = precious ]
  [ ! -L "$PLACE/x.prom" ]
  well_formed "$PLACE/x.prom"
}

@test 'a folder that is not there, or in the place of the file, is an error that names it' {
  authkey stats --prometheus "$PLACE/nowhere/x.prom"
  ends 5
  says "$PLACE/nowhere/x.prom"
  mkdir "$PLACE/folder"
  authkey stats --prometheus "$PLACE/folder"
  ends 5
  says "$PLACE/folder"
  [ "$(find "$PLACE" -maxdepth 1 -name 'folder*' | wc -l)" = 1 ]
}

@test '- is stdout' {
  make deploy --owner alice
  "$AK_TOOL" stats --prometheus - >"$PLACE/x.prom"
  well_formed "$PLACE/x.prom"
  [ "$(count 'authkey_keys{status="enabled"}')" = 1 ]
}
