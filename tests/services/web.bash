# SPDX-License-Identifier: BSD-2-Clause
# For the tests of web servers: one that is started as root, whose workers are www-data,
# with its files in $folder, and curl, which asks it for $url.
# shellcheck shell=bash

# why_not SERVER: why this cannot be shown here; nothing when it can.
why_not() {
  if [ -n "$AK_SAN" ]; then
    echo "$1 is not built with a sanitizer"
  elif [ "$(id -u)" -ne 0 ]; then
    echo "needs root: $1 starts as root, its workers are www-data"
  elif ! getent passwd www-data >/dev/null; then
    echo "there is no user www-data"
  elif ! unshare --mount true 2>/dev/null; then
    echo "needs mounts of its own"
  fi
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

# End the server and what takes its lines of syslog.
stop() {
  end "$(cat "$folder/server.pid")"
  end "$(cat "$folder/socat.pid")"
  rm -rf "$folder"
}

# Ask a process to end and wait until it has, also when it is nobody's child here.
end() {
  kill "$1"
  while kill -0 "$1" 2>/dev/null && ! grep -q '^State:.*Z' "/proc/$1/status"; do
    sleep 0.02
  done
}

authkey() {
  "$AK_TOOL" "$@"
}

new_key() {
  authkey create "$1" --owner alice -q "${@:2}"
}

# answer USER TOKEN [OPTION]...: the status that curl gets. The token goes through
# standard input.
answer() {
  printf 'user = "%s:%s"\n' "$1" "$2" |
    curl -s -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' -K - "${@:3}" "$url"
}

# printed PAGE REASON TOKEN: the line that docs/services/PAGE prints for this reason, with what
# is this key's and of this test in it, as a pattern for told.
printed() {
  local line
  line=$(sed -n "s/^    \\(.*pam_authkey(.* reason=$2\\)$/\\1/p" "$AK_TOP/docs/services/$1" | grep .)
  sed "s/192\\.0\\.2\\.7/127.0.0.1/; s/key=[^ ]*/key=${3:3:8}/" <<<"$line"
}

# told PATTERN: how many lines of syslog have it. A line of our own, sent to the same
# socket, marks that all lines before it have arrived.
told() {
  local mark=mark-$RANDOM$RANDOM
  logger --socket "/proc/$(cat "$folder/server.pid")/root/dev/log" "$mark"
  until grep -qa "$mark" "$folder/syslog"; do
    sleep 0.02
  done
  sed 's/<[0-9]*>/\n&/g' "$folder/syslog" | grep -ac "$1"
}
