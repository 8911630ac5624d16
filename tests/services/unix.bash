# SPDX-License-Identifier: BSD-2-Clause
# For the tests of services that let Unix users in: an /etc with users of its own in
# $folder, and a process in whose mounts it is the machine's.
# shellcheck shell=bash

# can_serve_unix THING...: whether a service can be shown here that becomes a Unix user.
can_serve_unix() {
  can_serve /etc/pam.d/common-account "$@" # Debian's stacks
}

# An /etc of its own, as a whole: a file mounted over the machine's own passwd is gone as
# soon as somebody adds a user there. Debian's pam_unix.so waits 2 s after a wrong password.
make_etc() {
  local name
  mkdir "$folder/etc"
  ln -s etc/pam.d "$folder/pam.d" # where serve.sh looks for it
  for name in passwd group shadow gshadow nsswitch.conf hosts login.defs security \
    environment ld.so.cache ld.so.conf ld.so.conf.d pam.d "$@"; do
    [ ! -e "/etc/$name" ] || cp -a "/etc/$name" "$folder/etc/"
  done
  sed -i 's/pam_unix\.so/& nodelay/' "$folder/etc/pam.d/common-auth"
}

# unix_user NAME UID [PASSWORD [AGEING]]: a user, without a password unless one is given.
# AGEING is the end of a line of shadow(5), from the day of the last change on.
unix_user() {
  local hash='*'
  [ -z "${3:-}" ] || hash=$(perl -e 'print crypt($ARGV[0], q($6$battery$))' "$3")
  echo "$1:x:$2:65534::/:/bin/sh" >>"$folder/etc/passwd"
  echo "$1:$hash:${4:-19000:0:99999:7:::}" >>"$folder/etc/shadow"
}

# inside COMMAND...: run it in the mounts of the server.
inside() {
  nsenter --mount --target "$(cat "$folder/server.pid")" --wd=/ "$@"
}

# as USER COMMAND...: and as this user.
as() {
  inside setpriv --reuid="$1" --regid=65534 --init-groups \
    env -i HOME=/ PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LC_ALL=C.UTF-8 "${@:2}"
}
