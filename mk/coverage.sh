#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/coverage.sh FOLDER
#
# A table of what was reached of each file of core/ and pam_module/ that FOLDER was built
# from with --coverage. Exit 1 when it is less than is promised: of all lines 93 of 100,
# and of the decision and the token each branch.
set -u

cd "$(dirname "$0")/.." || exit 1
least=93
whole='core/(decide|token)[.]c'

for notes in "$1"/core/*.gcno "$1"/pam_module/*.gcno; do
  gcov -b -n -o "${notes%/*}" "$notes" 2>/dev/null
done | awk -v least=$least -v whole="^$whole\$" '
  function number(text) { gsub(/[^0-9.]/, "", text); return text + 0 }
  /^File / { file = $2; gsub(/\047/, "", file); branches = ""; next }
  /^Lines executed:/ {
    split($2, part, ":"); share[file] = number(part[2]); lines[file] = $NF
  }
  /^No branches/ { taken[file] = 100 }
  /^Taken at least once:/ { split($4, part, ":"); taken[file] = number(part[2]) }
  /^$/ { file = "" }
  END {
    printf "%-32s %8s %8s %9s\n", "FILE", "LINES", "REACHED", "BRANCHES"
    for (file in lines) {
      if (file !~ /^(core|pam_module)\/[a-z0-9_]+[.]c$/)
        continue
      printf "%-32s %8d %7.1f%% %8.1f%%\n", file, lines[file], share[file], taken[file] | "sort"
      all += lines[file]
      reached += lines[file] * share[file] / 100
      if (file ~ whole && taken[file] < 100)
        missed = missed " " file
    }
    close("sort")
    printf "%-32s %8d %7.1f%%\n", "all", all, (all > 0 ? 100 * reached / all : 0)
    if (missed != "") print "branches are missed in" missed
    exit all == 0 || 100 * reached / all < least || missed != ""
  }'
