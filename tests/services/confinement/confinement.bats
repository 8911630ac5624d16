#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The rules for AppArmor and SELinux: they compile, and those for AppArmor allow what logins
# do, no less and no more. Whether a kernel enforces them is not tried.

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"
load ../../cli/crowd_helper

ABSTRACTION=$AK_TOP/packaging/apparmor/abstractions/pam-authkey

setup() {
  folder=$(mktemp -d)
  export AUTHKEY_DIR=$folder/authkey
}

teardown() {
  rm -rf "$folder"
}

# compiles PROFILE: with Debian's abstractions and ours, into nothing.
compiles() {
  apparmor_parser --skip-kernel-load --skip-cache --skip-read-cache --warn=all --base "$folder/base" \
    "$1" 2>"$folder/err" || { cat "$folder/err"; return 1; }
  run ! grep -i authkey "$folder/err"
}

@test "AppArmor's parser takes the abstraction, alone and in Dovecot's profile" {
  needs apparmor_parser
  cp -r /etc/apparmor.d "$folder/base"
  cp "$ABSTRACTION" "$folder/base/abstractions/"
  # shellcheck disable=SC2016
  printf '%s\n' 'abi <abi/3.0>,' 'include <tunables/global>' 'profile p /usr/sbin/p {' \
    '  include <abstractions/pam-authkey>' '}' >"$folder/p"
  compiles "$folder/p"
  # one that is wrong does not
  sed 's/rwk/rwq/' "$ABSTRACTION" >"$folder/base/abstractions/pam-authkey"
  run ! compiles "$folder/p"
  cp "$ABSTRACTION" "$folder/base/abstractions/"
  local dovecot=/usr/share/apparmor/extra-profiles/usr.lib.dovecot.auth
  [ -e "$dovecot" ] || return 0
  echo '  include <abstractions/pam-authkey>' >"$folder/base/local/usr.lib.dovecot.auth"
  compiles "$dovecot"
}

# lines <FILE: without comments, each with single spaces.
lines() {
  sed -E -e 's/#.*//' -e 's/[[:space:]]+/ /g' -e 's/^ | $//g' | grep .
}

# The trace of a login cannot show what a rule allows beyond it, nor that it is the
# owner's alone.
@test 'the abstraction allows what stands here, and no more' {
  diff - <(lines <"$ABSTRACTION") <<'END'
abi <abi/3.0>,
/{usr/,}lib/@{multiarch}/security/pam_authkey.so mr,
/{usr/,}lib{,32,64}/security/pam_authkey.so mr,
/{usr/,}lib/@{multiarch}/libsodium.so* mr,
/{usr/,}lib{,32,64}/libsodium.so* mr,
/var/lib/authkey/keys.db r,
/var/lib/authkey/keys.delta.* r,
owner /var/lib/authkey/usage.d/@{uid} rwk,
owner /var/lib/authkey/usage.d/@{uid}.new rwk,
include if exists <abstractions/pam-authkey.d>
END
}

# rules: "REGEX PERMISSIONS" of each path below /var/lib/authkey.
rules() {
  sed -nE 's/^ *(owner )?(\/var\/lib\/authkey[^ ]*) +([a-z]+),$/\2 \3/p' "$ABSTRACTION" |
    sed -e 's/\./\\./g' -e 's/@{uid}/[0-9]+/' -e 's/\*/[^\/]*/'
}

# used <TRACE: "PATH PERMISSION", sorted, of what was opened below the installation.
used() {
  sed -nE "s|.*openat\(AT_FDCWD, \"$AUTHKEY_DIR([^\"]*)\", ([A-Z_\|]+).*= ([0-9]+)\$|\1 \2|p" |
    while read -r path flags; do
      case $flags in
        *O_RDWR*O_APPEND*) echo "$path r" "$path a" ;;
        *O_RDWR*) echo "$path r" "$path w" "$path k" ;; # to count, under a lock: R32
        *O_WRONLY*) echo "$path w" ;;
        *) echo "$path r" ;;
      esac
    done | tr ' ' '\n' | paste -d ' ' - - | sed 's|^|/var/lib/authkey|' | sort -u
}

# login TOKEN: traced, its trace added.
login() {
  strace -f -o "$folder/one" -e trace=openat,execve,connect,fcntl,unlink,rename \
    "$AK_BUILD/demo/login" "$folder/pam.d" web alice 192.0.2.7 <<<"$1" >/dev/null 2>&1 || :
  cat "$folder/one" >>"$folder/trace"
}

