#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages, installed on a copy of this system that lies in memory, in mounts
# that nobody else sees and that end with this test.

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"

# Of DESIGN.md and authkey-store(5): a token, and its digest.
TOKEN=ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX
DIGEST=84c5196cf4395f8aa529f56e08126c42a343df4408d272855f0a8e049b6394f0

# Why this cannot be shown here; nothing when it can.
why_not() {
  missing no-sanitizer root dpkg-buildpackage dh | grep . && return
  if ! unshare --mount sh -c 'mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r &&
    mount -t overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w overlay /mnt/r &&
    chroot /mnt/r dpkg --version' >/dev/null 2>&1; then
    echo 'needs mounts of its own, and overlayfs'
  fi
}

setup_file() {
  export WHY_NOT
  WHY_NOT=$(why_not)
  [ -z "$WHY_NOT" ] || return 0
  export DEBS=$BATS_FILE_TMPDIR/debs
  mkdir "$DEBS"
  env -u MAKEFLAGS -u MAKELEVEL make -s -C "$AK_TOP" B="$AK_BUILD" deb >"$DEBS/list" \
    2>"$BATS_FILE_TMPDIR/said" || { cat "$BATS_FILE_TMPDIR/said" >&2; return 1; }
  # shellcheck disable=SC2046 # paths of ours
  cp $(cat "$DEBS/list") "$DEBS"
  VERSION=$(dpkg-deb -f "$DEBS"/authkey_*.deb Version)
  export VERSION
  of_version 0.0.1~older
  of_version 99~newer

  # The mounts live as long as this file's tests: until nobody writes to the fifo.
  mkfifo "$BATS_FILE_TMPDIR/fifo"
  # shellcheck disable=SC2016
  unshare --mount --propagation private sh -c 'mkdir "$1/memory" &&
    mount -t tmpfs -o mode=755 tmpfs "$1/memory" && cat >"$1/ready"' - "$BATS_FILE_TMPDIR" \
    <"$BATS_FILE_TMPDIR/fifo" >"$BATS_FILE_TMPDIR/out" 2>&1 3>&- &
  export HOLDER=$!
  exec 9>"$BATS_FILE_TMPDIR/fifo"
  until [ -e "$BATS_FILE_TMPDIR/ready" ]; do
    kill -0 $HOLDER || { cat "$BATS_FILE_TMPDIR/out" >&2; return 1; }
    sleep 0.02
  done

  # Two states to start from: of a system that has never seen us, and after installation.
  # Its /etc is a copy: somebody may be changing users of this system meanwhile.
  export MEMORY=$BATS_FILE_TMPDIR/memory
  root "$MEMORY/bare" /
  inside sh -c 'cp -a /etc /etc.own && rm -rf /etc && mv /etc.own /etc &&
    rm -f /etc/.pwd.lock /etc/passwd.lock /etc/shadow.lock /etc/group.lock /etc/gshadow.lock'
  inside sh -c 'dpkg --purge authkey libpam-authkey; rm -rf /var/lib/authkey
    ! getent group authkey || groupdel authkey' >/dev/null 2>&1
  root "$MEMORY/installed" "$MEMORY/bare" /
  inside sh -c 'sha256sum /etc/pam.d/* >/root/stacks'
  install_packages >"$BATS_FILE_TMPDIR/install" 2>&1
}

teardown_file() {
  [ -z "$WHY_NOT" ] || return 0
  exec 9>&-
  tail --pid="$HOLDER" -f /dev/null
}

setup() {
  [ -z "$WHY_NOT" ] || skip "$WHY_NOT"
  root "$MEMORY/test" "$MEMORY/installed" "$MEMORY/bare" /
}

