#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# nginx, its workers running as www-data, lets curl in with a key, and no longer in the
# very next request after the key is disabled: the product's promise, through its front
# door. SECURITY R2, R16, R21, R26.

load ../service
load ../web
load ../watchers

setup_file() {
  can_serve user:www-data || return 0
  make_folder www-data
  make_stack
  make_page "$folder/www" "$folder/www/file"
  make_password_file
  start_nginx
}

make_stack() {
  make_pam_d "$folder"
  cat >"$folder/pam.d/authkey-nginx" <<END
auth     sufficient $folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db
account  required   $folder/pam_authkey.so store=$AUTHKEY_DIR/keys.db
END
}

start_nginx() {
  port=$(free_port)
  export url=http://127.0.0.1:$port/
  serve_nginx <<END
access_log off;
server {
  listen 127.0.0.1:$port;
  root $folder/www;
  auth_pam "keys";
  auth_pam_service_name "authkey-nginx";
  location /file/ {
$(recipe nginx.md 'Passwords beside keys' | sed "s|htpasswd|$folder/&|; s|\"nginx\"|\"authkey-nginx\"|")
  }
}
END
}

@test "the process that asks the module is www-data's" {
  token=$(new_key asked --disabled)
  [ "$(answer alice "$token")" = 401 ]
  uid=$(id -u www-data)
  [ "$(told "uid=$uid euid=$uid .*rhost=127.0.0.1 user=alice")" -eq 1 ]
}

@test "the key opens the page" {
  token=$(new_key opens)
  [ "$(answer alice "$token")" = 200 ]
  [ "$(cat "$BATS_TEST_TMPDIR/body")" = 'what the key opens' ]
}

@test "curl asks at a terminal, and shows no token" {
  token=$(new_key typed)
  run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 "password for user 'alice':" "$token\\r" -- \
    curl -s -u alice "$url"
  [[ $output == *'what the key opens'* ]]
  [[ $output != *"${token: -30}"* ]]
}

@test "curl finds the key in .netrc" {
  netrc "$(new_key netrc)"
  export HOME=$BATS_TEST_TMPDIR
  [ "$(curl -s --netrc "$url")" = 'what the key opens' ]
  [ "$(curl -s --netrc-file "$HOME/.netrc" "$url")" = 'what the key opens' ]
}

# A repository behind nginx, and git as somebody who has nothing but $BATS_TEST_TMPDIR.
make_repository() {
  export HOME=$BATS_TEST_TMPDIR GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
  unset XDG_CONFIG_HOME GIT_ASKPASS SSH_ASKPASS GIT_DIR GIT_WORK_TREE
  git init -q --bare "$folder/www/$1"
  git -C "$folder/www/$1" -c user.name=alice -c user.email=alice@example.org \
    commit-tree -m first "$(git -C "$folder/www/$1" mktree </dev/null)" >"$HOME/commit"
  git -C "$folder/www/$1" update-ref "$(git -C "$folder/www/$1" symbolic-ref HEAD)" \
    "$(cat "$HOME/commit")"
  git -C "$folder/www/$1" update-server-info
}

@test "git clones with a key in .netrc" {
  make_repository netrc.git
  run ! git clone -q "${url}netrc.git" "$HOME/clone"
  netrc "$(new_key gitnetrc)"
  git clone -q "${url}netrc.git" "$HOME/clone"
  [ "$(git -C "$HOME/clone" rev-parse HEAD)" = "$(cat "$HOME/commit")" ]
}

@test "git clones with a key in its credential store, and forgets it once it is refused" {
  make_repository store.git
  token=$(new_key gitstore)
  git config --global credential.helper store
  printf '%s\n' protocol=http "host=${url:7:-1}" username=alice password="$token" |
    git credential approve
  git clone -q "${url}store.git" "$HOME/clone"
  [ "$(git -C "$HOME/clone" rev-parse HEAD)" = "$(cat "$HOME/commit")" ]
  run ! grep -r "$token" "$HOME/clone"
  [ "$(stat -c %a "$HOME/.git-credentials")" = 600 ]
  authkey disable gitstore
  run ! git -C "$HOME/clone" fetch -q
  authkey enable gitstore
  run ! git -C "$HOME/clone" fetch -q
  [ ! -s "$HOME/.git-credentials" ]
}