@test 'what logins open is what the abstraction allows' {
  needs no-sanitizer strace "$AK_BUILD/demo/login"
  local key path permission regex allowed
  "$AK_TOOL" init -q --group "$(id -gn)"
  key=$("$AK_TOOL" create good --owner alice -q </dev/null)
  crowd # for a delta
  mkdir "$folder/pam.d"
  printf "%s required $AK_MODULE store=$AUTHKEY_DIR/keys.db store_owner=$(id -u)\n" auth account \
    >"$folder/pam.d/web"
  echo 'auth required pam_deny.so' >"$folder/pam.d/other"
  login "$key"
  grep -q keys.db "$folder/trace"
  login "${key%???}zzz"
  "$AK_TOOL" disable -q good
  login "$key"
  truncate -s 64M "$AUTHKEY_DIR/usage.d/$(id -u)" # full, so that the drop is counted
  login "$key"
  mv "$AUTHKEY_DIR/usage.d/$(id -u)" "$AUTHKEY_DIR/usage.d/$(id -u).new" # a fold is at it
  login "$key"
  used <"$folder/trace" >"$folder/used"
  grep -q 'usage.d/[0-9]* a' "$folder/used"
  grep -q 'usage.d/[0-9]* k' "$folder/used"
  grep -q 'usage.d/[0-9]*\.new k' "$folder/used"
  while read -r path permission; do
    allowed=
    while read -r regex letters; do
      [[ $path =~ ^$regex$ ]] && [[ $letters == *"$permission"* ||
        $permission$letters == a*w* ]] && allowed=yes
    done < <(rules)
    [ -n "$allowed" ] || { echo "not allowed: $path $permission"; return 1; }
  done <"$folder/used"
  # and each rule is needed
  grep -q 'keys\.delta\.' "$folder/used"
  while read -r regex letters; do
    grep -qE "^$regex " "$folder/used" || { echo "needless: $regex"; return 1; }
  done < <(rules)
  # no program is started, and nothing of the installation is removed or renamed
  [ "$(grep -c 'execve(' "$folder/trace")" = 5 ]
  [ "$(grep -cE '(unlink|rename)\(.*authkey' "$folder/trace")" = 0 ]
}

@test 'the module for SELinux compiles' {
  needs checkmodule
  cp "$AK_TOP"/packaging/selinux/pam_authkey.te "$folder/"
  checkmodule -M -m -o "$folder/pam_authkey.mod" "$folder/pam_authkey.te"
  [ -s "$folder/pam_authkey.mod" ]
  sed -i 's/authkey_store_t:dir/authkey_nothing_t:dir/' "$folder/pam_authkey.te"
  run ! checkmodule -M -m -o "$folder/pam_authkey.mod" "$folder/pam_authkey.te"
}

@test 'the module for SELinux allows verifiers what stands here, and nobody else anything' {
  local policy domain
  policy=$(lines <"$AK_TOP/packaging/selinux/pam_authkey.te")
  diff - <(sed '/^optional {$/,/^}$/d' <<<"$policy") <<'END'
module pam_authkey 1.0;
require {
attribute file_type;
class dir { getattr search };
class file { getattr open read write append lock };
}
type authkey_store_t, file_type;
type authkey_usage_t, file_type;
type authkey_master_t, file_type;
attribute authkey_verifier;
allow authkey_verifier authkey_store_t:dir { getattr search };
allow authkey_verifier authkey_store_t:file { getattr open read };
allow authkey_verifier authkey_usage_t:dir { getattr search };
allow authkey_verifier authkey_usage_t:file { getattr open read write append lock };
END
  # each block makes one domain a verifier
  sed -n 's/^require { type \(.*\); }$/\1/p' <<<"$policy" | while read -r domain; do
    printf '%s\n' 'optional {' "require { type $domain; }" \
      "typeattribute $domain authkey_verifier;" '}'
  done | diff - <(sed -n '/^optional {$/,/^}$/p' <<<"$policy")
}

@test 'its file contexts and those of the page name the types that it has' {
  local types
  types=$(sed -n 's/^type \([a-z_]*\),.*/\1/p' "$AK_TOP/packaging/selinux/pam_authkey.te" | sort)
  [ "$(sed -nE 's/.*object_r:([a-z_]*):s0$/\1/p' "$AK_TOP/packaging/selinux/pam_authkey.fc" | sort)" = "$types" ]
  [ "$(sed -nE 's/^ +semanage fcontext -a -t ([a-z_]*) .*/\1/p' "$AK_TOP/docs/confinement.md" | sort)" = "$types" ]
}