# of_version VERSION: the packages under another version, as VERSION_NAME.deb.
of_version() {
  local name tree=$BATS_FILE_TMPDIR/tree
  for name in authkey libpam-authkey; do
    dpkg-deb -R "$DEBS/${name}"_*.deb "$tree"
    sed -i "s/^Version: .*/Version: $1/; s/= $VERSION)/= $1)/; s/<< $VERSION)/<< $1)/" \
      "$tree/DEBIAN/control"
    dpkg-deb -Zgzip -z1 -b "$tree" "$DEBS/${1#*~}_$name.deb" >/dev/null
    rm -r "$tree"
  done
}

# root UPPER LOWER...: the system for `inside`, begun anew.
root() {
  nsenter --mount="/proc/$HOLDER/ns/mnt" "$BATS_TEST_DIRNAME/root.sh" "$BATS_FILE_TMPDIR" \
    "$@" -- "$DEBS"/*.deb "$AK_BUILD/tests/logins" 9>&-
}

# inside COMMAND...: there, as root, with nothing of this environment.
inside() {
  nsenter --mount="/proc/$HOLDER/ns/mnt" chroot "$BATS_FILE_TMPDIR/root" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@" 9>&-
}

# install_packages [older]: both at once; apt, too, lets dpkg deconfigure what waits.
install_packages() {
  inside sh -c "dpkg --auto-deconfigure -i /usr/local/bin/${1:-*_$VERSION}_*"
}

authkey() {
  inside authkey "$@"
}

# What the stack for keys alone, /etc/pam.d/api, is.
use_keys() {
  inside sh -c 'printf "auth required pam_authkey.so\naccount required pam_authkey.so\n" \
    >/etc/pam.d/api'
}

# login SERVICE TOKEN: what pam_authenticate and pam_acct_mgmt answer to alice.
login() {
  inside /usr/local/bin/logins /etc/pam.d <<<"$1 alice - $2"
}

new_key() {
  token=$(authkey create "$1" --owner alice -q)
}

state_of() {
  inside dpkg-query -W -f '${db:Status-Status}' "$1"
}

@test "lintian has no error and no warning, and no override to thank for it" {
  needs lintian
  run lintian --fail-on error,warning "$DEBS"/{authkey,libpam-authkey}_*.deb
  [ "$status" -eq 0 ] || { echo "$output"; return 1; }
  [ -z "$(find "$AK_TOP/debian" -name '*overrides*')" ]
}

@test "the packages are built beside the tree, of the version of the tool" {
  [ "$(wc -l <"$DEBS/list")" -eq 2 ]
  [ ! -e "$AK_TOP/debian/files" ]
  grep -q '^deb: building .*/deb/log$' "$BATS_FILE_TMPDIR/said"
  [ "$(authkey --version)" = "authkey $VERSION" ]
}

@test "to build the packages takes what set-up installs, and no other" {
  # dpkg-checkbuilddeps reads it; make, gcc and libc6-dev are always there for a build.
  sed -n '/^Build-Depends:/,/^[^ ]*:/s/^ \([a-z0-9-]*\).*/\1/p' "$AK_TOP/debian/control" |
    grep -v -e debhelper-compat -e libcmocka | sort >"$BATS_TEST_TMPDIR/debian"
  awk '$1 == "build" { print $2 }' "$AK_TOP/mk/packages" |
    grep -vx -e gcc -e libc6-dev -e make | sort | diff - "$BATS_TEST_TMPDIR/debian"
}

@test "installing makes the group and an empty installation with the modes of authkey-store(5)" {
  expected='/var/lib/authkey root:root 755
/var/lib/authkey/keys.db root:authkey 640
/var/lib/authkey/master root:root 700
/var/lib/authkey/master/lock root:root 600
/var/lib/authkey/master/master.db root:root 600
/var/lib/authkey/usage.d root:root 755
/var/lib/authkey/usage.d/0 root:root 600'
  [ "$(inside sh -c 'find /var/lib/authkey | sort | xargs stat -c "%n %U:%G %a"')" = "$expected" ]
  run authkey doctor
  [ "$status" -eq 0 ]
  [[ $output == 'Nothing found.' ]]
  [ -z "$(authkey list --json | jq '.[]')" ]
}

