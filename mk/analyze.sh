#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/analyze.sh        in TAP; `make analyze` says what is needed:
#
#   AK_SOURCES  the C files
#   AK_FLAGS    how they are compiled, as far as meaning goes
#   AK_JOBS     how many at a time
#
# Each file is shown to gcc's analyzer, to clang-tidy and to cppcheck; what one of them
# says of it is trouble. False alarms are silenced where they stand, with a reason.
set -u

# shellcheck source=mk/report.sh
. "$(dirname "$0")/report.sh"
cd "$(dirname "$0")/.." || exit 1

# ask TOOL FILE: prints what the tool has to say.
ask() {
  local -a flags
  eval "flags=($AK_FLAGS)"
  case $1 in
  gcc) gcc "${flags[@]}" -O2 -fanalyzer -c "$2" -o /dev/null ;;
  clang-tidy) clang-tidy --quiet "$2" -- "${flags[@]}" 2>/dev/null ;;
  cppcheck)
    cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr \
      -Icore -DAK_VERSION='""' "$2"
    ;;
  esac 2>&1 || echo "$1 ended with status $?"
}

# Called by itself: one tool, one file, into $work.
if [ $# -eq 2 ]; then
  ask "$1" "$2" >"$work/$1.${2//\//.}"
  exit
fi

work=$(mktemp -d) || exit 1
export work
trap 'rm -rf "$work"' EXIT
read -ra sources <<<"$AK_SOURCES"
tools='clang-tidy gcc cppcheck'

for tool in $tools; do
  printf "$tool %s\n" "${sources[@]}"
done | xargs -P "${AK_JOBS:-2}" -L 1 mk/analyze.sh

echo "1..$((3 * ${#sources[@]}))"
for tool in $tools; do
  for file in "${sources[@]}"; do
    report "$tool has nothing to say of $file" "$(head -n 30 "$work/$tool.${file//\//.}" 2>&1)"
  done
done
exit $failed
