# SPDX-License-Identifier: BSD-2-Clause
# For every test of a service: what this machine must have, an installation and a server in
# mounts of its own, with all their files in $folder, and what is asked of each service.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"

setup() {
  [ -z "$reason" ] || skip "$reason"
}

teardown_file() {
  [ -n "$reason" ] || stop_all
}

# can_serve THING...: can_show, for a server, which is not built with a sanitizer, and starts
# as root.
can_serve() {
  can_show no-sanitizer root own-mounts "$@"
}

# make_folder GROUP: $folder, which every user may enter, and an installation whose store this
# group reads. The module is copied: whoever a server runs as loads it, from wherever the build
# lies.
make_folder() {
  folder=$(mktemp -d)
  export folder AUTHKEY_DIR=$folder/authkey
  unset SUDO_USER
  chmod 755 "$folder"
  "$AK_TOOL" init -q --group "$1"
  install -m 644 "$AK_MODULE" "$folder/pam_authkey.so"
}

# make_pam_d FOLDER: for an /etc/pam.d. Without a stack for the others libpam logs, too.
make_pam_d() {
  mkdir -p "$1/pam.d"
  echo 'auth required pam_deny.so' >"$1/pam.d/other"
}

# make_certificate FILE KEY: of localhost.
make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj /CN=localhost -out "$1" -keyout "$2" 2>"$folder/openssl.out"
}

# recipe PAGE HEADING [PATTERN]: the first code under this heading of docs/services/PAGE in
# which a line matches, with the module and the store of the test.
recipe() {
  awk -v heading="## $2" -v pattern="${3:-.}" '
    sub(/^    /, "") { if (on) text = text $0 "\n"; fits = fits || on && $0 ~ pattern; next }
    fits { exit }
    { text = "" }
    /^## / { on = $0 == heading }
    END { if (fits) printf "%s", text }' "$AK_TOP/docs/services/$1" |
    sed "s|pam_authkey.so|$folder/& store=$AUTHKEY_DIR/keys.db|" | grep .
}

# A port of the loopback address on which nobody listens.
free_port() {
  local port
  for port in $(shuf -i 20000-32000 -n 20); do
    (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
  done
  echo "$port"
}

# serve COMMAND...: start the server in the foreground, with mounts of its own, and wait
# until it has written $folder/pid.
serve() {
  unshare --mount --propagation private \
    "${BASH_SOURCE[0]%/*}/serve.sh" "$folder" "$@" >"$folder/out" 2>&1 3>&- &
  echo $! >"$folder/server.pid"
  until [ -s "$folder/pid" ]; do
    kill -0 $! || { cat "$folder/out" >&2; return 1; }
    sleep 0.02
  done
}

# stop [SIGNAL]: end the server and what takes its lines of syslog.
stop() {
  end "$(cat "$folder/server.pid")" "$@"
  end "$(cat "$folder/socat.pid")"
  rm -rf "$folder"
}

# Each server that has its files in $folder, or in a folder of its own there.
stop_all() {
  local running
  for running in "$folder"/server.pid "$folder"/*/server.pid; do
    [ ! -e "$running" ] || folder=${running%/*} stop TERM
  done
  rm -rf "$folder"
}

# end PID [SIGNAL]: and wait until it has ended, also when it is nobody's child here.
end() {
  kill -s "${2:-TERM}" "$1"
  while kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status"; do
    sleep 0.02
  done
}

authkey() {
  "$AK_TOOL" "$@"
}

new_key() {
  authkey create "$1" --owner alice -q "${@:2}" </dev/null
}

# mistyped TOKEN: with another last character.
mistyped() {
  [[ $1 == *z ]] && echo "${1%?}y" || echo "${1%?}z"
}

# last_use KEY: [was there one, from which address, for which service] in JSON.
last_use() {
  authkey show "$1" --json |
    jq -c '[.last_used_at != null, .last_used_from, .last_used_service]'
}

# netrc TOKEN: alice's file with it.
netrc() {
  (umask 077 && printf 'machine 127.0.0.1\nlogin alice\npassword %s\n' "$1" \
    >"$BATS_TEST_TMPDIR/.netrc")
}

# told PATTERN [NAME]: how many lines of syslog have it. A line of our own, sent to the same
# socket, marks that all lines before it have arrived. NAME is a server's in $folder/NAME.
told() {
  local folder=$folder${2:+/$2}
  local mark=mark-$RANDOM$RANDOM
  logger --socket "/proc/$(cat "$folder/server.pid")/root/dev/log" "$mark"
  until grep -qa "$mark" "$folder/syslog"; do
    sleep 0.02
  done
  sed 's/<[0-9]*>/\n&/g' "$folder/syslog" | grep -ac "$1" || true
}

# printed PAGE REASON TOKEN: the line that docs/services/PAGE prints for this reason, with what
# is this key's and of this test in it, as a pattern for told.
printed() {
  local line
  line=$(sed -n "s/^    \\(.*pam_authkey(.* reason=$2\\)$/\\1/p" "$AK_TOP/docs/services/$1" | grep .)
  sed "s/192\\.0\\.2\\.7/127.0.0.1/; s/key=[^ ]*/key=${3:3:8}/" <<<"$line"
}

# opens USER TOKEN, refused USER TOKEN: what becomes of a login, which says in or out. Some
# services have other words for it.
opens() {
  [ "$(login "$@")" = in ]
}

refused() {
  [ "$(login "$@")" = out ]
}

# What is asked of each service, by these two.

# obeys_each_change [TIMES]: at the next login, 3 times.
obeys_each_change() {
  token=$(new_key toggled)
  for ((time = 0; time < ${1:-3}; time++)); do
    opens alice "$token"
    authkey disable toggled
    refused alice "$token"
    authkey enable toggled
  done
  opens alice "$token"
  authkey revoke toggled -y
  refused alice "$token"
}

# refuses_the_wrong NAME...: with a key that is alice's, these and bob are nobody.
refuses_the_wrong() {
  local name other
  token=$(new_key wrong)
  other=$(new_key other)
  refused alice "${token%???????????}${other: -11}"
  refused alice 'correct horse'
  for name in bob "$@"; do
    refused "$name" "$token"
  done
  opens alice "$token"
}

# keeps_to_service_and_network SERVICE: its own, of localhost.
keeps_to_service_and_network() {
  opens alice "$(new_key mine --service "$1" --from 127.0.0.0/8)"
  refused alice "$(new_key service --service another)"
  refused alice "$(new_key network --from 192.0.2.0/24)"
}

# A server that may not read it lets nobody in, and says so once.
says_that_the_store_is_unreadable() {
  token=$(new_key unreadable)
  chmod 600 "$AUTHKEY_DIR/keys.db"
  run refused alice "$token"
  chmod 640 "$AUTHKEY_DIR/keys.db"
  [ "$status" -eq 0 ]
  [ "$(told 'keys.db')" -eq 1 ]
  [ "$(told 'keys.db.*may not read')" -eq 1 ]
  opens alice "$token"
}

# tells_no_secret FOLDER [LOG]...: neither to syslog, which is in FOLDER, nor to these; but
# the key's id.
tells_no_secret() {
  token=$(new_key secret)
  opens alice "$token"
  refused alice "$(mistyped "$token")"
  refused alice 'correct horse'
  folder=$1 told mark >/dev/null
  run -1 grep -a -e "${token: -30}" -e 'correct horse' "$1/syslog" "${@:2}"
  grep -qa "${token:3:8}" "$1/syslog"
}
