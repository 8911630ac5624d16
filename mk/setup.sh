#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/setup.sh build|deb|check|ci|bench
#
# See to it that the packages a goal needs are there (mk/packages): root on a system with
# apt gets them installed, everybody else is told what is missing. Silent when all is well.
set -eu

stages="build deb check ci bench"
here=$(dirname "$0")
PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH

is_there() {
  case $1 in
  '<'*) echo "#include $1" | cc -E - >/dev/null 2>&1 ;;
  lib:*) pkg-config --exists "${1#lib:}" 2>/dev/null ;;
  pam:*) find /usr/lib /usr/lib64 -path "*/security/${1#pam:}" 2>/dev/null | grep -q . ;;
  /*) [ -e "$1" ] ;;
  *) command -v "$1" >/dev/null ;;
  esac
}

# missing STAGE: its packages, and those of the stages before it, that are not there.
missing() {
  wanted=${stages%%"$1"*}$1
  [ "$1" != bench ] || wanted="build bench"
  grep -v '^#' "$here/packages" | while read -r stage package probe; do
    case " $wanted " in
    *" $stage "*) is_there "$probe" || echo "$package" ;;
    esac
  done | tr '\n' ' '
}

# A package with a daemon must not leave it running, now or after the next start:
# the tests want the program alone.
install_quietly() {
  guard=/usr/sbin/policy-rc.d
  if [ ! -e $guard ]; then
    trap 'rm -f $guard' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' > $guard
    chmod 755 $guard
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q -y -o Acquire::Retries=3 update || return
  # shellcheck disable=SC2086 # a list of words
  apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    install --no-install-recommends $1 || return
  for daemon in apache2:apache2 dovecot-core:dovecot fail2ban:fail2ban mariadb-server:mariadb \
    nginx:nginx openssh-server:ssh postfix:postfix postgresql:postgresql sasl2-bin:saslauthd \
    vsftpd:vsftpd; do
    case " $1 " in
    *" ${daemon%:*} "*) update-rc.d "${daemon#*:}" disable || return ;;
    esac
  done
}

case " $stages " in
*" ${1:-none} "*) ;;
*)
  echo "usage: $0 build|deb|check|ci|bench" >&2
  exit 2
  ;;
esac

need=$(missing "$1")
[ -n "$need" ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "setup: missing here, by the names that Debian gives them: $need" >&2
  echo "setup: install them with this system's package manager, then run make again" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "setup: packages are missing; this installs them:" >&2
  echo "  sudo apt-get install --no-install-recommends $need" >&2
  exit 1
fi

echo "setup: installing $need"
log=$(mktemp)
if ! install_quietly "$need" </dev/null >"$log" 2>&1; then
  tail -n 30 "$log" >&2
  echo "setup: apt-get could not install them; the whole log is in $log" >&2
  exit 1
fi
rm -f "$log"
need=$(missing "$1")
[ -z "$need" ] || {
  echo "setup: installed, but still not to be found: $need" >&2
  exit 1
}
