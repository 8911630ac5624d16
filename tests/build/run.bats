#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The runner: nothing that went wrong may look as if it went well.

load helper

# judged STATUS LAST_LINE [PROGRAM]
judged() {
  run "$AK_TOP/tests/run" -t 2 "${3:-$program}"
  [ "$(last_line)" = "$2" ]
  [ "$status" -eq "$1" ]
}

@test "the runner counts what passes and is content" {
  program good 'echo 1..2' 'echo "ok 1 - a"' 'echo "ok 2 - b"'
  judged 0 "2 passed, 0 failed, 0 skipped"
}

@test "the runner counts a failing test and tells its name and its comment" {
  program bad 'echo 1..2' 'echo "not ok 1 - water is dry"' 'echo "# it is wet"' \
    'echo "ok 2 - b"' 'exit 1'
  judged 1 "1 passed, 1 failed, 0 skipped"
  [[ $output == *"water is dry"*"it is wet"* ]]
}

@test "the runner counts a failing test although the program ends with status 0" {
  program bad 'echo 1..1' 'echo "not ok 1 - a"'
  judged 1 "0 passed, 1 failed, 0 skipped"
}

@test "the runner counts skipped tests apart, however their program spells it" {
  program skips 'echo 1..3' 'echo "ok 1 - a # SKIP no root"' 'echo "not ok 2 # SKIP b"' \
    'echo "ok 3 c # skip no net"'
  program good 'echo 1..1' 'echo "ok 1 - a"'
  run "$AK_TOP/tests/run" "$BATS_TEST_TMPDIR/skips" "$program"
  [ "$(last_line)" = "1 passed, 0 failed, 3 skipped" ]
  [ "$status" -eq 0 ]
}

@test "the runner takes a program that skips itself as one skipped test" {
  program good 'echo 1..1' 'echo "ok 1 - a"'
  program self 'echo "1..0 # SKIP no root"'
  run "$AK_TOP/tests/run" "$BATS_TEST_TMPDIR/good" "$program"
  [ "$(last_line)" = "1 passed, 0 failed, 1 skipped" ]
}

@test "a program that is ended by a signal is a failed test" {
  program crash 'echo 1..2' 'echo "ok 1 - a"' 'kill -SEGV $$'
  judged 1 "1 passed, 1 failed, 0 skipped"
  [[ $output == *"signal 11"* ]]
}

@test "a program does not ignore Ctrl-C because the runner put it in the background" {
  program interrupted 'kill -INT $$' 'echo 1..1' 'echo "ok 1 - still here"'
  judged 1 "0 passed, 1 failed, 0 skipped"
  [[ $output == *"signal 2"* ]]
}

@test "what a program mounts is nobody else's, and ends with it" {
  needs root own-mounts
  mkdir "$BATS_TEST_TMPDIR/small"
  program mounts 'echo 1..1' "mount -t tmpfs tmpfs $BATS_TEST_TMPDIR/small && echo 'ok 1 - a'"
  judged 0 "1 passed, 0 failed, 0 skipped"
  run -32 mountpoint -q "$BATS_TEST_TMPDIR/small"
}

@test "a program that ends before its plan is fulfilled is a failed test" {
  program short 'echo 1..3' 'echo "ok 1 - a"'
  judged 1 "1 passed, 1 failed, 0 skipped"
}

@test "a program that runs more tests than it planned is a failed test" {
  program long 'echo 1..1' 'echo "ok 1 - a"' 'echo "ok 2 - b"'
  judged 1 "2 passed, 1 failed, 0 skipped"
}

@test "a program that prints nothing is a failed test" {
  program empty
  judged 1 "0 passed, 1 failed, 0 skipped"
}

@test "a program with a plan of no tests is a failed test" {
  program none 'echo 1..0'
  judged 1 "0 passed, 1 failed, 0 skipped"
}

@test "a program that is not there is a failed test" {
  judged 1 "0 passed, 1 failed, 0 skipped" "$BATS_TEST_TMPDIR/nowhere"
}

@test "a status that no failed test explains is a failed test" {
  program odd 'echo 1..1' 'echo "ok 1 - a"' 'exit 3'
  judged 1 "1 passed, 1 failed, 0 skipped"
}

@test "a program that hangs is ended, with its children, and is a failed test" {
  program hang 'echo 1..1' "sleep 987 & echo \$! >$BATS_TEST_TMPDIR/child" 'wait'
  judged 1 "0 passed, 1 failed, 0 skipped"
  run ! grep -q '^State:[[:space:]]*[RSD]' "/proc/$(cat "$BATS_TEST_TMPDIR/child")/status"
}

@test "a bats file that cannot be read is a failed test" {
  echo '@test "half {' >"$BATS_TEST_TMPDIR/broken.bats"
  judged 1 "0 passed, 1 failed, 0 skipped" "$BATS_TEST_TMPDIR/broken.bats"
}

@test "nothing to run is not success" {
  run "$AK_TOP/tests/run"
  [ "$(last_line)" = "0 passed, 0 failed, 0 skipped" ]
  [ "$status" -eq 1 ]
}

@test "failures are told last, after everything else has run" {
  program bad 'echo 1..1' 'echo "not ok 1 - early"'
  program good 'echo 1..1' 'echo "ok 1 - late"'
  run "$AK_TOP/tests/run" -j 1 "$BATS_TEST_TMPDIR/bad" "$program"
  [[ $output == *good*"FAILED"*early*"1 passed, 1 failed, 0 skipped" ]]
}

@test "tests write to memory where there is some, unless TMPDIR says where, and clear it" {
  [[ "$(df --output=fstype,avail -k /dev/shm)" =~ tmpfs\ +[0-9]{7} ]] || skip "too little memory"
  [[ "$(findmnt -no OPTIONS /dev/shm)" != *noexec* ]] || skip "no program runs in memory"
  program where 'echo 1..1' 'echo "not ok 1 - <$TMPDIR> $(stat -c %a "$TMPDIR")"'
  run env -u TMPDIR "$AK_TOP/tests/run" "$program"
  [[ $output =~ '<'(/dev/shm/authkey-tests\.[^>]*)'> 755' ]]
  [ ! -e "${BASH_REMATCH[1]}" ]
  TMPDIR=$BATS_TEST_TMPDIR run "$AK_TOP/tests/run" "$program"
  [[ $output == *"<$BATS_TEST_TMPDIR> "* ]]
  [ -e "$BATS_TEST_TMPDIR" ]
}

@test "tests of services write where they always did: their /dev may be another" {
  mkdir "$BATS_TEST_TMPDIR/services"
  program services/where 'echo 1..1' 'echo "not ok 1 - <${TMPDIR-}>"'
  run env -u TMPDIR "$AK_TOP/tests/run" "$program"
  [[ $output == *'<>'* ]]
}

@test "what a bats file mounts is nowhere else, and ends with it when its time is over" {
  needs own-mounts
  mkdir "$BATS_TEST_TMPDIR/folder"
  printf '%s\n' '@test "a" {' "mount -t tmpfs tmpfs '$BATS_TEST_TMPDIR/folder'" \
    "touch '$BATS_TEST_TMPDIR/mounted'" 'sleep 10' '}' >"$BATS_TEST_TMPDIR/mounts.bats"
  judged 1 "0 passed, 1 failed, 0 skipped" "$BATS_TEST_TMPDIR/mounts.bats"
  [ -e "$BATS_TEST_TMPDIR/mounted" ]
  run ! mountpoint -q "$BATS_TEST_TMPDIR/folder"
}
