#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/peers.sh start SERVER | fill SERVER FOLDER USERS | stop SERVER
#
# What the measurement compares with: FOLDER/unix, pwdfile, userdb and mysql are stacks
# for libpam, over USERS users of whom alice is the one in the middle; FOLDER/unix.passwd
# and .shadow are to be mounted over those of the system. SERVER is the folder of a
# MariaDB of our own, which listens to a socket there. Where a peer is not installed,
# FOLDER/PEER.note says so.
#
# Each gets what is cheapest for it: plain passwords in the databases, MD5 in the file.
set -eu

verb=$1 server=$2
secret='correct horse battery staple'
# shellcheck disable=SC2016 # these are no variables
md5='$1$bench$YH8cAkvr9prlnZ4VHQE7M.'
# shellcheck disable=SC2016
yescrypt='$y$j9T$abcdefghijklmnop$PVOHjxO.A4LmtReq6NnH/KSkMoVk.KXqLgud8GhZ917'

there() {
  find /usr/lib /usr/lib64 -path "*/security/$1" 2>/dev/null | grep -q .
}

# An ordinary user's server needs no --user; root's own files want it.
mariadb_options() {
  echo --no-defaults --datadir="$server/data" --user="$(id -un)"
}

query() {
  mariadb --no-defaults --socket="$server/socket" --user="$(id -un)" "$@"
}

start() {
  there pam_mysql.so && command -v mariadbd >/dev/null || return 0
  mkdir -p "$server/data" "$server/tmp"
  # shellcheck disable=SC2046 # a list of words
  mariadb-install-db $(mariadb_options) --skip-test-db --skip-name-resolve \
    --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" \
    >"$server/log" 2>&1
  # shellcheck disable=SC2046
  mariadbd $(mariadb_options) --skip-networking --socket="$server/socket" \
    --tmpdir="$server/tmp" --innodb-buffer-pool-size=512M --innodb-flush-log-at-trx-commit=0 \
    --skip-log-bin --local-infile=1 >>"$server/log" 2>&1 &
  echo $! >"$server/pid"
  for ((i = 0; i < 300; i++)); do
    query -e 'CREATE DATABASE bench' 2>/dev/null && break
    sleep 0.1
  done
  query -e "CREATE USER bench@localhost IDENTIFIED BY 'bench';
    GRANT SELECT ON bench.* TO bench@localhost"
}

stop() {
  [ -e "$server/pid" ] || return 0
  kill "$(cat "$server/pid")" || return 0
  tail --pid="$(cat "$server/pid")" -f /dev/null
}

# users FORMAT: a line for each user, where %s is the name and %d a number.
users() {
  awk -v users="$users" -v format="$1\n" 'BEGIN {
    for (i = 0; i < users; i++)
      printf format, i == int(users / 2) ? "alice" : "user" i, i + 100000
  }'
}

# stack SERVICE AUTH [ACCOUNT]
stack() {
  printf 'auth required %s\naccount required %s\n' "$2" "${3:-$2}" >"$folder/$1"
}

# The modules of libpam are there, but who may put other users under a host is root.
fill_unix() {
  unshare --mount true 2>/dev/null || {
    echo 'needs root'
    return
  }
  {
    cat /etc/passwd
    users '%s:x:%d:100::/:/bin/false'
  } >"$folder/unix.passwd"
  {
    cat /etc/shadow
    users "%s:$yescrypt:19000:0:99999:7:::"
  } >"$folder/unix.shadow"
  chmod 600 "$folder/unix.shadow"
  stack unix pam_unix.so
}

fill_pwdfile() {
  there pam_pwdfile.so || {
    echo 'not installed'
    return
  }
  users "%s:$md5" >"$folder/passwords"
  stack pwdfile "pam_pwdfile.so pwdfile=$folder/passwords" pam_permit.so
}

fill_userdb() {
  local load
  load=$(command -v db5.3_load || command -v db_load || :)
  if [ -z "$load" ] || ! there pam_userdb.so; then
    echo 'not installed'
    return
  fi
  users "%s\n$secret" | "$load" -T -t hash -c h_nelem="$users" "$folder/users.db"
  stack userdb "pam_userdb.so db=$folder/users crypt=none"
}

fill_mysql() {
  local options
  [ -e "$server/pid" ] || {
    echo 'not installed'
    return
  }
  users "%s\t$secret" >"$folder/users.tsv"
  query --local-infile=1 bench -e "
    CREATE OR REPLACE TABLE users (name VARCHAR(64) PRIMARY KEY, password VARCHAR(64));
    LOAD DATA LOCAL INFILE '$folder/users.tsv' INTO TABLE users"
  rm "$folder/users.tsv"
  options="host=$server/socket user=bench passwd=bench db=bench table=users"
  stack mysql "pam_mysql.so $options usercolumn=name passwdcolumn=password crypt=plain"
}

case $verb in
start | stop) $verb ;;
fill)
  folder=$3 users=$4
  for peer in unix pwdfile userdb mysql; do
    note=$(fill_$peer) || note='could not be set up'
    [ -z "$note" ] || echo "$note" >"$folder/$peer.note"
  done
  ;;
esac