@test "installing changes no PAM stack by a byte, and starts nothing that stays" {
  inside sha256sum --quiet -c /root/stacks
  for process in /proc/[0-9]*; do
    [ "${process#/proc/}" = "$HOLDER" ] ||
      [ "$(readlink "$process/ns/mnt")" != "$(readlink "/proc/$HOLDER/ns/mnt")" ] ||
      [ "$(cut -d ' ' -f 4 "$process/stat")" = "$HOLDER" ]
  done
  inside test -L /etc/systemd/system/timers.target.wants/authkey-fold.timer
}

@test "every installed file is root's, writable by root alone, and nothing is set-user-ID" {
  inside sh -c 'dpkg -L authkey libpam-authkey | grep -v "^/\.$" | sort -u |
    xargs stat -L -c "%U:%G %a %n"' >"$BATS_TEST_TMPDIR/files"
  run ! grep -vE '^root:root (755|644) ' "$BATS_TEST_TMPDIR/files"
  for file in /usr/sbin/authkey '/lib.*/security/pam_authkey.so' \
    '/lib.*/security/pam_authkey_passwd.so' /usr/share/pam-configs/authkey \
    /etc/fail2ban/filter.d/pam-authkey.conf /etc/cron.d/authkey \
    /etc/apparmor.d/abstractions/pam-authkey /etc/logcheck/ignore.d.server/libpam-authkey \
    /usr/lib/sysusers.d/authkey.conf /usr/lib/tmpfiles.d/authkey.conf \
    '/lib/systemd/system/authkey-fold.timer' /usr/share/bash-completion/completions/authkey \
    /usr/share/zsh/vendor-completions/_authkey /usr/share/fish/vendor_completions.d/authkey.fish \
    /usr/share/man/man8/authkey.8.gz /usr/share/man/man5/authkey-store.5.gz \
    /usr/share/man/man8/pam_authkey.8.gz /usr/share/man/man8/pam_authkey_passwd.8.gz \
    /usr/share/doc/authkey/README.md /usr/share/doc/authkey/docs/services/nginx.md; do
    grep -qE "^.* $file$" "$BATS_TEST_TMPDIR/files" || { echo "no $file"; return 1; }
  done
}

@test "every link of the installed pages leads to a file that is installed" {
  pages=$BATS_TEST_TMPDIR/pages
  mkdir "$pages"
  inside tar -C /usr/share/doc/authkey -cf - . | tar -C "$pages" -xf -
  while IFS=: read -r page link; do
    [ -e "$(dirname "$page")/${link%%#*}" ] || { echo "$page: $link"; return 1; }
  done < <(grep -ro --include='*.md' ']([^)#:]*[#)]' "$pages" | sed 's/](//; s/[#)]$//')
  [ -e "$pages/docs/services/nginx.md" ]
}

# What the source is unpacked as there.
with_source() {
  tar -C "$AK_TOP" --exclude ./build --exclude ./.git -cf - . | inside tar -C /root -xf -
}

@test "make install and uninstall leave the modules of the package alone, and say a way out" {
  with_source
  for goal in install uninstall; do
    run inside make -s -C /root $goal
    [ "$status" -ne 0 ]
    [[ $output == *'belongs to the Debian package libpam-authkey'*pamdir=/usr/local/lib/security* ]]
  done
  inside sh -c 'mkdir /usr/local/sbin && touch /usr/local/sbin/authkey'
  inside make -s -C /root uninstall DESTDIR=/nowhere
  inside make -s -C /root uninstall pamdir=/usr/local/lib/security
  run ! inside test -e /usr/local/sbin/authkey
  inside dpkg --verify libpam-authkey authkey
  inside test -L /etc/systemd/system/timers.target.wants/authkey-fold.timer
  use_keys
  new_key laptop
  [ "$(login api "$token")" = '0 0' ]
}

