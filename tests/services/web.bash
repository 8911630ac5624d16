# SPDX-License-Identifier: BSD-2-Clause
# For the tests of web servers: one whose workers are www-data, at $port, set up by the lines
# of a page, and curl, which asks it for $url.
# shellcheck shell=bash
# shellcheck disable=SC2154 # folder, port and url are the test's

# serve_nginx <LINES: nginx with these in its http block.
serve_nginx() {
  nginx_conf www-data pid >"$folder/nginx.conf"
  serve "$(command -v nginx)" -c "$folder/nginx.conf" -p "$folder" # as its unit does
}

# nginx_conf USER PID <LINES: its workers are this user, its process id goes to $folder/PID.
nginx_conf() {
  cat <<END
load_module /usr/lib/nginx/modules/ngx_http_auth_pam_module.so;
user $1;
worker_processes 2;
daemon off;
pid $folder/$2;
error_log $folder/error.log info;
events { worker_connections 64; }
http {
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
$(cat)
}
END
}

# serve_apache [MODULE]... <LINES: Apache with these modules of its own besides, and lines.
serve_apache() {
  local module
  {
    for module in mpm_event authn_core authz_core authz_user auth_basic authnz_pam dir "$@"; do
      echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
    done
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
DocumentRoot $folder/www
$(cat)
END
  } >"$folder/apache.conf"
  serve apache2 -DFOREGROUND -f "$folder/apache.conf"
}

# make_page FOLDER...
make_page() {
  local place
  for place; do
    mkdir -p "$place"
    echo 'what the key opens' >"$place/index.html"
  done
}

# Of carol, whose password is "by heart", as htpasswd(1) writes it with -s.
make_password_file() {
  echo 'carol:{SHA}7mVcLgdv5E9S2oFDk/hx8lHfNg0=' >"$folder/htpasswd"
}

# answer USER TOKEN [OPTION]...: the status that curl gets. The token goes through
# standard input.
answer() {
  printf 'user = "%s:%s"\n' "$1" "$2" |
    curl -s -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' -K - "${@:3}" "$url"
}

opens() {
  [ "$(answer "$@")" = 200 ]
}

refused() {
  [ "$(answer "$@")" = 401 ]
}