@test "without a key, with a wrong one, with a password or another's name the answer is 401" {
  [ "$(curl -s -o /dev/null -w '%{http_code}' "$url")" = 401 ]
  refused alice ''
  refuses_the_wrong
}

@test "disable is obeyed by the next request, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service or another network is refused" {
  keeps_to_service_and_network authkey-nginx
}

@test "a refusal names the key's id and the reason in one line of syslog" {
  token=$(new_key logged --disabled)
  id=${token#*_}
  [ "$(answer alice "$token")" = 401 ]
  [ "$(told "user=alice key=${id:0:8} reason=DISABLED")" -eq 1 ]
}

# not_a_key: a token with a right checksum that is no key's any more.
not_a_key() {
  new_key gone
  authkey revoke -q -y gone
  authkey purge -q -y gone
}

@test "fail2ban and logcheck know the lines of workers, which nginx has named (R17)" {
  needs fail2ban-regex
  ident=$(recipe nginx.md 'What the log says' '^[a-z ]+: pam_authkey' | sed 's/: pam_.*//' | uniq)
  [ "$ident" = 'ker process' ]
  begin_here
  token=$(not_a_key)
  [ "$(answer alice "$token")" = 401 ]
  [ "$(answer alice "$(new_key right)")" = 200 ]
  [ "$(answer alice "$(new_key baited --decoy)")" = 401 ]
  [ "$(told "$ident: pam_authkey(authkey-nginx:auth): authentication failure; .* reason=NOT_FOUND")" -eq 1 ]
  for kind in traditional rfc3339; do
    [ "$(syslogd $kind | banned normal | how_often)" = '2 127.0.0.1' ]
    [ "$(syslogd $kind | banned decoy | how_often)" = '1 127.0.0.1' ]
    syslogd $kind | grep ": authentication " | reported >"$BATS_TEST_TMPDIR/reported"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/reported")" -eq 2 ]
    run ! grep 'authentication success' "$BATS_TEST_TMPDIR/reported"
  done
  # The journal names the program, and leaves in the message what is no name of one.
  message=$(syslogd traditional | sed -n 's/.* my-host \(.*reason=NOT_FOUND\)/\1/p')
  [ "$(banned_by_journal "my-host nginx[77]: $message")" = 127.0.0.1 ]
  success=$(syslogd rfc3339 | sed -n 's/ my-host \(.*reason=VALID\)$/ my-host nginx[77]: \1/p')
  [ -n "$success" ]
  [ -z "$(reported <<<"$success")" ]
}

@test "the lines are those that the page prints" {
  token=$(new_key as-printed)
  [ "$(answer alice "$token")" = 200 ]
  line=$(printed nginx.md VALID "$token")
  [ "$(told " ${line/nginx/authkey-nginx}\$")" -gt 0 ]
  authkey disable as-printed
  [ "$(answer alice "$token")" = 401 ]
  line=$(printed nginx.md DISABLED "$token")
  [ "$(told " ${line/nginx/authkey-nginx}\$")" -eq 1 ]
}

@test "beside keys the password file of the page opens, whatever becomes of a key" {
  token=$(new_key beside)
  url+=file/
  [ "$(answer alice "$token")" = 200 ]
  [ "$(answer carol 'by heart')" = 200 ]
  [ "$(answer alice 'by heart')" = 401 ]
  [ "$(answer carol "$token")" = 401 ]
  authkey disable beside
  [ "$(answer alice "$token")" = 401 ]
  [ "$(answer carol 'by heart')" = 200 ]
}

@test "a store that www-data cannot read: 401, and one line of syslog that says so" {
  says_that_the_store_is_unreadable
}

@test "no token and no password is in any log (R16)" {
  tells_no_secret "$folder" "$folder/error.log"
}
