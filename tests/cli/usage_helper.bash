# SPDX-License-Identifier: BSD-2-Clause
# For tests of what is made of usage: real logins through the module, and records.
#
#   AK_MODULE  the module; AK_BUILD  where demo/login is
# shellcheck shell=bash
# shellcheck disable=SC2154  # AUTHKEY_DIR and PLACE come from helper.bash

# login SERVICE USER [ADDRESS]: with $token; whether the user was let in.
login() {
  local status=0
  [ -e "$PLACE/pam.d/$1" ] || service "$1" 'auth sufficient @M@' 'account required @M@'
  "$AK_BUILD/demo/login" "$PLACE/pam.d" "$@" <<<"$token" >/dev/null 2>&1 || status=$?
  return "$status"
}

# refused SERVICE USER [ADDRESS]: the same, and the user must not be let in.
refused() {
  local status=0
  login "$@" || status=$?
  [ "$status" -eq 1 ]
}

# usage_file: what this user's processes record in.
usage_file() {
  echo "$AUTHKEY_DIR/usage.d/$(id -u)"
}

# last_record [TIMES]: the last record, so many times.
last_record() {
  local have
  tail -c 80 "$(usage_file)" >"$PLACE/records"
  for ((have = 1; have < ${1:-1}; have *= 2)); do
    cat "$PLACE/records" "$PLACE/records" >"$PLACE/twice"
    mv "$PLACE/twice" "$PLACE/records"
  done
  head -c $((${1:-1} * 80)) "$PLACE/records"
}

# repeat_record TIMES: write the last record again, so many times.
repeat_record() {
  last_record "$1" >>"$(usage_file)"
}

# usage_sql STATEMENT
usage_sql() {
  sql "$AUTHKEY_DIR/master/usage.db" "$1"
}

# age KEY SECONDS: the last use of a key was so long ago, and so was its making.
age() {
  local key_id
  key_id=$("$AK_TOOL" show "$1" --field id)
  usage_sql "UPDATE key_usage SET last_at = unixepoch() - $2
    WHERE key_id = '$key_id' AND last_at IS NOT NULL"
  master_sql "UPDATE key SET created_at = unixepoch() - $2 WHERE id = '$key_id'"
}
