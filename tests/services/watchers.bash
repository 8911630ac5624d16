# SPDX-License-Identifier: BSD-2-Clause
# For the tests of services that write over their own names: what fail2ban and logcheck
# make of the lines in $folder/syslog, as the service's process has sent them.
# shellcheck shell=bash

# watchers_why_not: why this cannot be shown here; nothing when it can.
watchers_why_not() {
  command -v fail2ban-regex >/dev/null || echo 'fail2ban is not installed'
}

# begin_here: what has been sent until now is not looked at.
begin_here() {
  seen=$(stat -c %s "$folder/syslog")
}

# syslogd KIND: the lines as syslogd writes them into a file, the host's name in them and
# control characters escaped; with its traditional time or the one of RFC 3339.
syslogd() {
  local time='\1'
  [ "$1" != rfc3339 ] || time=2026-11-21T15:00:00.123456+00:00
  tail -c "+$((seen + 1))" "$folder/syslog" | sed -z 's/\n/#012/g' |
    sed -E "s/<[0-9]+>([A-Z][a-z]{2} [ :0-9]{11}) /\n$time my-host /g"
}

# banned MODE <LINES: each address that fail2ban takes from them, and how often.
banned() {
  rm -rf "${BATS_TEST_TMPDIR:?}/fail2ban"
  cp -r /etc/fail2ban "$BATS_TEST_TMPDIR/fail2ban"
  cp "$AK_TOP/packaging/fail2ban/pam-authkey.conf" "$BATS_TEST_TMPDIR/fail2ban/filter.d/"
  cat >"$BATS_TEST_TMPDIR/log"
  fail2ban-regex -c "$BATS_TEST_TMPDIR/fail2ban" -o ip "$BATS_TEST_TMPDIR/log" \
    "pam-authkey[mode=$1]" | sort | uniq -c | awk '{ print $1, $2 }'
}

# banned_by_journal LINE: the address that it takes from one, as it makes it from the journal.
banned_by_journal() {
  fail2ban-regex -c "$BATS_TEST_TMPDIR/fail2ban" -o ip "$1" 'pam-authkey[logtype=journal]'
}

# reported <LINES: what logcheck leaves, which takes comments away and then asks grep.
reported() {
  grep -E -v '^[[:space:]]*$|^#' "$AK_TOP/packaging/logcheck/ignore.d.server/libpam-authkey" \
    >"$BATS_TEST_TMPDIR/rules"
  grep -E -v -f "$BATS_TEST_TMPDIR/rules" || true
}
