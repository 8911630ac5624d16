#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The manual as people see it, in a terminal of 80 columns, by both programs that show it;
# and the other pages, whose links lead somewhere.

bats_require_minimum_version 1.5.0

export LC_ALL=C.UTF-8

# shown_by PROGRAM PAGE [COLUMNS]: its text, and what the program complains of; groff breaks
# lines so early.
shown_by() {
  case $1 in
  mandoc) mandoc -T utf8 -O width=80 "$2" | sed 's/.\x08//g' ;;
  groff) groff -ww -mandoc -T utf8 -P -cbou -r "LL=${3:-80}n" "$2" 2>&1 ;;
  esac
}

# For a terminal of 80 columns man leaves two free.
@test 'no line of a page is wider than 80 columns, and groff has no complaint' {
  for page in "$AK_TOP"/docs/man/*.[1-8]; do
    for program in mandoc groff; do
      text=$(shown_by $program "$page" 78)
      [ -n "$text" ]
      wide=$(grep -E '^.{81}' <<<"$text" || true)
      [ -z "$wide" ] || { echo "$page by $program: $wide"; return 1; }
      [[ $text != *troff:* ]] || { grep troff: <<<"$text"; return 1; }
    done
  done
}

@test 'every example stands in its page as a whole, with all that is typed' {
  for program in mandoc groff; do
    shown_by $program "$AK_TOP/docs/man/authkey.8" | sed 's/^ *//' >"$BATS_TEST_TMPDIR/text"
    while IFS= read -r line; do
      grep -qxF -- "${line#"${line%%[! ]*}"}" "$BATS_TEST_TMPDIR/text" ||
        { echo "not shown by $program: $line"; return 1; }
    done < <("$AK_TOP/mk/examples.sh" "$AK_TOP/docs/man/authkey.8" | cut -f 3 | tr '\037' '\n')
  done
}

# links PAGE: where it leads to, pictures too, without addresses of the web.
links() {
  grep -o ']([^)]*)' "$1" | sed 's/^](//; s/)$//' | grep -v '^[a-z]*:' || true
}

# anchors PAGE: what a link may say after #, one for each heading.
anchors() {
  sed -n 's/^#\{1,6\} //p' "$1" | tr '[:upper:]' '[:lower:]' | sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

@test 'every link of a page leads to a file that is there, and to a heading of it' {
  for page in "$AK_TOP"/*.md "$AK_TOP"/docs/*.md "$AK_TOP"/docs/*/*.md; do
    while read -r link; do
      [ -n "$link" ] || continue
      file=$page
      [ -z "${link%%#*}" ] || file=$(dirname "$page")/${link%%#*}
      [ -e "$file" ] || { echo "$page: $link is not there"; return 1; }
      [[ $link != *#* ]] || grep -qxF -- "${link#*#}" <(anchors "$file") ||
        { echo "$page: $link has no such heading"; return 1; }
    done <<<"$(links "$page")"
  done
}

@test 'whoever follows one page after the other makes each key under a name of its own' {
  cd "$AK_TOP"
  grep -ho 'authkey create [a-z0-9-]* --owner [a-z@.]*' README.md docs/*.md docs/*/*.md | sort \
    >"$BATS_TEST_TMPDIR/keys"
  [ "$(wc -l <"$BATS_TEST_TMPDIR/keys")" -gt 12 ]
  [ -z "$(uniq -d "$BATS_TEST_TMPDIR/keys")" ]
}

@test 'a decoy has no second name' {
  cd "$AK_TOP"
  run -1 grep -rniw -e bait -e honeypot -- *.md docs admin_tool pam_module
}

@test 'the manual has the numbers of changed keys at which a delta is merged' {
  local rows
  rows=$(sed -n 's/^#define AK_DELTA_ROWS //p' "$AK_TOP/core/master_private.h")
  tr '\n' ' ' <"$AK_TOP/docs/man/authkey.8" >"$BATS_TEST_TMPDIR/page"
  grep -qF "When $((rows / 2)) keys of a big store" "$BATS_TEST_TMPDIR/page"
  grep -qF "the count above $((rows - rows / 4)) does" "$BATS_TEST_TMPDIR/page"
  tr '\n' ' ' <"$AK_TOP/docs/man/authkey-store.5" >"$BATS_TEST_TMPDIR/page"
  grep -qF "when more than $rows keys have changed" "$BATS_TEST_TMPDIR/page"
  grep -qF "when $((rows / 2)) keys or more" "$BATS_TEST_TMPDIR/page"
  grep -qF "the number above $((rows - rows / 4))," "$BATS_TEST_TMPDIR/page"
}

@test 'a page that builds the packages installs make before' {
  cd "$AK_TOP"
  local page found=0
  for page in README.md docs/services/*.md; do
    grep -q '^    make deb' "$page" || continue
    sed '/^    make deb/,$d' "$page" | grep -q '^    apt-get install \(.* \)\?make\( \|$\)' ||
      { echo "$page: a fresh Debian has no make"; return 1; }
    found=$((found + 1))
  done
  [ "$found" -gt 8 ]
}

@test 'what a page has for a key that lacks something adds it, and replaces no list' {
  cd "$AK_TOP"
  run ! grep -nE '^\|.*authkey edit [^`]*--(service|scope|from|tag) [^+]' docs/services/*.md
}

@test 'the index of services has each of their pages' {
  for page in "$AK_TOP"/docs/services/*.md; do
    [[ $page == */README.md ]] || grep -qF "](${page##*/})" "$AK_TOP/docs/services/README.md" ||
      { echo "$page is not in the index"; return 1; }
  done
}
