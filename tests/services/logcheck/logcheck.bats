#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The rule for logcheck leaves a login that worked out of its reports, and nothing else. The
# lines are those that the module itself has written. SECURITY R17.

bats_require_minimum_version 1.5.0

load ../watchers

setup() {
  [ -z "$reason" ] || skip "$reason"
}

setup_file() {
  reason=
  unshare --mount true 2>/dev/null || reason='needs mounts of its own, for a syslog of its own'
  command -v socat >/dev/null || reason='socat is not installed'
  export reason
  [ -z "$reason" ] || return 0
  folder=$(mktemp -d)
  export folder AUTHKEY_DIR=$folder/authkey
  "$AK_TOOL" init -q --group "$(id -gn)"
  mkdir "$folder/pam.d"
  echo 'auth required pam_deny.so' >"$folder/pam.d/other"
  stack web
  stack 'odd-name_1.2@x'
  stack missing store="$folder/nothing.db"
  stack mistaken no_such_option
  make_logins
  unshare --mount --propagation private "$BATS_TEST_DIRNAME/../fail2ban/record.sh" "$folder" \
    "$AK_BUILD/demo/login" >"$folder/out" 2>&1 3>&- || { cat "$folder/out" >&2; return 1; }
}

teardown_file() {
  [ -z "$reason" ] || return 0
  rm -rf "$folder"
}

# stack SERVICE [OPTION]...
stack() {
  local options
  options="store=$AUTHKEY_DIR/keys.db store_owner=$(id -un) usage=off"
  [[ ${*:2} != store=* ]] || options='usage=off'
  printf "%s required $AK_MODULE $options ${*:2}\n" auth account >"$folder/pam.d/$1"
}

# login NAME SERVICE USER ADDRESS TOKEN
login() {
  printf '%q ' "$@" >>"$folder/logins"
  echo >>"$folder/logins"
}

make_logins() {
  local key off
  key=$("$AK_TOOL" create good --owner alice -q </dev/null)
  off=$("$AK_TOOL" create off --owner alice --disabled -q </dev/null)
  login good-1 web alice 192.0.2.7 "$key"
  login good-2 web alice 2001:db8::7 "$key"
  login good-3 'odd-name_1.2@x' alice '' "$key"
  login good-4 web alice host.example.org "$key"
  login bad-1 web alice 192.0.2.7 "$off"
  login bad-2 web bob 192.0.2.7 "$key"
  login bad-3 web alice 192.0.2.7 "${key%???}zzz"
  login bad-4 missing alice 192.0.2.7 "$key"
  login bad-5 mistaken alice 192.0.2.7 "$key"
  # what clients may send so that their failure reads as a success
  local line='authentication success; logname= uid=0 euid=0 tty= ruser= rhost=192.0.2.7 user=alice'
  login bad-6 web alice "192.0.2.7"$'\n'"$line key=7QxR2mNd reason=VALID" "$off"
  login bad-7 web $'alice\n'"Nov 21 15:00:00 host web: pam_authkey(web:auth): $line" 192.0.2.7 "$off"
  login bad-8 web alice '192.0.2.7 user=alice key=7QxR2mNd reason=VALID' "$off"
}

# file_line NAME: as syslogd writes it into a file; journal_line: with the longer time.
file_line() {
  sed -E "1s/^<[0-9]+>(.{15}) login: /\1 host ${2:-login}: /" "$folder/lines/$1"
  echo
}
journal_line() {
  sed -E '1s/^<[0-9]+>.{15} login: /2026-11-21T15:00:00.123456+00:00 my-host.example nginx[77]: /' \
    "$folder/lines/$1"
  echo
}

names() {
  (cd "$folder/lines" && printf '%s\n' "$1"-*)
}

@test 'a login with a key is not reported, in each form in which logs come' {
  for name in $(names good); do
    grep -q 'authentication success' "$folder/lines/$name"
    [ -z "$(file_line "$name" | reported)" ]
    [ -z "$(file_line "$name" 'dovecot-auth[123]' | reported)" ]
    [ -z "$(journal_line "$name" | reported)" ]
  done
  [ "$(names good | wc -w)" = 4 ]
}

@test 'everything else is: refusals, trouble, wrong options, whatever a client sends' {
  for name in $(names bad); do
    [ "$(file_line "$name" | reported)" = "$(file_line "$name")" ] || { file_line "$name"; return 1; }
    [ "$(journal_line "$name" | reported)" = "$(journal_line "$name")" ]
  done
  [ "$(names bad | wc -w)" = 8 ]
}

@test 'a line that only holds such a success is reported' {
  local success
  success=$(file_line good-1)
  for line in "$success and more" "x $success" "${success/:auth/:account}" \
    "${success/reason=VALID/reason=DECOY}" "${success/ login: / sshd: Invalid user }" \
    "${success/ login: / sshd[7]: Invalid user x: }" "${success/ login: / sshd[7]: x process: }" \
    "${success/pam_authkey(/pam_other(}" "${success/pam_authkey/pam_authkey_passwd}"; do
    [ "$(reported <<<"$line")" = "$line" ]
  done
}
