#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# SECURITY (e), proved on the built files: what the linker made, not what was asked for.

load helper

setup() {
  PASSWD=$AK_BUILD/pam_authkey_passwd.so
  [ -z "$AK_SAN" ] || skip "a sanitizer's build is another file"
}

# Facts of a file, one sentence each; a test demands or forbids lines of them.
dynamic() { readelf -Wd "$1"; }
segments() { readelf -Wl "$1"; }
symbols() { nm -D "$1"; }

@test "the module exports the six entries of PAM and nothing else" {
  run nm -D --defined-only "$AK_MODULE"
  [ "$(awk '{ print $3 }' <<<"$output" | sort | tr '\n' ' ')" = "pam_sm_acct_mgmt \
pam_sm_authenticate pam_sm_chauthtok pam_sm_close_session pam_sm_open_session pam_sm_setcred " ]
}

@test "the module needs libpam, libsodium and libc, and nothing else" {
  run dynamic "$AK_MODULE"
  [ "$(sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' <<<"$output" | sort | tr '\n' ' ')" = \
    "libc libpam libsodium " ]
}

@test "the module that changes keys exports its one entry, and needs SQLite besides" {
  run nm -D --defined-only "$PASSWD"
  [ "$(awk '{ print $3 }' <<<"$output")" = pam_sm_chauthtok ]
  run dynamic "$PASSWD"
  [ "$(sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p' <<<"$output" | sort | tr '\n' ' ')" = \
    "libc libpam libsodium libsqlite3 " ]
}

# What a login calls of the libraries; the tests in tests/pam see what becomes of the host.
@test "the module calls nothing that reads the environment or changes its host R13 R14" {
  run nm -D --undefined-only "$AK_MODULE"
  [[ $output == *" pam_get_item"* ]]
  [[ ! $output =~ \ (secure_)?(get|put|set|unset|clear)env(@|$'\n') ]]
  [[ ! $output =~ \ (signal|sigaction|sigaltstack|umask|f?chdir|chroot|setlocale|uselocale)@ ]]
  [[ ! $output =~ \ (set(r?e|res)?[ug]id|setgroups|setrlimit|prlimit|prctl|setitimer|alarm|nice)(64)?@ ]]
  [[ ! $output =~ \ (exit|_exit|_Exit|abort|raise|kill|atexit|__cxa_atexit|__assert_fail)@ ]]
  [[ ! $output =~ \ (openlog|closelog|setlogmask|fork|vfork|f?exec[vlpe]+|system|popen|posix_spawnp?)@ ]]
  [[ ! $output =~ \ (pthread_create|pthread_key_create|pthread_atfork|dlopen|mmap|sleep|usleep)(64)?@ ]]
  [[ ! $output =~ \ (sodium_init|randombytes[a-z_]*|getrandom|arc4random|mlock|sodium_malloc)($|@|$'\n') ]]
}

@test "the modules stay in memory once they are loaded" {
  for file in "$AK_MODULE" "$PASSWD"; do
    run dynamic "$file"
    [[ $output == *FLAGS_1*NODELETE* ]]
  done
}

@test "all symbols are bound at start: no writable table of addresses" {
  for file in "$AK_MODULE" "$PASSWD" "$AK_TOOL"; do
    run dynamic "$file"
    [[ $output == *BIND_NOW* || $output == *FLAGS_1*NOW* ]]
    run segments "$file"
    [[ $output == *GNU_RELRO* ]]
  done
}

@test "no search path for libraries is built in, no code is rewritten at start" {
  for file in "$AK_MODULE" "$PASSWD" "$AK_TOOL"; do
    run dynamic "$file"
    [[ $output == *NEEDED* ]]
    [[ ! $output =~ RPATH|RUNPATH|TEXTREL ]]
  done
}

@test "no memory is writable and executable, the stack least of all" {
  for file in "$AK_MODULE" "$PASSWD" "$AK_TOOL"; do
    run segments "$file"
    [[ $output =~ GNU_STACK[^$'\n']*\ RW\  ]]
    [[ ! $output =~ [[:space:]]RWE[[:space:]] ]]
  done
}

@test "overrun buffers are noticed: stack protector and fortified functions are in use" {
  for file in "$AK_MODULE" "$PASSWD" "$AK_TOOL"; do
    run symbols "$file"
    [[ $output == *"U __stack_chk_fail"* ]]
    [[ $output =~ U\ __[a-z]+_chk ]]
  done
}

@test "indirect jumps land on marked places only" {
  case $(uname -m) in
  x86_64) mark=endbr64 ;;
  aarch64) mark=paciasp ;;
  *) skip "this processor has no such marks" ;;
  esac
  for file in "$AK_MODULE" "$PASSWD" "$AK_TOOL"; do
    objdump -d "$file" >"$BATS_TEST_TMPDIR/code"
    [ "$(grep -c "$mark" "$BATS_TEST_TMPDIR/code")" -gt 20 ]
  done
}

@test "no module reads the environment, which a setuid program's caller has made (R14)" {
  for file in "$AK_MODULE" "$PASSWD"; do
    run symbols "$file"
    [[ $output == *"U pam_putenv"* || $output == *"U pam_syslog"* ]]
    [[ ! $output =~ \ (secure_getenv|getenv|_*environ|sqlite3_temp_directory)(@|$'\n'|$) ]]
  done
}

@test "no module changes the user that its host runs as, which could fail (R14)" {
  for file in "$AK_MODULE" "$PASSWD"; do
    run symbols "$file"
    [[ $output == *"U __stack_chk_fail"* ]]
    [[ ! $output =~ \ (set(res|re|e|fs)?[ug]id|setgroups|initgroups)(@|$'\n'|$) ]]
  done
}

@test "the tool is loaded at a random address" {
  run readelf -Wh "$AK_TOOL"
  [[ $output =~ Type:\ +DYN ]]
  run dynamic "$AK_TOOL"
  [[ $output =~ FLAGS_1.*PIE ]]
}
