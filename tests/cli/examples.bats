#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Every example of authkey(8), of `authkey help` and of README does what it is there for,
# typed as it is printed, at the terminal of a root on a host of its own.
# shellcheck disable=SC2154

bats_require_minimum_version 1.5.0
load "$AK_TOP/tests/needs"

PAGE=$BATS_TEST_DIRNAME/../../docs/man/authkey.8
README=$BATS_TEST_DIRNAME/../../README.md

# Examples that do not exit 0, each with its reason. All others do.
declare -gA ENDS=(
  ['authkey apply --dry-run keys.json']='1: the file wants something else'
  ['authkey log -f --json']='130: only Ctrl-C ends it'
  ['authkey scan --disable /srv/www /var/log']='1: a live token is found'
)

apart=(--mount --propagation private "$BATS_TEST_DIRNAME/examples_host.sh")

# Programs that the examples call, and that would leave the host: each host of ssh has an
# installation in /var/lib/hosts.
outside_programs() {
  cat >"$1/sudo" <<'END'
#!/bin/sh
exec env SUDO_USER=root "$@"
END
  cat >"$1/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/root/systemctl
END
  cat >"$1/ssh" <<'END'
#!/bin/sh
cd "/var/lib/hosts/$1" && shift && AUTHKEY_DIR=$PWD/keys exec sh -c "$*"
END
  chmod 755 "$1"/*
}

setup_file() {
  can_show root user:www-data own-mounts || return 0
  hosts=$(mktemp -d)
  export hosts LC_ALL=C.UTF-8 TZ=UTC
  unset SUDO_USER NO_COLOR COLUMNS
  chmod 755 "$hosts"
  mkdir -p "$hosts/local/"{bin,sbin,lib,share/bash-completion/completions}
  outside_programs "$hosts/local/bin"
  install -m 755 "$AK_TOOL" "$hosts/local/sbin/authkey"
  install -m 755 "$AK_BUILD/demo/login" "$hosts/local/bin"
  install -m 644 "$AK_MODULE" "$hosts/local/lib"
  install -m 644 "$BATS_TEST_DIRNAME/../../packaging/completions/authkey.bash" \
    "$hosts/local/share/bash-completion/completions/authkey"
  mkdir -p "$hosts/bare/"{media/stick,root,srv/www,var/lib,var/log}
  mkdir "$hosts/bare/etc"
  (cd /etc && cp -a passwd group shadow gshadow login.defs nsswitch.conf pam.d ld.so.cache \
    alternatives "$hosts/bare/etc")
  install -m 755 "$BATS_TEST_DIRNAME/examples_prepare.sh" "$hosts/local/bin/prepare"
  for kind in empty full; do
    cp -a "$hosts/bare" "$hosts/$kind"
    unshare "${apart[@]}" "$hosts/$kind" kept prepare "$kind"
  done
}

teardown_file() {
  [ -n "$reason" ] || rm -rf "$hosts"
}

setup() {
  [ -z "$reason" ] || skip "$reason"
}

# All examples, one a line, those of several lines with the byte 1F in between.
page_examples() {
  "$BATS_TEST_DIRNAME/../../mk/examples.sh" "$PAGE" | cut -f 3
}
help_examples() {
  "$AK_TOOL" help --json | jq -r '.commands[].example | split("\n")[]'
}
# The blocks of README that begin with authkey.
readme_examples() {
  awk '
    function out() { if (text ~ /^authkey /) print text; text = "" }
    /^    / { text = text (text == "" ? "" : "\037") substr($0, 5); next }
    { out() }
    END { out() }' "$README"
}

# host_of EXAMPLE: the host on which what it makes is not there yet.
host_of() {
  case $1 in
  'authkey init'*) echo bare ;;
  *'authkey create '* | *'authkey -q create '* | 'authkey recovery init '*) echo empty ;;
  *) echo full ;;
  esac
}

# shell_of EXAMPLE: what understands it.
shell_of() {
  case $1 in
  '. '*) echo bash ;;
  *) echo sh ;;
  esac
}

# typed EXAMPLE: what is typed of it. A line of a crontab is one line, and runs a command.
typed() {
  case $1 in
  '*/5 * * * * root '*) tr '\037' ' ' <<<"${1#* root }" ;;
  *) tr '\037' '\n' <<<"$1" ;;
  esac
}

# attempt EXAMPLE: run it on a fresh host, at a terminal, where questions are answered yes.
attempt() {
  local answers=('*assphrase: ' 'a horse walks into a bar\r' '*once more: '
    'a horse walks into a bar\r' '*Token: ' "$(cat "$hosts/full/root/token")\\r"
    '*[y/N] ' 'y\r' '*Description (optional): ' '\r' '*[Create] ' '\r')
  [[ $1 != *'log -f'* ]] || answers+=('*"time"' '\003')
  run "$BATS_TEST_DIRNAME/dialog.exp" 80 "${answers[@]}" -- \
    unshare "${apart[@]}" "$hosts/$(host_of "$1")" fresh "$(shell_of "$1")" -e -c "$(typed "$1")"
}

# attempt_all <EXAMPLES: whether each ends as it should; tells of all that do not.
attempt_all() {
  local example wanted count=0 wrong=0
  while IFS= read -r example; do
    wanted=${ENDS[$example]:-0}
    attempt "$example" </dev/null
    count=$((count + 1))
    [ "$status" != "${wanted%%:*}" ] || continue
    wrong=$((wrong + 1))
    printf 'exit code %s instead of %s: %s\n%s\n' "$status" "$wanted" "$(typed "$example")" "$output"
  done
  [ "$count" -gt 0 ] && [ "$wrong" -eq 0 ]
}

@test 'every example of authkey(8) and of help does what it is there for' {
  sort -u <(page_examples) <(help_examples) >"$hosts/examples"
  attempt_all <"$hosts/examples"
}

@test 'every example of README does what it is there for' {
  readme_examples | grep -q 'authkey create phone'
  attempt_all < <(readme_examples)
}

@test 'each example that does not exit 0 is one of those in the manual or README' {
  for example in "${!ENDS[@]}"; do
    grep -qxF -- "$example" <(page_examples; readme_examples)
  done
}

@test 'an example that does not run as printed is found' {
  run attempt_all <<<'authkey show nobody/nothing'
  [ "$status" -ne 0 ]
  [[ $output == *'exit code 3 instead of 0: authkey show nobody/nothing'* ]]
  run attempt_all <<<'authkey creat deploy'
  [ "$status" -ne 0 ]
  run attempt_all </dev/null
  [ "$status" -ne 0 ]
}
