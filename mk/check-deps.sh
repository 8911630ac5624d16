#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/check-deps.sh [TOP]          in TAP
#
# Who may include whom (CONTRIBUTING.md). The compiler is asked what each file includes,
# so a header that comes in through another one counts as well. Last, the built module is
# looked at: nothing that writes may be inside.
#
#   CC        compiler (cc)
#   AK_BUILD  folder of the build whose module is looked at (TOP/build)
set -u

# shellcheck source=mk/report.sh
. "$(dirname "$0")/report.sh"
cd "${1:-$(dirname "$0")/..}" || exit 1
build=${AK_BUILD:-build}

# core/: what writes is for the tool alone; what knows of files is not pure; all else is.
writing='audit|backup|bulk_change|complete|copy|count|database|delta_write|few|filter|fold|fold_file|fold_private|heal|init|inspect|installation|last_use|list|list_private|master|mint|owner|publish|publish_delta|publish_merge|publish_private|record|record_row|recovery|rename|restore|restore_check|restore_compare|restore_known|restore_private|rotate|stats|tally|totals|turn|upgrade|usage|usage_file'
filing="$writing|master_private|usage_private|btree|delta|store|trusted|usage_write|verify|log_line"
sources=$(find core pam_module admin_tool -type f -name '*.[ch]' | sort)

list=$(mktemp) && complaints=$(mktemp) || exit 1
trap 'rm -f "$list" "$complaints"' EXIT

compiler() {
  "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Icore -I"$build/gen" "$@"
}

# "FILE INCLUDED" for each file and each header it includes, itself or through another.
# The compiler answers with a rule for make, in which the file itself stands first.
includes() {
  # shellcheck disable=SC2086 # a list of files
  compiler -M -MG $sources 2>"$complaints" | awk '
    { joined = joined $0; if (sub(/\\$/, " ", joined)) next }
    {
      count = split(joined, word, " ")
      joined = ""
      for (i = 2; i <= count; i++) {
        while (sub(/[^\/.]+\/\.\.\//, "", word[i]));
        print word[2], word[i]
      }
    }'
}

# rule SENTENCE FILES EXCEPT FORBIDDEN: regular expressions of whole paths.
rule() {
  report "$1" "$(awk -v files="^($2)\$" -v except="^($3)\$" -v forbidden="^($4)\$" \
    '$1 ~ files && $1 !~ except && $2 ~ forbidden { print $1 " includes " $2 }' "$list")"
}

# What writes must not be in the module; that it is there at all shows that nm can see.
writers_in_module() {
  local inside object writers=()
  inside=$(nm "$build/pam_authkey.so" | awk '{ print $NF }' | sort)
  if ! grep -qx 'ak_verify' <<<"$inside"; then
    echo "$build/pam_authkey.so: no symbols to be seen"
    return
  fi
  for object in "$build"/core/*.o; do
    [[ ! ${object##*/} =~ ^($writing)\.o$ ]] || writers+=("$object")
  done
  if [ ${#writers[@]} -eq 0 ]; then
    echo "$build/core: no objects to be seen"
    return
  fi
  nm --defined-only --extern-only "${writers[@]}" | awk 'NF == 3 { print $3 }' |
    sort | comm -12 - <(echo "$inside") | sed 's/$/ is in the module/'
}

headers_alone() {
  local headers header
  headers=$(grep '\.h$' <<<"$sources")
  # shellcheck disable=SC2086 # a list of files
  compiler -fsyntax-only -x c $headers >/dev/null 2>&1 && return
  for header in $headers; do
    compiler -fsyntax-only -x c "$header" >/dev/null 2>&1 || echo "$header"
  done
}

unread() {
  head -n 20 "$complaints"
  awk '{ print $1 }' "$list" | sort -u | comm -13 - <(echo "$sources")
}

# Where SQL is taken that is neither a literal nor text of schema/, and where data could
# be written into it: "numbers" are a migration's, and the rest hands on what it was given.
# bulk_change.c drops the master's indexes and makes them again, by the master's own schema.
sql_of_data() {
  # shellcheck disable=SC2046 # a list of files
  perl -0777 -ne '
    BEGIN { $verbs = join "|", qw(SELECT INSERT UPDATE DELETE REPLACE WITH ATTACH DETACH PRAGMA
      ALTER CREATE DROP VACUUM BEGIN SAVEPOINT RELEASE) }
    print "$ARGV prints into SQL\n" if /\bsqlite3_(v?m|v?sn)printf\b|\bsqlite3_str_/;
    s,/\*.*?\*/,,gs;
    while (/((?:"(?:\\.|[^"\\])*"\s*(?:[A-Z_]+\s*(?="))?)+)/g) {
      my $text = join "", $1 =~ /"((?:\\.|[^"\\])*)"/g;
      print "$ARGV: $text\n" if $text =~ /^\s*(?:$verbs)\b.*%[^du]/s;
    }
    s/"(?:\\.|[^"\\])*"/""/gs;
    while (/\b(sqlite3_(?:exec|prepare\w*)|ak_execute|ak_pragma|execute)\(\s*[^,]+,\s*([^,)]+)/g) {
      my ($call, $sql) = ($1, $2);
      print "$ARGV: $call of $sql\n" unless $sql =~
        /^(?:(?:""|[A-Z_]+|\s)+|(?:const char \*)?sql|ak_sql_\w+|numbers|(?:ak_|kind->)(?:queries|migrations)\[\w+\])$/;
    }' $(grep '\.c$' <<<"$sources" | grep -v '^core/bulk_change\.c$')
}

includes >"$list"

echo 1..13
report 'the compiler tells what each file includes' "$(unread)"
rule 'the module includes nothing of the tool' 'pam_module/.*' '' 'admin_tool/.*'
rule 'the module includes the reading half of core alone' 'pam_module/.*' \
  'pam_module/passwd_change\.c' \
  "core/($writing|master_private|usage_private)\\.h"
rule 'the module that logins load includes nothing of the one that changes keys' \
  'pam_module/.*' 'pam_module/(passwd_change|pam_authkey_passwd)\.[ch]' 'pam_module/passwd_.*'
rule 'the tool includes nothing of the module' 'admin_tool/.*' '' 'pam_module/.*'
rule 'core includes neither the module nor the tool' 'core/.*' '' '(pam_module|admin_tool)/.*'
rule 'the pure part of core includes nothing of the part with files' 'core/.*' \
  "core/(authkey\\.h|($filing)\\.[ch])" "core/($filing)\\.h"
rule 'sqlite3.h is included by the writing half of core alone' '.*' \
  "core/($writing|master_private|usage_private)\\.[ch]" '.*/sqlite3\.h'
rule 'PAM is included by the module alone' '.*' 'pam_module/.*' '.*/security/.*'
rule 'sodium.h is included by core, and by the tool to lock and wipe memory' '.*' \
  '(core|admin_tool)/.*' '.*/sodium(\.h|/.*)'
report 'every header compiles alone' "$(headers_alone)"
report 'nothing that writes is linked into the module' "$(writers_in_module)"
report 'no SQL is made of data (SECURITY R22)' "$(sql_of_data)"
exit $failed
