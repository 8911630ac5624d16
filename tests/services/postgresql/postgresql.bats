#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# PostgreSQL, running as postgres, lets psql in with a key, by the stack, the roles and the
# lines of pg_hba.conf that docs/services/postgresql.md has. Only the addresses are others,
# those of loopback. SECURITY R2, R16, R21, R26.

load ../service
load ../watchers

# Where the programs of the newest server are.
newest() {
  printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1 | xargs dirname
}

setup_file() {
  can_serve "$(newest)/postgres" openssl || return 0
  make_folder postgres
  export LC_ALL=C.UTF-8 TZ=UTC PGHOST=127.0.0.1 PGSSLMODE=require PGCONNECT_TIMEOUT=10
  unset PGPASSWORD PGUSER PGDATABASE PGSERVICE PGOPTIONS
  authkey verifier add -q postgres
  make_stacks
  make_cluster
  start_server
  make_roles
}

teardown_file() {
  [ -n "$reason" ] || stop INT # as pg_ctl stop -m fast does
}

make_stacks() {
  local service
  make_pam_d "$folder"
  for service in postgresql postgresql-billing named; do
    recipe postgresql.md /etc/pam.d/postgresql >"$folder/pam.d/$service"
  done
}

as_postgres() {
  setpriv --reuid=postgres --regid=postgres --init-groups "$@"
}

make_cluster() {
  port=$(free_port)
  export PGPORT=$port
  install -d -o postgres -g postgres "$folder/data" "$folder/socket"
  as_postgres "$(newest)/initdb" -N -D "$folder/data" -A peer --no-instructions -E UTF8 \
    >"$folder/initdb.out"
  make_certificate "$folder/data/server.crt" "$folder/data/server.key"
  chown postgres: "$folder"/data/server.*
  cat >>"$folder/data/postgresql.conf" <<END_OF_FILE
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$folder/socket'
fsync = off
shared_buffers = 16MB
max_connections = 20
ssl = on
log_destination = stderr
logging_collector = off
END_OF_FILE
  {
    echo 'local  all    postgres               peer'
    echo 'local  all    all                    pam'
    echo 'host   named  all      127.0.0.1/32  pam  pamservice=named pam_use_hostname=1'
    recipe postgresql.md PostgreSQL ^hostssl | sed 's|192.0.2.0/24|127.0.0.1/32|'
  } >"$folder/data/pg_hba.conf"
}

start_server() {
  serve "$BATS_TEST_DIRNAME/postgres.sh" "$folder" "$(newest)/postgres"
  until "$(newest)/pg_isready" -q; do
    kill -0 "$(cat "$folder/pid")" || { cat "$folder/out" >&2; return 1; }
    sleep 0.05
  done
}

# What the administrator says to the server.
admin() {
  PGHOST=$folder/socket as_postgres psql -X -q -A -t -v ON_ERROR_STOP=1 -d "${2:-postgres}" \
    -c "$1"
}

make_roles() {
  admin "$(recipe postgresql.md PostgreSQL '^CREATE ROLE alice')"
  admin "CREATE ROLE bob LOGIN IN ROLE keyholders"
  admin "CREATE ROLE carol LOGIN PASSWORD 'correct horse'"
  admin "CREATE DATABASE billing"
  admin "CREATE DATABASE named"
}

# field KEY NAME: one field of a key.
field() {
  authkey show "$1" --field "$2"
}

# client ROLE DATABASE: psql, which asks for nothing, says who it is there.
client() {
  psql -X -w -A -t -U "$1" -d "$2" -c 'SELECT current_user' 2>"$BATS_TEST_TMPDIR/said"
}

# login ROLE PASSWORD [DATABASE]: psql with the password in PGPASSFILE. Fails for nothing
# else than a refusal.
login() {
  local status=0
  (umask 077 && printf '*:*:*:*:%s\n' "$2" >"$BATS_TEST_TMPDIR/pass")
  PGPASSFILE=$BATS_TEST_TMPDIR/pass client "$1" "${3:-postgres}" || status=$?
  [ "$status" -eq 0 ] || grep -q 'authentication failed for user' "$BATS_TEST_TMPDIR/said" || {
    cat "$BATS_TEST_TMPDIR/said" >&2
    echo "psql: neither let in nor refused"
  }
  return "$status"
}

