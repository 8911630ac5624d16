# SPDX-License-Identifier: BSD-2-Clause
# What fail2ban and logcheck make of the module's lines: of those in $folder/syslog, as the
# process of a service has sent them, or of logins that are recorded one by one.
# shellcheck shell=bash
# shellcheck disable=SC2154 # folder is the test's

# stack SERVICE [OPTION]...: for both phases, with the store of the test or the one of OPTION.
stack() {
  local options
  options="store=$AUTHKEY_DIR/keys.db store_owner=$(id -un) usage=off"
  [[ ${*:2} != store=* ]] || options='usage=off'
  printf "%s required $AK_MODULE $options ${*:2}\n" auth account >"$folder/pam.d/$1"
}

# login NAME SERVICE USER ADDRESS TOKEN: to be recorded, its line by this name.
login() {
  printf '%q ' "$@" >>"$folder/logins"
  echo >>"$folder/logins"
}

# record: make these logins.
record() {
  unshare --mount --propagation private "${BASH_SOURCE[0]%/*}/record.sh" "$folder" \
    "$AK_BUILD/demo/login" >"$folder/out" 2>&1 3>&- || { cat "$folder/out" >&2; return 1; }
}

# line NAME [IDENT]: as syslogd writes it into a file: without the level, with the host's name.
line() {
  sed -E "1s/^<[0-9]+>(.{15}) login: /\1 host ${2:-login}: /" "$folder/lines/$1"
  echo
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

# make_settings: of fail2ban, as Debian has them, with our filter.
make_settings() {
  settings=$BATS_TEST_TMPDIR/fail2ban
  [ ! -d "$settings" ] || return 0
  cp -r /etc/fail2ban "$settings"
  cp "$AK_TOP/packaging/fail2ban/pam-authkey.conf" "$settings/filter.d/"
}

# filter OPTIONS WHAT: each address that fail2ban takes from a log, or from a line.
filter() {
  make_settings
  fail2ban-regex -c "$settings" -o ip "$2" "pam-authkey[$1]"
}

# banned MODE <LINES
banned() {
  cat >"$BATS_TEST_TMPDIR/log"
  filter "mode=$1" "$BATS_TEST_TMPDIR/log"
}

# banned_by_journal LINE: as it makes one from the journal.
banned_by_journal() {
  filter logtype=journal "$1"
}

# how_often <LINES: "TIMES LINE" for each.
how_often() {
  sort | uniq -c | awk '{ print $1, $2 }'
}

# reported <LINES: what logcheck leaves, which takes comments away and then asks grep.
reported() {
  grep -E -v '^[[:space:]]*$|^#' "$AK_TOP/packaging/logcheck/ignore.d.server/libpam-authkey" \
    >"$BATS_TEST_TMPDIR/rules"
  grep -E -v -f "$BATS_TEST_TMPDIR/rules" || true
}
