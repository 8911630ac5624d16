#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Programs that check tokens in an environment that somebody else has chosen, a set-user-ID
# one among them: nothing in it decides where the store is, or who gets in (R14).
# shellcheck disable=SC2154 # make sets token and id
load ../cli/helper

# A key, and another installation with a key of the same name for whoever listens to the
# environment; files there that are no libraries, locales or time zones.
prepare() {
  [ -z "${AK_SAN:-}" ] || skip 'a sanitizer listens to the environment itself'
  local decoy=$PLACE/decoy name
  make laptop --owner alice
  right=$token
  foreign=$(AUTHKEY_DIR=$decoy "$AK_TOOL" init -q --group "$(id -gn)" &&
    AUTHKEY_DIR=$decoy "$AK_TOOL" create -q laptop --owner alice </dev/null)
  for name in libsodium.so.23 preload.so audit.so zone; do
    echo 'not what it is called' >"$decoy/$name"
  done
  variables=(AUTHKEY_DIR="$decoy" HOME="$decoy" PWD="$decoy" USER=bob LOGNAME=bob SUDO_USER=bob
    TMPDIR="$PLACE/no such" TMP="$PLACE/no such" SQLITE_TMPDIR="$PLACE/no such"
    TZ="$decoy/zone" TZDIR="$decoy" LC_ALL=tr_TR.UTF-8 LANG=../../etc LANGUAGE=xx LOCPATH="$decoy"
    NLSPATH="$decoy/%N" GCONV_PATH="$decoy" HOSTALIASES="$decoy/zone" RES_OPTIONS=debug
    PAM_TYPE=x PAM_USER=bob LD_BIND_NOW=1 MALLOC_PERTURB_=165 MALLOC_ARENA_MAX=1 MALLOC_CHECK_=3
    MALLOC_TOP_PAD_=1 MALLOC_TRACE="$PLACE/trace" GLIBC_TUNABLES=glibc.malloc.perturb=90)
  # What only a program that is set-user-ID is safe from.
  loader=(LD_LIBRARY_PATH="$decoy" LD_PRELOAD="$decoy/preload.so" LD_AUDIT="$decoy/audit.so"
    LD_DEBUG=all LD_DEBUG_OUTPUT="$PLACE/debug" LD_PROFILE=libsodium.so.23)
  install -m 755 "$AK_MODULE" "$PLACE/pam_authkey.so"
  mkdir "$PLACE/pam.d"
  printf "%s required $PLACE/pam_authkey.so store=$AUTHKEY_DIR/keys.db store_owner=$(id -un)\n" \
    auth account >"$PLACE/pam.d/api"
}

# enters TOKEN USER PROGRAM...: whether he is let in; what the program says is in $said.
enters() {
  local status=0 presented=$1 user=$2
  shift 2
  said=$(cd "$PLACE/decoy" && "$@" "$PLACE/pam.d" api "$user" <<<"$presented" 2>&1) || status=$?
  [ "$status" -le 1 ] || { echo "status $status: $said" >&3; exit 1; }
  return "$status"
}

# all_is_right PROGRAM...: the three answers, and what was counted where.
all_is_right() {
  local status
  enters "$right" alice "$@"
  [[ $said == *'alice is let in'*"AUTHKEY_ID=$id"* ]]
  status=0 && enters "$foreign" alice "$@" || status=$?
  [ "$status" = 1 ]
  status=0 && enters "$right" bob "$@" || status=$?
  [ "$status" = 1 ]
  [ "$("$AK_TOOL" show laptop --field uses)" = 1 ]
  [ "$("$AK_TOOL" show laptop --field refusals)" = 1 ]
  [ "$("$AK_TOOL" --dir "$PLACE/decoy" show laptop --field uses)" = 0 ]
  [ ! -e "$PLACE/no such" ]
  [ ! -e "$PLACE/trace" ]
}

@test 'an environment that somebody else has chosen lets nobody in and keeps nobody out R14' {
  prepare
  all_is_right env "${variables[@]}" "$AK_BUILD/demo/login"
}

@test 'a set-user-ID program that nobody starts asks the store of its line R14' {
  root_only
  prepare
  nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  install -m 4755 "$(command -v id)" "$PLACE/id"
  [ "$("${nobody[@]}" "$PLACE/id" -u)" = 0 ] ||
    skip 'set-user-ID programs have no effect in this folder'
  install -m 4755 "$AK_BUILD/demo/login" "$PLACE/login"
  all_is_right "${nobody[@]}" env "${variables[@]}" "${loader[@]}" "$PLACE/login"
}
