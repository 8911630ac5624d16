#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The rule for logcheck leaves a login that worked out of its reports, and nothing else. The
# lines are those that the module itself has written. SECURITY R17.

load ../service
load ../watchers

setup_file() {
  can_show own-mounts socat || return 0
  make_folder "$(id -gn)"
  make_pam_d "$folder"
  stack web
  stack 'odd-name_1.2@x'
  stack missing store="$folder/nothing.db"
  stack mistaken no_such_option
  make_logins
  record
}

make_logins() {
  local key off
  key=$(new_key good)
  off=$(new_key off --disabled)
  login good-1 web alice 192.0.2.7 "$key"
  login good-2 web alice 2001:db8::7 "$key"
  login good-3 'odd-name_1.2@x' alice '' "$key"
  login good-4 web alice host.example.org "$key"
  login bad-1 web alice 192.0.2.7 "$off"
  login bad-2 web bob 192.0.2.7 "$key"
  login bad-3 web alice 192.0.2.7 "$(mistyped "$key")"
  login bad-4 missing alice 192.0.2.7 "$key"
  login bad-5 mistaken alice 192.0.2.7 "$key"
  # what clients may send so that their failure reads as a success
  local line='authentication success; logname= uid=0 euid=0 tty= ruser= rhost=192.0.2.7 user=alice'
  login bad-6 web alice "192.0.2.7"$'\n'"$line key=7QxR2mNd reason=VALID" "$off"
  login bad-7 web $'alice\n'"Nov 21 15:00:00 host web: pam_authkey(web:auth): $line" 192.0.2.7 "$off"
  login bad-8 web alice '192.0.2.7 user=alice key=7QxR2mNd reason=VALID' "$off"
}

# journal_line NAME: with the longer time.
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
    [ -z "$(line "$name" | reported)" ]
    [ -z "$(line "$name" 'dovecot-auth[123]' | reported)" ]
    [ -z "$(journal_line "$name" | reported)" ]
  done
  [ "$(names good | wc -w)" = 4 ]
}

@test 'everything else is: refusals, trouble, wrong options, whatever a client sends' {
  for name in $(names bad); do
    [ "$(line "$name" | reported)" = "$(line "$name")" ] || { line "$name"; return 1; }
    [ "$(journal_line "$name" | reported)" = "$(journal_line "$name")" ]
  done
  [ "$(names bad | wc -w)" = 8 ]
}

@test 'a line that only holds such a success is reported' {
  local success
  success=$(line good-1)
  for line in "$success and more" "x $success" "${success/:auth/:account}" \
    "${success/reason=VALID/reason=DECOY}" "${success/ login: / sshd: Invalid user }" \
    "${success/ login: / sshd[7]: Invalid user x: }" "${success/ login: / sshd[7]: x process: }" \
    "${success/pam_authkey(/pam_other(}" "${success/pam_authkey/pam_authkey_passwd}"; do
    [ "$(reported <<<"$line")" = "$line" ]
  done
}