@test "make uninstall leaves no timer that has been switched on" {
  inside sh -c 'command -v systemctl' >/dev/null || skip 'there is no systemctl here'
  with_source
  inside dpkg --purge authkey libpam-authkey
  inside sh -c 'install -D -m 644 -t /usr/local/lib/systemd/system /root/packaging/systemd/*
    wants=/etc/systemd/system/timers.target.wants
    ln -s /usr/local/lib/systemd/system/authkey-fold.timer $wants
    make -s -C /root uninstall && ! test -L $wants/authkey-fold.timer'
}

@test "a key opens a service through the installed module, and not once it is disabled" {
  use_keys
  new_key laptop
  [ "$(login api "$token")" = '0 0' ]
  authkey -q disable laptop
  [ "$(login api "$token")" = '7 -' ]
}

@test "installing again keeps the keys and overwrites nothing" {
  use_keys
  new_key laptop
  inside sh -c 'echo "# ours" >>/etc/fail2ban/filter.d/pam-authkey.conf'
  before=$(inside stat -c %i.%y /var/lib/authkey/keys.db)
  install_packages
  [ "$(login api "$token")" = '0 0' ]
  # Not published anew: that would let the floor under the clock sink, R28.
  [ "$(inside stat -c %i.%y /var/lib/authkey/keys.db)" = "$before" ]
  inside grep -q '^# ours' /etc/fail2ban/filter.d/pam-authkey.conf
}

@test "an upgrade migrates an older schema after a backup, and its keys open" {
  use_keys
  install_packages older >/dev/null
  [ "$(inside dpkg-query -W -f '${Version}' authkey)" = 0.0.1~older ]
  older=$BATS_TEST_TMPDIR/master.db
  cat "$AK_TOP"/schema/migrations/00[123]_*.sql - <<END | sqlite3 "$older"
    INSERT INTO installation (one, prefix, unix_group) VALUES (1, 'ak', 'authkey');
    INSERT INTO key (id, prefix, name, owner, scheme, digest, state, created_at, created_by)
      VALUES ('${TOKEN:3:8}', 'ak', 'old', 'alice', 1, x'$DIGEST', 1, 1700000000, 'root');
    PRAGMA application_id = $((0x414b4d31));
    PRAGMA user_version = 3;
END
  inside sh -c 'cat >/var/lib/authkey/master/master.db; rm /var/lib/authkey/keys.db' <"$older"
  [ "$(login api "$TOKEN")" = '9 -' ]
  install_packages
  [ "$(login api "$TOKEN")" = '0 0' ]
  [ "$(authkey show old --field owner)" = alice ]
  inside sh -c 'test -s /var/lib/authkey/master/master-schema-*'
}

@test "an upgrade publishes anew what an older tool has published" {
  use_keys
  new_key laptop
  # The version of the store is the last byte of a number in the head of the file.
  inside sh -c 'printf "\0" | dd of=/var/lib/authkey/keys.db bs=1 seek=63 conv=notrunc status=none'
  [ "$(login api "$token")" = '9 -' ]
  install_packages
  [ "$(login api "$token")" = '0 0' ]
}

@test "an upgrade that cannot read the master says so, harms no login, and can be resumed" {
  use_keys
  new_key laptop
  install_packages older >/dev/null
  inside sh -c 'cp -p /var/lib/authkey/master/master.db /root && cd /var/lib/authkey/master &&
    echo rubbish >master.db'
  run install_packages
  [ "$status" -ne 0 ]
  [[ $output == *'authkey: init: /var/lib/authkey/master/master.db: '*'dpkg --configure authkey'* ]]
  [ "$(state_of authkey)" = half-configured ]
  [ "$(state_of libpam-authkey)" = installed ]
  [ "$(login api "$token")" = '0 0' ]
  inside cp -p /root/master.db /var/lib/authkey/master
  inside dpkg --configure authkey
  [ "$(state_of authkey)" = installed ]
}

