#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Each rule of who may include whom is broken once, in a copy of the tree: of the files that
# are named below, and of the headers that they include.

load helper

setup_file() {
  cd "$AK_TOP" || return
  mapfile -t named < <(grep -oE '\b(core|pam_module|admin_tool)/\w+\.[ch]\b|"\w+\.h"' \
    "$BATS_TEST_FILENAME" | sed 's,^"\(.*\)"$,core/\1,' | sort -u | xargs ls 2>/dev/null)
  {
    printf '%s\n' "${named[@]}"
    "$CC" -MM -Icore -I"$AK_BUILD/gen" "${named[@]}" | grep -oE '[^ ]+\.h\b' |
      sed 's,[^/]*/\.\./,,; /^\//d'
  } | sort -u >"$BATS_FILE_TMPDIR/files"
}

setup() {
  tree=$BATS_TEST_TMPDIR/tree
  mapfile -t files <"$BATS_FILE_TMPDIR/files"
  copy_tree "$tree" "${files[@]}"
}

# plant FILE LINE: LINE before all others.
plant() {
  sed -i "1i $2" "$tree/$1"
}

@test "the tree as it is passes" {
  checks
  [ "$status" -eq 0 ]
}

@test "a module that includes the tool is refused" {
  : >"$tree/admin_tool/plain.h"
  plant pam_module/opts.c '#include "../admin_tool/plain.h"'
  refused 'the module includes nothing of the tool'
}

@test "a module that includes the writing half of core is refused" {
  plant pam_module/opts.c '#include "record.h"'
  refused 'the module includes the reading half of core alone'
}

@test "only the file that changes keys may include the writing half, and logins not that" {
  plant pam_module/pam_authkey_passwd.c '#include "rotate.h"'
  refused 'the module includes the reading half of core alone'
  plant pam_module/credential.c '#include "passwd_change.h"'
  refused 'the module that logins load includes nothing of the one that changes keys'
}

@test "a tool that includes the module is refused" {
  : >"$tree/pam_module/plain.h"
  plant admin_tool/text.c '#include "../pam_module/plain.h"'
  refused 'the tool includes nothing of the module'
}

@test "a core that includes the tool or the module is refused" {
  : >"$tree/pam_module/plain.h"
  plant core/master.c '#include "../pam_module/plain.h"'
  refused 'core includes neither the module nor the tool'
  sed -i 1d "$tree/core/master.c"
  : >"$tree/admin_tool/plain.h"
  plant core/master.c '#include "../admin_tool/plain.h"'
  refused 'core includes neither the module nor the tool'
}

@test "a decision that includes the store is refused, through another header too" {
  plant core/decide.c '#include "store.h"'
  refused 'the pure part of core includes nothing of the part with files'
  sed -i 1d "$tree/core/decide.c"
  plant core/reason.h '#include "trusted.h"'
  refused 'the pure part of core includes nothing of the part with files'
}

@test "a decision that includes sqlite3.h is refused" {
  plant core/decide.c '#include <sqlite3.h>'
  refused 'sqlite3.h is included by the writing half of core alone'
}

@test "a store or a tool that includes sqlite3.h is refused" {
  plant core/store.c '#include <sqlite3.h>'
  refused 'sqlite3.h is included by the writing half of core alone'
  sed -i 1d "$tree/core/store.c"
  plant admin_tool/text.c '#include <sqlite3.h>'
  refused 'sqlite3.h is included by the writing half of core alone'
}

@test "a core that includes PAM is refused" {
  plant core/verify.c '#include <security/pam_appl.h>'
  refused 'PAM is included by the module alone'
}

@test "a module that includes sodium.h is refused" {
  plant pam_module/opts.c '#include <sodium.h>'
  refused 'sodium.h is included by core, and by the tool to lock and wipe memory'
}

@test "a header that leans on what was included before it is refused" {
  echo 'size_t lean(uint8_t);' >"$tree/core/lean.h"
  refused 'every header compiles alone'
}

@test "a file that the compiler cannot read is refused" {
  plant core/words.c '#error unfinished'
  refused 'the compiler tells what each file includes'
}

@test "SQL that is made of data is refused, R22" {
  sed -i 's/"PRAGMA cache_size = " AK_MASTER_CACHE/m->paths.root/' "$tree/core/master.c"
  refused 'no SQL is made of data'
  [[ $output == *'core/master.c: ak_execute of m->paths.root'* ]]
}

@test "a statement that is printed with a text in it is refused, R22" {
  echo 'static const char *const planted = "SELECT * FROM key WHERE id = %s";' \
    >>"$tree/core/database.c"
  refused 'no SQL is made of data'
  [[ $output == *'core/database.c: SELECT '* ]]
  echo 'void planted(void) { sqlite3_mprintf(""); }' >>"$tree/core/master.c"
  refused 'no SQL is made of data'
  [[ $output == *'core/master.c prints into SQL'* ]]
}

@test "a statement with a text in it is refused whatever it does, and in pieces, R22" {
  local verb verbs=(SELECT INSERT UPDATE DELETE REPLACE WITH ATTACH DETACH PRAGMA ALTER CREATE
    DROP VACUUM BEGIN SAVEPOINT RELEASE)
  {
    for verb in "${verbs[@]}"; do echo "print(sql, \"$verb '%s'\", path);"; done
    echo "print(sql, \"SELECT in \" \"pieces '%s'\", name);"
    echo "print(sql, \"SELECT around \" A_NAME \" '%s'\", name);"
  } >>"$tree/core/database.c"
  refused 'no SQL is made of data'
  for verb in "${verbs[@]}"; do
    [[ $output == *"core/database.c: $verb '%s'"* ]] || { echo "$verb"; return 1; }
  done
  [[ $output == *"core/database.c: SELECT in pieces '%s'"* ]]
  [[ $output == *"core/database.c: SELECT around  '%s'"* ]]
}

@test "a module that calls the writing half of core is refused" {
  whole=$BATS_TEST_TMPDIR/whole
  copy_tree "$whole"
  mkdir "$whole/build"
  cp -a "$AK_BUILD"/{core,gen,pam_module} "$whole/build" # what is built need not be again
  cat >"$whole/pam_module/planted.c" <<'END'
void ak_token_mint(void *, void *, void *);
__attribute__((constructor)) static void planted(void) { ak_token_mint(0, 0, 0); }
END
  make -s -C "$whole" B="$whole/build" SAN="$AK_SAN" "$whole/build/pam_authkey.so" >/dev/null
  AK_BUILD=$whole/build refused 'nothing that writes is linked into the module'
}

@test "a module without symbols is refused: nothing could be seen in it" {
  mkdir "$tree/build"
  cp -r "$AK_BUILD/gen" "$tree/build"
  strip -o "$tree/build/pam_authkey.so" "$AK_MODULE"
  AK_BUILD=$tree/build refused 'nothing that writes is linked into the module'
}
