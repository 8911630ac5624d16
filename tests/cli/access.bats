#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# shellcheck disable=SC2154
load helper

access() {
  authkey access --pam-dir "$PLACE/pam.d" "$@"
}

# row SERVICE FIELD...: of the last answer, in JSON.
row() {
  local service=$1
  shift
  jq -c --arg s "$service" ".[] | select(.service == \$s) | [$(printf '.%s,' "$@" | sed 's/,$//')]" \
    <<<"$output"
}

# agrees KEY TOKEN [ADDRESS]: each row says what a real login gets.
agrees() {
  local service opens got
  access "$1" --user alice ${3:+--from "$3"} --json
  while read -r service opens; do
    got=true
    "$AK_BUILD/demo/login" "$PLACE/pam.d" "$service" alice ${3:+"$3"} <<<"$2" \
      >/dev/null 2>&1 || got=false
    [ "$service $opens" = "$service $got" ] || {
      echo "$1: $service: access says $opens, a login gets $got"
      return 1
    }
  done < <(jq -r '.[] | "\(.service) \(.opens)"' <<<"$output")
}

@test 'access says of each service what a login gets' {
  needs "$AK_BUILD/demo/login"
  service plain 'auth sufficient @M@' 'account required @M@'
  service named 'auth sufficient @M@ service=nginx' 'account required @M@ service=nginx'
  service half 'auth sufficient @M@ service=nginx' 'account required @M@'
  service scoped 'auth required @M@ scope=read' 'account required @M@'
  service known 'auth required @M@ require_verified_owner' 'account required @M@'
  service deny 'auth required @M@' 'account required pam_deny.so'
  service jump 'auth [success=1 default=ignore] @M@' 'auth required pam_deny.so' \
    'auth required pam_permit.so' 'account required pam_permit.so'
  service lost 'auth [success=1 default=ignore] @M@' 'auth required pam_permit.so' \
    'auth required pam_deny.so' 'account required pam_permit.so'
  service odd 'auth sufficient @M@ stroe=/x' 'account required @M@'
  service gone "auth sufficient $AK_MODULE store=/nonexistent/keys.db" 'account required @M@'
  service sub "auth substack $PLACE/pam.d/plain" "account include $PLACE/pam.d/plain"
  service broken 'auth sufficient @M@' "@include $PLACE/pam.d/nothing"
  service none 'auth required pam_permit.so'
  local tokens=() key all='broken deny gone half jump known lost named odd plain scoped sub'
  make one --owner alice --service plain --service nginx --service jump --service odd
  tokens+=("$token")
  make two --owner alice --scope read
  tokens+=("$token")
  make three --owner bob
  tokens+=("$token")
  make four --owner alice --from 192.0.2.0/24
  tokens+=("$token")
  make five --owner alice --disabled
  tokens+=("$token")
  access one --json
  ends 0
  [ "$(jq -r '[.[].service] | join(" ")' <<<"$output")" = "$all" ]
  for key in 1:one 2:two 3:three 4:four 5:five; do
    agrees "${key#*:}" "${tokens[${key%%:*} - 1]}" 192.0.2.7
  done
  agrees four "${tokens[3]}" 198.51.100.9
}

@test 'access names the reason, the module that must agree and the line' {
  service nginx 'auth sufficient @M@' 'account required @M@'
  service sshd '# keys' 'auth sufficient @M@' 'auth required pam_unix.so' \
    'account required @M@' 'account required pam_nologin.so' "@include $PLACE/pam.d/common"
  service common 'account [success=1 default=ignore] pam_unix.so' \
    'account requisite pam_deny.so' 'account required pam_permit.so'
  service odd 'auth sufficient @M@ stroe=/x' 'account required @M@'
  service deny 'auth required @M@' 'account required pam_deny.so'
  make deploy --owner alice --service sshd --service odd --service deny
  access deploy --json
  ends 0
  [ "$(row nginx opens reason because)" = \
    '[false,"SERVICE_MISMATCH","the key is not for this service"]' ]
  [ "$(row sshd opens reason needs where)" = \
    "[true,\"VALID\",[\"pam_nologin.so\",\"pam_unix.so\"],\"$PLACE/pam.d/sshd:2\"]" ]
  [ "$(row odd opens reason because)" = \
    '[false,null,"option stroe=/x: there is no such option"]' ]
  [ "$(row deny opens reason because)" = \
    '[false,null,"the account stack refuses even a valid key"]' ]
  access alice/deploy
  ends 0
  prints 'pam_nologin.so'
}

@test 'access decides for another user and address, and knows who gives none' {
  service nginx 'auth sufficient @M@' 'account required @M@'
  service sudo 'auth sufficient @M@' 'account required @M@'
  make deploy --owner alice --from 192.0.2.0/24
  access deploy --json
  ends 0
  [ "$(row nginx opens)" = '[true]' ]
  [ "$(row sudo opens reason)" = '[false,"NO_RHOST"]' ]
  access deploy --from 198.51.100.7 --field reason
  ends 1
  [ "$output" = $'FORBIDDEN_IP\nNO_RHOST' ]
  access deploy --user bob --json
  ends 1
  [ "$(row nginx reason)" = '["USER_MISMATCH"]' ]
}

@test 'access knows a store that is another one, and one that cannot answer' {
  "$AK_TOOL" init -q --dir "$PLACE/other" --group "$(id -gn)"
  service other "auth sufficient $AK_MODULE store=$PLACE/other/keys.db store_owner=$(id -u)"
  service gone "auth sufficient $AK_MODULE store=/nonexistent/keys.db"
  make deploy --owner alice
  access deploy --json
  ends 1
  [ "$(row other opens reason because)" = \
    "[false,null,\"it asks another store: $PLACE/other/keys.db\"]" ]
  [ "$(row gone opens reason)" = '[false,"STORE_UNAVAILABLE"]' ]
}

@test 'access without such a service, key, folder or address says so' {
  make deploy --owner alice
  service none 'auth required pam_permit.so'
  access deploy
  ends 1
  says 'No PAM service of this host asks pam_authkey.so'
  access nobody
  ends 3
  authkey access deploy --pam-dir "$PLACE/nowhere"
  ends 3
  says 'nowhere'
  access deploy --from example.org
  ends 2
  says 'an address is numeric'
  authkey access
  ends 2
}

@test 'a file that is only included, a copy and a name in capitals are no services' {
  service common 'auth sufficient @M@'
  service web "auth include $PLACE/pam.d/common" 'account required @M@'
  service web.dpkg-old 'auth sufficient @M@'
  service web~ 'auth sufficient @M@'
  service WEB 'auth sufficient @M@'
  service other 'auth sufficient @M@' 'account required @M@'
  make deploy --owner alice
  access deploy --field service
  ends 0
  [ "$output" = $'other\nweb' ]
}

@test 'without the right to read the master, access is exit 4' {
  root_only
  cp "$AK_TOOL" "$PLACE/authkey"
  run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups "$PLACE/authkey" \
    access deploy
  ends 4
}
