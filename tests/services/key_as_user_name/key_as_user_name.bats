#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# user=set in nginx and Apache, by the stack and the lines of
# docs/services/key-as-user-name.md: a token is enough, and no log of theirs has it.
# Dovecot and OpenSSH have their part in their own tests. SECURITY R16, R26.

load ../service
load ../web

PAGE=key-as-user-name.md

setup_file() {
  can_serve user:www-data /usr/lib/nginx/modules /usr/lib/apache2/modules || return 0
  make_folder www-data
  export top=$folder
  authkey verifier add -q www-data
  for server in nginx apache; do
    place $server
    at $server start_$server
  done
}

# place SERVER: what it needs in a folder of its own, and its port.
place() {
  make_pam_d "$top/$1"
  recipe $PAGE 'The stack' >"$top/$1/pam.d/$1"
  make_page "$top/$1/www"
  free_port >"$top/$1/port"
}

# at SERVER COMMAND...: with this one's folder, port and address.
at() {
  local folder=$top/$1 port url
  port=$(cat "$folder/port")
  url=http://127.0.0.1:$port/
  "${@:2}"
}

# named PAGE: the file of nginx that the page names.
named() {
  grep -o '/etc/nginx/conf.d/[a-z0-9-]*\.conf' "$AK_TOP/$1" | head -n 1 | sed 's|.*/||'
}

# The page's server, in the file that the README has made for one, before an application that
# says what it was told. A log above it, as Debian's nginx.conf has one, is there to be
# written to by mistake.
start_nginx() {
  local application
  application=$(free_port)
  mkdir "$folder/conf.d"
  recipe $PAGE nginx '^map' >"$folder/conf.d/$(named docs/services/$PAGE)"
  {
    echo "server { listen 127.0.0.1:$port;"
    recipe $PAGE nginx '^access_log' |
      sed "s|/var/log/nginx|$folder|; s|127.0.0.1:3000|127.0.0.1:$application|"
    recipe $PAGE nginx '^location' |
      sed "s|127.0.0.1:3000|127.0.0.1:$application|"
    echo '}'
  } >"$folder/conf.d/$(named README.md)"
  [ "$(find "$folder/conf.d" -name '?*.conf' | wc -l)" -eq 2 ]
  serve_nginx <<END
access_log $folder/above.log;
error_log $folder/above.log info;
server {
  listen 127.0.0.1:$application;
  return 200 "key=\$http_x_key authorization=\$http_authorization\n";
}
include $folder/conf.d/*.conf;
END
}

start_apache() {
  serve_apache authz_groupfile <<END
CustomLog $folder/above.log "%h %u %r"
<VirtualHost 127.0.0.1:$port>
$(recipe $PAGE Apache | sed "s|\${APACHE_LOG_DIR}|$folder|; s/^LogLevel .*/& authz_groupfile:crit/")
$(recipe apache.md Apache '^<Location')
<Location /user>
  Require user alice
</Location>
<Location /group>
  AuthGroupFile $folder/groups
  Require group people
</Location>
</VirtualHost>
END
}

@test "the token as the user name opens, without a password and with any" {
  token=$(new_key name)
  for server in nginx apache; do
    [ "$(at $server answer "$token" '')" = 200 ]
    [ "$(at $server answer "$token" whatever)" = 200 ]
  done
  [ "$(authkey show name --field uses)" = 4 ]
  [ "$(authkey show name --field last_used_from)" = 127.0.0.1 ]
}

# curl_u WORD: the way of the command line.
curl_u() {
  curl -s -o /dev/null -w '%{http_code}' -u "$1" "$url"
}

@test "curl -u TOKEN: opens" {
  token=$(new_key curl)
  for server in nginx apache; do
    [ "$(at $server curl_u "$token:")" = 200 ]
  done
}

