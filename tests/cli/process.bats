#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The tool's process: who may look into it, whom it believes, and what ends it.
load helper
load kill_helper

# /proc/PID belongs to root when the process is not dumpable, proc(5): that is to be seen
# where it would belong to somebody else.
@test 'the tool cannot be looked into and leaves no core file (R44)' {
  cp "$AK_TOOL" "$PLACE/authkey"
  chmod 755 "$PLACE/authkey"
  mkfifo "$PLACE/hold"
  exec 8<>"$PLACE/hold"
  local as=()
  [ "$(id -u)" != 0 ] || as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  ulimit -S -c unlimited 2>/dev/null || true
  "${as[@]}" "$PLACE/authkey" verify <"$PLACE/hold" >/dev/null 2>&1 8<&- &
  local pid=$! limit='' owner tries
  for ((tries = 0; tries < 2000; tries++)); do
    limit=$(awk '/core file size/ { print $5, $6 }' "/proc/$pid/limits")
    owner=$(stat -c %u "/proc/$pid/environ")
    [ "$limit/$owner" != '0 0/0' ] || break
  done
  echo >&8
  wait "$pid" || true
  exec 8<&-
  [ "$limit" = '0 0' ]
  [ "$owner" = 0 ]
}

@test 'the environment names the folder, the colours and what the terminal is in, and nothing else (R45)' {
  run bash -c 'grep -hoE "(secure_)?getenv\([^()]*\)" "$AK_TOP"/admin_tool/*.c | sort -u'
  [ "$output" = 'secure_getenv("AUTHKEY_DIR")
secure_getenv("NO_COLOR")
secure_getenv("SUDO_USER")
secure_getenv(ways[i].variable)' ]
  run bash -c 'sed -n "/} ways/,/^};/s/.*{ \"\([A-Z]*\)\".*/\1/p" "$AK_TOP"/admin_tool/clipboard.c'
  [ "$output" = $'TMUX\nSTY' ]
}

@test 'nothing calls a shell, and the tool is never setuid (R45)' {
  run nm -D "$AK_TOOL"
  [ "$status" = 0 ]
  [[ ! $output =~ \ (system|popen|wordexp)(@|$) ]]
  [ "$(stat -c %A "$AK_TOOL" | tr -dc s)" = '' ]
}

@test 'a program that the tool runs has nothing of the environment of who called it (R45)' {
  needs_strace
  root_only
  PLANTED=here run strace -f -v -s 1000 -o "$PLACE/trace" -e trace=execve \
    -e inject=execve:error=EACCES "$AK_TOOL" --dir "$PLACE/other" init --group "ak-none-$$"
  [ "$status" -ne 0 ]
  run grep 'execve(".*groupadd"' "$PLACE/trace"
  [ "$status" = 0 ]
  [[ $output == *'], ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"])'* ]]
}

@test 'a limit on file sizes is an error and not a dead tool (R43)' {
  make deploy
  run --separate-stderr bash -c 'ulimit -f 4; "$AK_TOOL" disable deploy'
  ends 5
  says 'STILL LIVE'
  [ "$(verdict)" = VALID ]
}
