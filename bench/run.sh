#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/run.sh short|full|timing
#
# What logins and commands cost on this machine, as tables: short within a minute, full
# with ten million keys and all peers within ten. What is not installed is told and left
# out; `mk/setup.sh bench` installs it. Wants room for eight gigabytes in $TMPDIR, if full.
# Or, timing, whether the time of a refusal tells why a token was refused: SECURITY R10.
#
#   AK_TOOL, AK_MODULE, AK_BUILD  what is built
#   CSV     where the figures go besides (AK_BUILD/bench.csv, timing.csv)
#   T       seconds of timing for each store (20)
#   PAGES   1: the parts of README.md and docs/performance.md that stand between
#           <!-- bench --> and <!-- /bench --> become the tables, docs/performance.svg the plot;
#           <!-- timing --> in docs/performance.md likewise
set -eu
cd "$(dirname "$0")/.."

extent=$1
csv=$AK_BUILD/bench.csv
place=$(mktemp -d)
server=$place/server
trap 'bench/peers.sh stop "$server" || :; rm -rf "$place"' EXIT
trap 'exit 1' HUP INT TERM

# Seconds for each measurement, runs of a command, and the numbers of keys: for one
# process; there with peers; for fresh processes, many at once, the tool, export and import.
case $extent in
short)
  seconds=5 runs=3
  sizes=(1000 1000000) peers=(1000) fresh=(1000) many=(1000) tool=(1000 1000000) moves=(1000)
  ;;
full)
  seconds=12 runs=5
  sizes=(1000 10000 100000 1000000 10000000) peers=(1000 10000 100000 1000000)
  fresh=(1000 1000000 10000000) many=(1000 1000000) tool=(1000 1000000 10000000)
  moves=(1000 1000000)
  ;;
timing)
  csv=$AK_BUILD/timing.csv
  ;;
*)
  echo "usage: $0 short|full|timing" >&2
  exit 2
  ;;
esac
csv=${CSV:-$csv}

among() {
  local word=$1
  shift
  [[ " $* " == *" $word "* ]]
}

# measure WHAT SECONDS KEYS FOLDER: with the users of pam_unix in place of the system's, and
# all files in memory, as those are that logins read all day.
measure() {
  local command=("$AK_BUILD/bench/bench" "$@")
  find "$4" -type f ! -path '*/master/*' -exec cat {} + >/dev/null
  if [ -e "$4/unix" ]; then
    # shellcheck disable=SC2016 # for the other shell
    unshare --mount sh -c 'mount --bind "$0/unix.passwd" /etc/passwd &&
      mount --bind "$0/unix.shadow" /etc/shadow && exec "$@"' "$4" "${command[@]}"
  else
    "${command[@]}"
  fi
}

version() {
  dpkg-query -W -f '${Version}' "$1" 2>/dev/null | grep . || echo 'not installed'
}

# What stands above the tables: "fact,NAME,VALUE" without a comma in it.
facts() {
  local fact
  while IFS=: read -r fact value; do
    echo "fact,$fact,${value//,/ }"
  done <<END
date:$(date -u +%Y-%m-%d)
machine:$(nproc) processors $(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1)
kernel:$(uname -srm)
load before:$(cut -d ' ' -f 1 /proc/loadavg)
authkey:$("$AK_TOOL" --version | awk '{ print $NF }')
compiler:$(${CC:-cc} --version | head -n 1)
libc:$(getconf GNU_LIBC_VERSION)
libpam:$(version libpam0g)
libsodium:$(version libsodium23)
SQLite:$(version libsqlite3-0)
pam_userdb:$(version libpam-modules) and Berkeley DB $(version libdb5.3)
pam_pwdfile:$(version libpam-pwdfile)
pam_mysql:$(version libpam-mysql) and MariaDB $(version mariadb-server)
END
}

# One size: its keys, the same users for the peers, and all that is measured with them.
size() {
  local keys=$1 folder=$place/$1 moved=0
  echo "$keys keys" >&2
  mkdir "$folder"
  "$AK_BUILD/bench/timed" tool "$keys" 'making the keys' 1 \
    "$AK_BUILD/bench/keys" "$folder" "$keys" "$AK_MODULE"
  if among "$keys" "${peers[@]}"; then
    bench/peers.sh fill "$server" "$folder" "$keys"
  else
    echo 'not measured' | tee "$folder"/{unix,pwdfile,userdb,mysql}.note >/dev/null
  fi
  measure here "$seconds" "$keys" "$folder"
  if among "$keys" "${fresh[@]}"; then
    measure fresh "$seconds" "$keys" "$folder"
  fi
  if among "$keys" "${many[@]}"; then
    for processes in 8 64 8-toggled 64-toggled; do
      measure "$processes" $((seconds / 2)) "$keys" "$folder"
    done
  fi
  if among "$keys" "${tool[@]}"; then
    ! among "$keys" "${moves[@]}" || moved=1
    bench/tool.sh "$folder" "$keys" "$runs" $moved
  fi
  rm -rf "$folder"
}

# All that is measured of logins and commands.
costs() {
  local keys
  echo 'set,keys,processes,work,count,median_us,p99_us,ratio,p99_ratio,peak_kib,wrong,unavailable,note'
  mkdir "$server"
  bench/peers.sh start "$server"
  for keys in "${sizes[@]}"; do
    size "$keys"
  done
  if [ "$extent" = full ]; then
    mkdir "$place/usage"
    "$AK_BUILD/bench/usage" "$place/usage"
  fi
}

# Refusals beside each other, where the keys stand in one file and where they stand in two;
# and a million comparisons of each kind, as R10 wants them.
timing() {
  echo 'set,store,case,count,p10_us,median_us,p90_us,difference_us,t'
  bench/timing.sh "$place/alone" 10000
  bench/timing.sh "$place/delta" 20000
  "$AK_BUILD/bench/timing" "${T:-20}" 'a store of 10000 keys' "$place/alone"
  "$AK_BUILD/bench/timing" "${T:-20}" 'a store of 20000 keys and its delta' "$place/delta"
  "$AK_BUILD/bench/timing" comparison 1000000
}

{
  facts
  case $extent in
  timing) timing ;;
  *) costs ;;
  esac
  echo "fact,load after,$(cut -d ' ' -f 1 /proc/loadavg)"
} >"$csv"

bench/table.awk "$csv"
echo "(the figures: $csv)"

# put PAGE MARK [OPTION...]: the tables into this page.
put() {
  local page=$1 mark=$2
  shift 2
  bench/table.awk "$@" "$csv" >"$place/table"
  awk -v table="$place/table" -v mark="$mark" '
    $0 == "<!-- /" mark " -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- " mark " -->" { inside = 1; while ((getline line <table) > 0) print line }
  ' "$page" >"$place/page"
  cat "$place/page" >"$page"
}

if [ -n "${PAGES:-}" ] && [ "$extent" = timing ]; then
  put docs/performance.md timing
elif [ -n "${PAGES:-}" ]; then
  put README.md bench -v brief=1
  put docs/performance.md bench
  bench/plot.awk "$csv" >docs/performance.svg
fi