# opens ROLE PASSWORD [DATABASE], refused ROLE PASSWORD [DATABASE]
opens() {
  [ "$(login "$@")" = "$1" ]
}

refused() {
  local said
  said=$(login "$@") && return 1
  [ -z "$said" ]
}

@test "the lines of the recipe's pg_hba.conf are understood" {
  [ "$(admin 'SELECT count(*) FROM pg_hba_file_rules WHERE error IS NULL')" -eq 6 ]
  # The page's own command, as whom it says.
  sudo() {
    [ "$1 $2" = '-u postgres' ] && PGHOST=$folder/socket as_postgres "${@:3}"
  }
  run -0 eval "$(recipe postgresql.md PostgreSQL '^sudo ' | grep '^sudo ')"
  [[ $output == *error*'(0 rows)'* ]]
}

@test "the process that asks the module is postgres's, and tells the client's address" {
  token=$(new_key asked --disabled)
  refused alice "$token"
  uid=$(id -u postgres) id=${token:3:8}
  [ "$(told "postgresql:auth.*uid=$uid euid=$uid .*rhost=127.0.0.1 user=alice key=$id")" -eq 1 ]
}

@test "a key in PGPASSFILE opens the database, and show tells of it" {
  token=$(new_key opens)
  [ "$(field opens last_used_at)" = '' ]
  opens alice "$token"
  [ -n "$(field opens last_used_at)" ]
  [ "$(field opens last_used_from)" = 127.0.0.1 ]
  [ "$(field opens last_used_service)" = postgresql ]
  [ "$(field opens uses)" -eq 1 ]
  [ "$(field opens refusals)" -eq 0 ]
}

@test "a wrong key, a password, nothing and another's role are refused" {
  refuses_the_wrong postgres
  [ "$(told "user= key=${token:3:8} reason=USER_MISMATCH")" -eq 1 ]
}

@test "a client without TLS is sent away before it is asked for the token" {
  token=$(new_key plain)
  PGSSLMODE=disable run ! login alice "$token"
  grep -q 'no pg_hba.conf entry.*no encryption' "$BATS_TEST_TMPDIR/said"
  [ "$(told "key=${token:3:8}")" -eq 0 ]
  opens alice "$token"
}

@test "a first call without a password is neither a use nor a refusal, and not logged" {
  token=$(new_key first)
  before=$(told pam_authkey)
  run ! client alice postgres
  grep -q 'no password supplied' "$BATS_TEST_TMPDIR/said"
  [ "$(told pam_authkey)" -eq "$before" ]
  [ "$(field first refusals)" -eq 0 ]
}