@test "the way back: the older package waits, unconfigured, until the older keys are restored" {
  use_keys
  new_key laptop
  # What this version has made stands for the copy that a newer one has left.
  authkey -q backup /root/master-schema-1.db
  inside sqlite3 /var/lib/authkey/master/master.db 'PRAGMA user_version = 9999'
  run install_packages older
  [ "$status" -ne 0 ]
  [[ $output == *'was made by a newer authkey'*'dpkg --configure authkey'* ]]
  [ "$(state_of authkey)" = half-configured ]
  [ "$(login api "$token")" = '0 0' ]
  authkey -q -y restore /root/master-schema-1.db
  [ "$(state_of authkey)" = half-configured ]
  inside dpkg --configure authkey
  [ "$(state_of authkey)" = installed ]
  [ "$(login api "$token")" = '0 0' ]
}

@test "the tool does not publish before the module of its version is there" {
  before=$(inside stat -c %i.%y /var/lib/authkey/keys.db)
  run inside dpkg -i /usr/local/bin/newer_authkey.deb
  [ "$status" -ne 0 ]
  [[ $output == *'depends on libpam-authkey (= 99~newer)'* ]]
  [ "$(inside stat -c %i.%y /var/lib/authkey/keys.db)" = "$before" ]
}

@test "between unpacking and configuring neither timer nor cron runs the new tool" {
  use_keys
  new_key laptop
  [ "$(login api "$token")" = '0 0' ]
  inside sh -c 'printf "#!/bin/sh\necho \"\$@\" >>/root/invoked\n" >/usr/bin/deb-systemd-invoke
    printf "#!/bin/sh\n" >/usr/bin/systemctl
    mkdir -p /run/systemd/system'
  inside dpkg --unpack /usr/local/bin/newer_authkey.deb
  [ "$(inside cat /root/invoked)" = 'stop authkey-fold.service authkey-fold.timer' ]
  inside rmdir /run/systemd/system
  line=$(inside sed -n 's/^\*.*  root  //p' /etc/cron.d/authkey)
  [ -z "$(inside sh -c "$line")" ]
  inside test ! -e /var/lib/authkey/master/usage.db
  inside mkdir /run/systemd/system
  inside sh -c 'dpkg -i /usr/local/bin/newer_*.deb'
  [ "$(inside tail -n 1 /root/invoked)" = 'start authkey-fold.service authkey-fold.timer' ]
  inside rmdir /run/systemd/system
  [ -z "$(inside sh -c "$line")" ]
  inside test -s /var/lib/authkey/master/usage.db
}

@test "the module does not get ahead of the tool" {
  run inside dpkg -i /usr/local/bin/newer_libpam-authkey.deb
  [ "$status" -ne 0 ]
  [[ $output == *'would break authkey'* ]]
  [ "$(inside dpkg-query -W -f '${Version}' libpam-authkey)" = "$VERSION" ]
}

@test "removing keeps keys, and a stack that requires one lets nobody in" {
  use_keys
  new_key laptop
  inside dpkg --remove authkey
  [ "$(login api "$token")" = '0 0' ]
  run inside dpkg --remove libpam-authkey
  [ "$status" -eq 0 ]
  [[ $output == *'name a module that is gone'*/etc/pam.d/api*'until then keys still open'* ]]
  [ "$(login api "$token")" != '0 0' ]
  install_packages
  [ "$(login api "$token")" = '0 0' ]
}

@test "a purge says what stays and how to delete it, and asks nothing" {
  new_key laptop
  before=$(inside sh -c 'cd /var/lib/authkey && find . -type f | sort | xargs sha256sum')
  run inside dpkg --purge authkey libpam-authkey
  [ "$status" -eq 0 ]
  [[ $output == *'/var/lib/authkey'*'rm -r /var/lib/authkey && groupdel authkey'* ]]
  [ "$(inside sh -c 'cd /var/lib/authkey && find . -type f | sort | xargs sha256sum')" = "$before" ]
  inside sha256sum --quiet -c /root/stacks
  [ -z "$(inside sh -c 'find /etc /lib/systemd /usr/sbin /usr/share -name "*authkey*"')" ]
}

