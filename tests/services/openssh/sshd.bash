# SPDX-License-Identifier: BSD-2-Clause
# For tests with sshd: one of their own, in the mounts of unix.bash, set up by the lines of
# docs/services/openssh.md, and ssh, by both methods that ask for a password.
# shellcheck shell=bash
# shellcheck disable=SC2154 # folder is the test's

# serve_sshd: start it, with hosts' and alice's ssh keys, and wait until it listens.
serve_sshd() {
  local sshd=(/usr/sbin/sshd -D -f "$folder/sshd_config")
  ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
  ssh-keygen -q -t ed25519 -N '' -f "$folder/alice"
  cp "$folder/alice.pub" "$folder/authorized_keys"
  port=$(free_port)
  export port
  {
    recipe openssh.md /etc/ssh/sshd_config.d/authkey.conf
    cat <<END
Port $port
ListenAddress 127.0.0.1
HostKey $folder/host
PidFile $folder/pid
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
Subsystem sftp /usr/lib/openssh/sftp-server
END
  } >"$folder/sshd_config"
  echo "[127.0.0.1]:$port $(cat "$folder/host.pub")" >"$folder/known_hosts"
  # sshd's folder without privilege is the package's.
  serve "$BATS_TEST_DIRNAME/../etc.sh" "$folder" \
    sh -c 'mkdir /run/sshd && exec "$@"' sh "${sshd[@]}"
}

# with_options METHOD PROGRAM...: ssh or one of its kind, by this method and no other.
with_options() {
  "$2" -F none -o Port="$port" -o PreferredAuthentications="$1" -o LogLevel=ERROR \
    -o NumberOfPasswordPrompts=1 -o ConnectTimeout=30 -o IdentitiesOnly=yes \
    -o UserKnownHostsFile="$folder/known_hosts" -o StrictHostKeyChecking=yes \
    -i "$folder/alice" "${@:3}"
}

# client METHOD USER COMMAND...: ssh, by this method.
client() {
  with_options "$1" ssh -n -l "$2" 127.0.0.1 "${@:3}"
}
export -f with_options client

# by METHOD USER TOKEN [COMMAND]: what the command says to this user. The token goes
# through a file.
by() {
  printf '%s\n' "$3" >"$BATS_TEST_TMPDIR/token"
  sshpass -f "$BATS_TEST_TMPDIR/token" \
    bash -c 'client "$@"' client "$1" "$2" "${4:-id -un}" 2>"$BATS_TEST_TMPDIR/err"
}

# opens USER TOKEN, refused USER TOKEN: by both methods.
opens() {
  local method
  for method in password keyboard-interactive; do
    [ "$(by $method "$1" "$2")" = "$1" ] || return 1
  done
}

refused() {
  local method
  for method in password keyboard-interactive; do
    ! by $method "$1" "$2" || return 1
    grep -q 'Permission denied' "$BATS_TEST_TMPDIR/err" || return 1
  done
}
