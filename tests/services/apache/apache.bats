#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Apache with mod_authnz_pam, set up as docs/services/apache.md says: its stack, its
# <Location> and its other lines are taken from that page. The threads of its workers,
# which run as www-data, ask the module. SECURITY R2, R16, R21, R26.

load ../service
load ../web

setup_file() {
  can_serve user:www-data || return 0
  make_folder www-data
  authkey verifier add -q www-data
  make_pam_d "$folder"
  recipe apache.md /etc/pam.d/apache >"$folder/pam.d/apache"
  make_page "$folder/www" "$folder"/www/{cached,file,named}
  make_password_file
  start_apache
}

start_apache() {
  port=$(free_port)
  export url=http://127.0.0.1:$port/
  serve_apache remoteip authn_file socache_shmcb authn_socache <<END
StartServers 2
ThreadsPerChild 16
MaxRequestWorkers 32
$(recipe apache.md Apache '^<Location')
$(recipe apache.md Addresses ^RemoteIPHeader | sed 's/10.0.0.5/127.0.0.5/')
<Location "/file">
$(recipe apache.md 'Passwords beside keys' ^AuthBasicProvider | sed "s|/etc/apache2|$folder|")
</Location>
<Location "/named">
  HostnameLookups On
</Location>
AuthnCacheSOCache shmcb:$folder/cache
<Location "/cached">
  AuthBasicProvider socache PAM
  AuthnCacheProvideFor PAM
</Location>
END
}

@test "the process that asks the module is www-data's, and says where the client is" {
  token=$(new_key asked --disabled)
  [ "$(answer alice "$token")" = 401 ]
  uid=$(id -u www-data)
  [ "$(told "apache:auth.* uid=$uid euid=$uid .*rhost=127.0.0.1 user=alice")" -eq 1 ]
}

@test "the key opens the page, and is seen to have been used" {
  token=$(new_key opens)
  [ "$(authkey show opens --field last_used_at)" = '' ]
  [ "$(answer alice "$token")" = 200 ]
  [ "$(cat "$BATS_TEST_TMPDIR/body")" = 'what the key opens' ]
  [ "$(authkey show opens --field last_used_from)" = 127.0.0.1 ]
  [ "$(authkey show opens --field last_used_service)" = apache ]
  [ "$(authkey show opens --field uses)" = 1 ]
  [ -n "$(authkey show opens --field last_used_at)" ]
}

@test "curl finds the key in a .netrc" {
  netrc "$(new_key netrc)"
  run curl -s --netrc-file "$BATS_TEST_TMPDIR/.netrc" "$url"
  [ "$output" = 'what the key opens' ]
}

@test "without a key, with a wrong one, with a password or another's name the answer is 401" {
  [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 401 ]
  refused alice ''
  refuses_the_wrong
  refused "$token" ''
}

@test "disable is obeyed by the next request, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service or another network is refused" {
  keeps_to_service_and_network apache
}

@test "behind a proxy that is named the client's address counts, and nobody else's word for it" {
  token=$(new_key far --from 192.0.2.0/24)
  [ "$(answer alice "$token" --interface 127.0.0.5 -H 'X-Forwarded-For: 192.0.2.7')" = 200 ]
  [ "$(authkey show far --field last_used_from)" = 192.0.2.7 ]
  [ "$(answer alice "$token" --interface 127.0.0.6 -H 'X-Forwarded-For: 192.0.2.7')" = 401 ]
}

@test "where Apache looks names up the module is told a name, which is in no network" {
  getent hosts 127.0.0.1 | grep -q localhost || skip '127.0.0.1 has no name here'
  token=$(new_key named --from 127.0.0.0/8)
  url+=named/
  [ "$(answer alice "$token")" = 401 ]
  [ "$(told 'rhost=localhost user=alice')" -eq 1 ]
}

# request WORD TOKEN: lines of a curl configuration; the answer is WORD and the status.
request() {
  printf 'next\nurl = "%s"\nuser = "alice:%s"\noutput = "/dev/null"\n' "$url" "$2"
  printf 'write-out = "%s %%{http_code}\\n"\n' "$1"
}

@test "threads that ask at once are all answered, each for its own key" {
  good=$(new_key many)
  bad=$(new_key many-off --disabled)
  for i in {1..50}; do
    request good "$good"
    request bad "$bad"
  done >"$BATS_TEST_TMPDIR/requests"
  curl -s -Z --parallel-immediate --parallel-max 32 -K "$BATS_TEST_TMPDIR/requests" \
    >"$BATS_TEST_TMPDIR/answers"
  [ "$(sort "$BATS_TEST_TMPDIR/answers" | uniq -c | xargs)" = '50 bad 401 50 good 200' ]
  [ "$(authkey show many --field uses)" = 50 ]
}

@test "who stands in the password file has a password, who does not needs a key" {
  token=$(new_key beside)
  authkey create hers --owner carol -q >"$BATS_TEST_TMPDIR/hers"
  url+=file/
  [ "$(answer alice "$token")" = 200 ]
  [ "$(answer carol 'by heart')" = 200 ]
  [ "$(answer alice 'by heart')" = 401 ]
  [ "$(answer carol "$(cat "$BATS_TEST_TMPDIR/hers")")" = 401 ]
}

@test "mod_authn_socache goes on to open for a disabled key, and from everywhere, as the page warns" {
  token=$(new_key cached --from 127.0.0.1)
  [ "$(answer alice "$token")" = 200 ]
  page=$url
  url+=cached/
  [ "$(answer alice "$token")" = 200 ]
  authkey disable cached
  [ "$(answer alice "$token" --interface 127.0.0.6)" = 200 ]
  url=$page
  [ "$(answer alice "$token")" = 401 ]
}

@test "a store that www-data cannot read: 401, and one line of syslog that says so" {
  says_that_the_store_is_unreadable
}

@test "a refusal names the key's id; no token and no password is in any log (R16)" {
  tells_no_secret "$folder" "$folder/error.log"
  token=$(new_key told --disabled)
  refused alice "$token"
  [ "$(told "user=alice key=${token:3:8} reason=DISABLED")" -eq 1 ]
  grep -q 'PAM authentication failed for user alice' "$folder/error.log"
  run -1 grep -a -e "${token: -30}" "$folder/syslog" "$folder/error.log"
}