# What the profile is tried with: alice has an account and a password.
use_profile() {
  inside sh -c 'useradd alice && echo alice:correct-horse-8 | chpasswd
    printf "@include common-auth\n@include common-account\n" >/etc/pam.d/both
    pam-auth-update --enable authkey'
}

@test "with the profile a key opens, and a password opens as before" {
  use_profile
  new_key laptop
  [ "$(login both "$token")" = '0 0' ]
  [ "$(login both correct-horse-8)" = '0 0' ]
  [ "$(login both wrong-horse-8)" = '7 -' ]
  authkey -q disable laptop
  [ "$(login both "$token")" = '7 -' ]
  inside usermod --expiredate 1 alice
  authkey -q enable laptop
  [[ $(login both "$token") == '0 '[1-9]* ]]
  run authkey doctor
  [[ $output == 'Nothing found.' ]]
}

@test "the profile gone, by choice or with the package, the stacks are byte for byte as before" {
  use_profile
  run ! inside sha256sum --quiet -c /root/stacks
  inside pam-auth-update --disable authkey
  inside sha256sum --quiet -c /root/stacks
  inside pam-auth-update --enable authkey
  run ! inside sha256sum --quiet -c /root/stacks
  inside dpkg --remove authkey libpam-authkey
  inside sha256sum --quiet -c /root/stacks
}

@test "with the profile and without the module, passwords open all the same" {
  use_profile
  inside sh -c 'rm /lib/*/security/pam_authkey.so'
  [ "$(login both correct-horse-8)" = '0 0' ]
}

@test "without systemd the group and the installation are made, too" {
  root "$MEMORY/test" "$MEMORY/bare" /
  inside sh -c 'rm -f /usr/bin/systemd-* /usr/bin/systemctl /usr/bin/deb-systemd-*'
  install_packages
  use_keys
  new_key laptop
  [ "$(login api "$token")" = '0 0' ]
  inside getent group authkey
  inside dpkg --purge authkey libpam-authkey
}

@test "configuring runs the tool of the package, not what /usr/local has of that name" {
  root "$MEMORY/test" "$MEMORY/bare" /
  inside sh -c 'mkdir /usr/local/sbin && cd /usr/local/sbin &&
    printf "#!/bin/sh\ntouch /root/decoyed\n" >authkey && chmod 755 authkey'
  inside sh -c "PATH=/usr/local/sbin:\$PATH dpkg --auto-deconfigure -i /usr/local/bin/*_${VERSION}_*"
  run ! inside test -e /root/decoyed
  inside test -s /var/lib/authkey/keys.db
}

@test "the group is there before the tool is asked for anything, with systemd and without" {
  inside sh -c 'printf "#!/bin/sh\ngetent group authkey\n" >/usr/sbin/authkey
    groupdel authkey && /var/lib/dpkg/info/authkey.postinst configure'
  inside sh -c 'rm -f /usr/bin/systemd-*
    groupdel authkey && /var/lib/dpkg/info/authkey.postinst configure'
}

@test "the profile stays while the module is there for another architecture" {
  use_profile
  new_key laptop
  inside sh -c 'DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=2 /var/lib/dpkg/info/libpam-authkey*.prerm remove'
  [ "$(login both "$token")" = '0 0' ]
  inside sh -c 'DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 /var/lib/dpkg/info/libpam-authkey*.prerm remove'
  inside sha256sum --quiet -c /root/stacks
}

@test "cron counts uses where systemd does not run, and only there" {
  use_keys
  new_key laptop
  [ "$(login api "$token")" = '0 0' ]
  line=$(inside sed -n 's/^\*.*  root  //p' /etc/cron.d/authkey)
  [ -n "$line" ]
  inside mkdir -p /run/systemd/system
  inside sh -c "$line"
  [ ! "$(inside sh -c 'ls /var/lib/authkey/master/usage.db')" ]
  inside rmdir /run/systemd/system
  [ -z "$(inside sh -c "$line")" ]
  inside test -s /var/lib/authkey/master/usage.db
}