@test "psql at a terminal asks, after a call without, and gets in: one use, no refusal" {
  needs expect
  token=$(new_key terminal)
  refusals=$(told 'authentication failure')
  PGPASSFILE=/dev/null run "$BATS_TEST_DIRNAME/../../cli/dialog.exp" 80 \
    'Password for user alice: ' "$token\\r" -- \
    psql -X -A -t -U alice -d postgres -c "SELECT 'I am ' || current_user"
  [ "$status" -eq 0 ]
  [[ $output == *'I am alice'* ]]
  [[ $output != *"$token"* ]]
  [ "$(field terminal uses)" -eq 1 ]
  [ "$(field terminal refusals)" -eq 0 ]
  [ "$(told 'authentication failure')" -eq "$refusals" ]
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "pamservice= tells databases apart: a key for one is refused at the other" {
  token=$(new_key one --service postgresql-billing)
  opens alice "$token" billing
  [ "$(field one last_used_service)" = postgresql-billing ]
  refused alice "$token" postgres
  token=$(new_key main --service postgresql)
  refused alice "$token" billing
  opens alice "$token" postgres
  refused alice "$(new_key elsewhere --service sshd)"
}

@test "a key for a network is let in from there, and from nowhere else" {
  opens alice "$(new_key here --from 127.0.0.0/8)"
  refused alice "$(new_key there --from 192.0.2.0/24)"
}

@test "through the Unix socket there is no address: only keys without a network work" {
  PGHOST=$folder/socket opens alice "$(new_key socket)"
  token=$(new_key bound --from 127.0.0.0/8)
  PGHOST=$folder/socket refused alice "$token"
  [ "$(told "key=${token:3:8} reason=NO_RHOST")" -eq 1 ]
}

@test "pam_use_hostname=1 tells a name, which is in no network" {
  token=$(new_key name)
  opens alice "$token" named
  token=$(new_key netname --from 127.0.0.0/8)
  if [ "$(field name last_used_from)" = 127.0.0.1 ]; then
    skip '127.0.0.1 has no name here'
  fi
  refused alice "$token" named
  [ "$(told "key=${token:3:8} reason=NO_RHOST")" -eq 1 ]
}

@test "roles that are no keyholders log in by their passwords, and with no key" {
  opens carol 'correct horse'
  refused carol "$(authkey create hers --owner carol -q)"
  refused dave "$(authkey create nobodys --owner dave -q)" # there is no such role
  grep -q 'password authentication failed' "$BATS_TEST_TMPDIR/said"
  admin 'GRANT keyholders TO carol'
  refused carol 'correct horse'
  admin 'REVOKE keyholders FROM carol'
  opens carol 'correct horse'
}

@test "a store that postgres cannot read: refused, and one line of syslog that says so" {
  says_that_the_store_is_unreadable
}

# What a client may call its database so that its line, of which this is the beginning but
# for some letters, bans the owner of 203.0.113.9, or nobody.
forged_databases() {
  printf 'cut off....%s\n' 'db name: pam_authkey(x:auth): hello' ' rhost=203.0.113.9 user= key= reason=DECOY' \
    'sshd[7]: x: pam_authkey(x:auth): authentication failure; logname= ' \
    'x 2001-01-01T00:00:00Z host sshd[7]: x' '203.0.113.9(1) authentication' '[203.0.113.9]' '$' '%n'
}

@test "fail2ban and logcheck know the lines of a server that clients have named (R17)" {
  needs fail2ban-regex
  gone=$(new_key gone)
  authkey revoke -q -y gone
  authkey purge -q -y gone
  right=$(new_key right)
  begin_here
  opens alice "$right"
  run ! login alice "$gone"
  number=1
  while read -r database; do
    run ! login alice "$gone" "dbname='$database'"
    number=$((number + 1))
  done < <(forged_databases)
  run ! login alice "$gone" $'cut off....x\n: y'
  run ! login alice "$gone" $'cut off....Nov 21 15:00:00 host sshd[7]: pam_authkey(x:auth): \n'
  number=$((number + 2))
  [ "$(told 'authentication: pam_authkey(postgresql:auth): authentication failure; .* reason=NOT_FOUND')" -eq $number ]
  grep -q 'db name: pam_authkey(x:auth): hello 127\.0\.0\.1(' "$folder/syslog"
  for kind in traditional rfc3339; do
    [ "$(syslogd $kind | banned normal | how_often)" = "$number 127.0.0.1" ]
    [ "$(syslogd $kind | grep -c reason=VALID)" -eq 1 ]
    syslogd $kind | grep " reason=[A-Z_]*$" | reported >"$BATS_TEST_TMPDIR/reported"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/reported")" -eq $number ]
    run ! grep 'authentication success' "$BATS_TEST_TMPDIR/reported"
  done
  # The journal names the program, and leaves in the message what is no name of one.
  message=$(syslogd traditional | sed -n 's/.* my-host \(.*hello.*reason=NOT_FOUND\)/\1/p')
  [ "$(banned_by_journal "my-host postgres[77]: $message")" = 127.0.0.1 ]
  [ "$(banned_by_journal "my-host postgres[77]: x"$'\n'"$message")" = 127.0.0.1 ]
  success=$(syslogd rfc3339 | sed -n 's/ my-host \(.*reason=VALID\)$/ my-host postgres[77]: \1/p')
  [ -n "$success" ]
  [ -z "$(reported <<<"$success")" ]
}

@test "no token and no password is in any log (R16)" {
  tells_no_secret "$folder" "$folder/out"
}
