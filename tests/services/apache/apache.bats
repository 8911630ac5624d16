#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Apache with mod_authnz_pam, set up as docs/services/apache.md says: its stack, its
# <Location> and its other lines are taken from that page. The threads of its workers,
# which run as www-data, ask the module. SECURITY R2, R16, R21, R26.

bats_require_minimum_version 1.5.0
load ../web

setup() {
  [ -z "$reason" ] || skip "$reason"
}

setup_file() {
  reason=$(why_not Apache)
  export reason
  [ -z "$reason" ] || return 0
  PATH=$PATH:/usr/sbin:/sbin

  folder=$(mktemp -d)
  export folder AUTHKEY_DIR=$folder/authkey
  chmod 755 "$folder"
  "$AK_TOOL" init --group www-data
  "$AK_TOOL" verifier add www-data
  install_service
  start_apache
}

teardown_file() {
  [ -n "$reason" ] || stop
}

# recipe SECTION WORD: the first block of the page's section that begins with WORD.
recipe() {
  awk -v section="## $1" -v word="$2" '
    /^## / { inside = $0 == section }
    !/^    / { if (wanted) exit; begun = 0; next }
    inside && !begun { begun = 1; wanted = $1 == word }
    wanted' "$BATS_TEST_DIRNAME/../../../docs/services/apache.md" | grep .
}

# The module is copied: a worker loads it as www-data, from wherever the build lies.
install_service() {
  install -m 644 "$AK_MODULE" "$folder/pam_authkey.so"
  mkdir "$folder/pam.d" "$folder/www" "$folder/www/cached" "$folder/www/file" "$folder/www/named"
  recipe /etc/pam.d/apache auth |
    sed "s|pam_authkey.so|$folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db|" \
      >"$folder/pam.d/apache"
  echo 'auth required pam_deny.so' >"$folder/pam.d/other"
  for page in "$folder/www" "$folder"/www/*/; do
    echo 'what the key opens' >"$page/index.html"
  done
  # The password is "by heart", as htpasswd(1) writes it with -s.
  echo 'carol:{SHA}7mVcLgdv5E9S2oFDk/hx8lHfNg0=' >"$folder/htpasswd"
}

start_apache() {
  port=$(free_port)
  export url=http://127.0.0.1:$port/
  {
    modules mpm_event authn_core authz_core authz_user auth_basic authnz_pam dir \
      remoteip authn_file socache_shmcb authn_socache
    cat <<END
ServerRoot $folder
ServerName localhost
Listen 127.0.0.1:$port
User www-data
Group www-data
PidFile $folder/pid
DefaultRuntimeDir $folder
ErrorLog $folder/error.log
LogLevel info
StartServers 2
ThreadsPerChild 16
MaxRequestWorkers 32
DocumentRoot $folder/www
END
    recipe Apache '<Location'
    recipe Addresses RemoteIPHeader | sed 's/10.0.0.5/127.0.0.5/'
    echo '<Location "/file">'
    recipe 'Passwords beside keys' AuthBasicProvider | sed "s|/etc/apache2|$folder|"
    cat <<END
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
  } >"$folder/apache.conf"
  serve apache2 -DFOREGROUND -f "$folder/apache.conf"
}

modules() {
  for module; do
    echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
  done
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
  token=$(new_key netrc)
  (umask 077 && printf 'machine 127.0.0.1\nlogin alice\npassword %s\n' "$token" \
    >"$BATS_TEST_TMPDIR/netrc")
  run curl -s --netrc-file "$BATS_TEST_TMPDIR/netrc" "$url"
  [ "$output" = 'what the key opens' ]
}

@test "without a key, with a wrong one, with a password or another's name the answer is 401" {
  token=$(new_key wrong)
  other=$(new_key other)
  [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 401 ]
  [ "$(answer alice "${token%???????????}${other: -11}")" = 401 ]
  [ "$(answer alice 'correct horse battery staple')" = 401 ]
  [ "$(answer alice '')" = 401 ]
  [ "$(answer bob "$token")" = 401 ]
  [ "$(answer "$token" '')" = 401 ]
}

@test "disable is obeyed by the next request, and enable, and revoke (R26)" {
  token=$(new_key toggled)
  for _ in 1 2 3; do
    [ "$(answer alice "$token")" = 200 ]
    authkey disable toggled
    [ "$(answer alice "$token")" = 401 ]
    authkey enable toggled
  done
  [ "$(answer alice "$token")" = 200 ]
  authkey revoke toggled -y
  [ "$(answer alice "$token")" = 401 ]
}

@test "a key for another service or another network is refused" {
  [ "$(answer alice "$(new_key mine --service apache --from 127.0.0.0/8)")" = 200 ]
  [ "$(answer alice "$(new_key service --service sshd)")" = 401 ]
  [ "$(answer alice "$(new_key network --from 192.0.2.0/24)")" = 401 ]
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
  token=$(new_key unreadable)
  chmod 600 "$AUTHKEY_DIR/keys.db"
  [ "$(answer alice "$token")" = 401 ]
  run told "keys.db"
  chmod 640 "$AUTHKEY_DIR/keys.db"
  [ "$output" -eq 1 ]
  [ "$(told 'keys.db.*may not read')" -eq 1 ]
  [ "$(answer alice "$token")" = 200 ]
}

@test "a refusal names the key's id; no token and no password is in any log (R16)" {
  token=$(new_key secret --disabled)
  [ "$(answer alice "$token")" = 401 ]
  answer alice "${token%??}xx"
  answer alice 'correct horse battery staple'
  id=${token#*_}
  [ "$(told "user=alice key=${id:0:8} reason=DISABLED")" -eq 1 ]
  grep -q 'PAM authentication failed for user alice' "$folder/error.log"
  run ! grep -a -e "${token: -30}" -e 'correct horse' "$folder/syslog" "$folder/error.log"
}
