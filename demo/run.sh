#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: demo/run.sh          (`make demo` builds and calls it)
#
# The whole story, in a throwaway folder: a key is made, opens a service, is disabled,
# opens nothing, is enabled, opens it again, and all of that was counted. The service is
# demo/login.c, the PAM stack the one that pam_authkey(8) recommends. Ends with status 1
# at the first step that does not do what it should.
#
#   AK_TOOL, AK_MODULE, AK_BUILD  as `make` sets them
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
export AUTHKEY_DIR=$folder/authkey

# In real life these two lines stand in /etc/pam.d/SERVICE, without the options: the
# store is then the system's own, and root's.
mkdir "$folder/pam.d"
cat >"$folder/pam.d/demo" <<END
auth     sufficient $AK_MODULE store=$AUTHKEY_DIR/keys.db store_owner=$(id -un)
account  required   $AK_MODULE store=$AUTHKEY_DIR/keys.db store_owner=$(id -un)
END

number=0
step() {
  number=$((number + 1))
  printf '\n%d. %s\n' $number "$1"
}

wrong() {
  printf '\ndemo: step %d did not do what it should: %s\n' $number "$1" >&2
  exit 1
}

authkey() {
  echo "   \$ authkey $*"
  "$AK_TOOL" "$@" 2>&1 | sed 's/^/   /'
  [ "${PIPESTATUS[0]}" -eq 0 ] || wrong "authkey $1 failed"
}

# login USER TOKEN in|refused
login() {
  local status=0
  echo "   $1 logs in"
  "$AK_BUILD/demo/login" "$folder/pam.d" demo "$1" <<<"$2" | sed 's/^/   /' ||
    status=$?
  case $3$status in
  in0 | refused1) ;;
  *) wrong "$1 should have been $3" ;;
  esac
}
set -o pipefail

step 'An installation of its own (here in a throwaway folder, else in /var/lib/authkey)'
authkey init --group "$(id -gn)"

step 'A key for alice, good for the service "demo"'
echo '   $ authkey create deploy --owner alice --service demo -q'
token=$("$AK_TOOL" create deploy --owner alice --service demo -q) ||
  wrong 'authkey create failed'
[ ${#token} -ge 40 ] || wrong 'authkey create printed no token'
echo "   $token"

step 'The key opens the service: it stands where the password would'
login alice "$token" in

step "Nobody else's door: the key speaks for alice alone"
login bob "$token" refused

step 'A key that is not quite it opens nothing'
login alice "${token%?????????}xxxxxxxxx" refused

step 'Disabled: the next login already fails'
authkey disable deploy
login alice "$token" refused

step 'Enabled again'
authkey enable deploy
login alice "$token" in

step 'What there is, with status and last use: true the moment after a login'
authkey list
last=$("$AK_TOOL" show deploy --field last_used_at)
[ -n "$last" ] || wrong 'the login was not recorded'

step 'Who was let in and who was refused, by reason'
authkey stats deploy --by reason
counts=$("$AK_TOOL" show deploy --json | tr -d ' \n')
case $counts in
*'"uses":2,"refusals":2'*) ;;
*) wrong 'two logins and two refusals of this key were to be counted' ;;
esac

printf '\nAll %d steps did what they should. Nothing is left of them but build/.\n' $number
