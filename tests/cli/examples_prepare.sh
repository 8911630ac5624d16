#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: examples_host.sh HOSTS/HOST kept examples_prepare.sh empty|full
#
# Make the installation that examples work on: empty, or with all that they name. The
# recovery file's passphrase stands in ~/passphrase.
set -eu

# Keys and owners of another host. The key has ended long ago.
older_keys() {
  cat <<'END'
{"type":"export","version":1}
{"type":"owner","owner":"dora","name":"Dora Dean"}
{"type":"key","id":"7QxR2mNd","name":"deploy","owner":"dora","prefix":"ak","scheme":1,"digest":"84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0","status":"revoked","created_at":"2020-01-31T12:00:00Z","created_by":"root","revoked_at":"2020-02-01T12:00:00Z"}
END
}

# What all hosts have: services whose stacks ask for keys, and folders that are named.
empty() {
  for service in nginx sshd; do
    printf '%s required /usr/local/lib/pam_authkey.so\n' auth account >"/etc/pam.d/$service"
  done
  mkdir -p /var/lib/prometheus/node-exporter /var/lib/node_exporter
  mkdir -p /var/lib/hosts/loghost /var/lib/hosts/other-host
  authkey -q --dir /var/lib/hosts/other-host/keys init
  authkey -q init
  authkey -q verifier add www-data
}

full() {
  empty
  echo 'a horse walks into a bar' >passphrase
  authkey -q recovery init /media/stick/recovery.key <passphrase
  cp /media/stick/recovery.key .
  authkey -q create deploy --owner alice --service nginx --expires 20d >token
  authkey -q create backup --owner bob --from 192.0.2.0/24 >/dev/null
  authkey -q create web --owner carol --tag staging >/srv/www/token.txt
  authkey -q owner set alice --email alice@example.org
  older_keys | authkey -q import
  older_keys | sed 's/7QxR2mNd/8QxR2mNd/;s/"deploy"/"build"/' >keys.jsonl
  echo '[{"owner":"alice","name":"deploy"},{"owner":"bob","name":"laptop"}]' >keys.json
  authkey -q backup authkey-2026-06-30.db
  login /etc/pam.d nginx alice 192.0.2.7 <token
  login /etc/pam.d nginx alice 192.0.2.40 <token
  git init -q
  echo 'nothing secret' >page
  git add page
}

"$1"
