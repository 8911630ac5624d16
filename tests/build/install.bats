#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause

load helper

setup() {
  root=$BATS_TEST_TMPDIR/root
}

into() {
  make -s -C "$AK_TOP" B="$AK_BUILD" SAN="$AK_SAN" DESTDIR="$root" "$@"
}

@test "install puts the modules where libpam looks, the tool, units, completions and man pages" {
  into install PREFIX=/opt/ak
  module=$(cd "$root" && find . -name pam_authkey.so)
  [ -e "${module%/*}/pam_permit.so" ] || [ -e "/${module%/*}/pam_permit.so" ]
  [ "$(stat -c %a "$root/$module")" = 644 ]
  [ "$(stat -c %a "$root/${module%/*}/pam_authkey_passwd.so")" = 644 ]
  [ "$(stat -c %a "$root/opt/ak/sbin/authkey")" = 755 ]
  [ -f "$root/opt/ak/share/man/man8/authkey.8" ]
  [ -f "$root/opt/ak/share/man/man8/pam_authkey.8" ]
  [ -f "$root/opt/ak/share/man/man8/pam_authkey_passwd.8" ]
  [ -f "$root/opt/ak/share/man/man5/authkey-store.5" ]
  [ -f "$root/opt/ak/lib/systemd/system/authkey-fold.timer" ]
  [ -f "$root/opt/ak/share/bash-completion/completions/authkey" ]
  [ -f "$root/opt/ak/share/zsh/site-functions/_authkey" ]
  [ -f "$root/opt/ak/share/fish/vendor_completions.d/authkey.fish" ]
  [ "$(find "$root" -type f | wc -l)" -eq 12 ]
}

@test "the installed unit runs the tool where it was installed, and systemd takes it" {
  into install PREFIX=/opt/ak
  units=$root/opt/ak/lib/systemd/system
  grep -qx 'ExecStart=/opt/ak/sbin/authkey -q fold' "$units/authkey-fold.service"
  needs systemd-analyze
  # It looks for the program: the one that was built stands in for it.
  sed -i "s|/opt/ak/sbin/authkey|$AK_TOOL|" "$units/authkey-fold.service"
  run systemd-analyze verify --man=no --recursive-errors=no "$units/authkey-fold.service" \
    "$units/authkey-fold.timer"
  [ "$status" -eq 0 ]
  [[ $output != *authkey-fold* ]]
}

@test "the unit shuts out what folding does not need" {
  into install PREFIX=/opt/ak
  diff - <(sed -n '/^\[Service\]$/,$ { /^[^#]/p }' \
    "$root/opt/ak/lib/systemd/system/authkey-fold.service") <<'END'
[Service]
Type=oneshot
ExecStart=/opt/ak/sbin/authkey -q fold
Nice=10
IOSchedulingClass=best-effort
IOSchedulingPriority=7
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER
UMask=0077
ReadWritePaths=/var/lib/authkey
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
END
}

@test "every folder of install can be chosen" {
  into install pamdir=/a sbindir=/b mandir=/c unitdir=/d bashcompdir=/e zshcompdir=/f \
    fishcompdir=/g
  [ "$(cd "$root" && find . -type f | sort | tr '\n' ' ')" = "./a/pam_authkey.so \
./a/pam_authkey_passwd.so ./b/authkey \
./c/man5/authkey-store.5 ./c/man8/authkey.8 ./c/man8/pam_authkey.8 ./c/man8/pam_authkey_passwd.8 ./d/authkey-fold.service \
./d/authkey-fold.timer ./e/authkey ./f/_authkey ./g/authkey.fish " ]
}

@test "in /usr completions lie where the packages of Debian have theirs" {
  into install PREFIX=/usr
  [ -f "$root/usr/share/bash-completion/completions/authkey" ]
  [ -f "$root/usr/share/zsh/vendor-completions/_authkey" ]
  [ -f "$root/usr/share/fish/vendor_completions.d/authkey.fish" ]
}

@test "the tool is never installed setuid or setgid (SECURITY R45)" {
  into install
  [ -z "$(find "$root" -perm /6000 -type f)" ]
}

@test "uninstall takes away every file that install has put there, and no other" {
  into install
  mkdir -p "$root/var/lib/authkey"
  echo keys >"$root/var/lib/authkey/keys.db"
  into uninstall
  [ "$(cd "$root" && find . -type f)" = ./var/lib/authkey/keys.db ]
}

@test "a set umask does not close the installed files" {
  (umask 077 && into install)
  [ -z "$(find "$root" -type d ! -perm -755 -path '*/usr*')" ]
  [ -z "$(find "$root" -type f ! -perm -444)" ]
  [ -n "$(find "$root" -type f -name authkey -perm -555)" ]
}
