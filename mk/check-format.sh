#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/check-format.sh [TOP]        in TAP
#
# C as .clang-format has it, shell scripts without a complaint of shellcheck, and the
# licence in the first lines of every source file.
set -u

# shellcheck source=mk/report.sh
. "$(dirname "$0")/report.sh"
cd "${1:-$(dirname "$0")/..}" || exit 1

# check SENTENCE FILES COMMAND...: the command gets the files; what it prints is trouble.
check() {
  local sentence=$1 files=$2 trouble
  shift 2
  if [ -z "$files" ]; then
    trouble='there are no such files'
  else
    trouble=$(xargs "$@" <<<"$files" 2>&1 | head -n 40)
  fi
  report "$sentence" "$trouble"
}

# sources PATTERN...: files of these names that belong to the project.
sources() {
  local names=() pattern
  for pattern; do
    names+=(-o -name "$pattern")
  done
  find . \( -path ./build -o -path ./.git \) -prune -o -type f \( "${names[@]:1}" \) -print |
    sort
}

c=$(sources '*.c' '*.h')
bats=$(sources '*.bats' '*.bash')
sh=$(sources '*.sh' '*.postinst' '*.prerm' '*.postrm' &&
  grep -lsE '^#!/bin/(ba)?sh' .ci/run tests/run tests/mutants/run fuzz/run)
rest=$(sources Makefile '*.mk' '*.sql' '*.exp' '*.dict' '*.fish' '_authkey' '*.[1-8]' '*.conf' \
  '*.service' '*.timer' && ls debian/rules packaging/cron/* 2>/dev/null; echo mk/packages)

echo 1..4
check 'C sources stand as .clang-format has them' "$c" clang-format --dry-run -Werror
check 'shellcheck has nothing to say of the scripts' "$sh" shellcheck
# In bats a test is a subshell on purpose, `load` is not followed, and `bash -c` runs
# words in single quotes: what these rules take for slips is meant.
check 'shellcheck has nothing to say of the bats files' "$bats" \
  shellcheck --shell=bats --exclude=SC2016,SC2030,SC2031,SC2034,SC2153,SC2154
check 'every source file names its licence' "$c"$'\n'"$bats"$'\n'"$sh"$'\n'"$rest" \
  awk 'FNR <= 3 && /SPDX-License-Identifier: BSD-2-Clause/ { told[FILENAME] = 1 }
       END { for (i = 1; i < ARGC; i++) if (!told[ARGV[i]]) print ARGV[i] }'
exit $failed