@test "__token__, and the owner, open with the token as the password; another name does not" {
  token=$(new_key password)
  for server in nginx apache; do
    [ "$(at $server answer __token__ "$token")" = 200 ]
    [ "$(at $server answer alice "$token")" = 200 ]
    [ "$(at $server answer bob "$token")" = 401 ]
    [ "$(at $server answer __token__ 'correct horse')" = 401 ]
  done
}

@test "without a name Apache lets the token in, and nginx refuses by itself" {
  token=$(new_key nameless)
  [ "$(at apache answer '' "$token")" = 200 ]
  [ "$(at nginx answer '' "$token")" = 401 ]
  [ "$(folder=$top/nginx told "${token:3:8}")" = 0 ]
}

@test "disable is obeyed by the next request, also where the token is the name (R26)" {
  token=$(new_key toggled)
  for server in nginx apache; do
    [ "$(at $server answer "$token" '')" = 200 ]
    authkey disable toggled
    [ "$(at $server answer "$token" '')" = 401 ]
    [ "$(at $server answer __token__ "$token")" = 401 ]
    authkey enable toggled
  done
  [ "$(at nginx answer "$(new_key other --service apache)" '')" = 401 ]
  [ "$(at apache answer "$(new_key far --from 192.0.2.0/24)" '')" = 401 ]
}

@test "nginx tells the application the key's id, and neither token nor name" {
  token=$(new_key told)
  at nginx answer "$token" ''
  [ "$(cat "$BATS_TEST_TMPDIR/body")" = "key=${token:0:11} authorization=" ]
  at nginx answer __token__ "$token"
  [ "$(cat "$BATS_TEST_TMPDIR/body")" = 'key=- authorization=' ]
}

# Everything that a client can do with a token in the place of the name.
all_ways() {
  answer "$1" ''
  answer "$1" whatever
  answer "${1%?}" ''         # cut
  answer "$(mistyped "$1")" ''
  answer "$2" ''             # disabled
  answer "$1" '' -X NONSENSE
  answer "$1" '' -H 'Expect: nonsense'
  answer "$1" '' --path-as-is --request-target '/../..'
  answer __token__ "$1"
}

@test "no log of the server has any of it, only the key's id; nor has syslog (R16)" {
  token=$(new_key secret)
  off=$(new_key secret-off --disabled)
  for server in nginx apache; do
    at $server all_ways "$token" "$off"
    folder=$top/$server told mark >/dev/null
    grep -q '" 401' "$top/$server/access.log"
    run ! grep -ra -e "${token:13:20}" -e "${off:13:20}" "$top/$server"/*log
    grep -qa "user=alice key=${token:3:8} reason=VALID" "$top/$server/syslog"
    grep -qa "user= key=${off:3:8} reason=DISABLED" "$top/$server/syslog"
  done
  grep -q -- "- ${token:0:11} \[" "$top/nginx/access.log"
}

# refused_by_require LOCATION TOKEN: a name that no `Require` knows, asked for below it.
refused_by_require() {
  local url=$url$1
  [ "$(answer "$2" '')" = 401 ]
  [ "$(answer "$2" whatever)" = 401 ]
}

@test "what Require user and Require group refuse is in no log of Apache (R16)" {
  echo 'people: alice' >"$top/apache/groups"
  token=$(new_key required)
  at apache refused_by_require user "$token"
  at apache refused_by_require group "$token"
  [ "$(folder=$top/apache told "key=${token:3:8} reason=VALID")" -ge 1 ]
  run ! grep -ra -e "${token:13:20}" "$top/apache"/*log
}

@test "scan finds the token in a log that was not cared for" {
  token=$(new_key scanned)
  echo "127.0.0.1 - $token [12/Nov/2026:10:00:00 +0000] \"GET / HTTP/1.1\" 200" >"$top/careless.log"
  run authkey scan --disable "$top/careless.log"
  [[ $output == *scanned* ]]
  [ "$(at nginx answer "$token" '')" = 401 ]
}
