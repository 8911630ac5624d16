#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Postfix, set up by the lines of docs/services/postfix.md, takes mail from curl with a key:
# smtpd in its chroot asks saslauthd, and that asks the module. SECURITY R2, R16, R26.

load ../service
load ../unix

setup_file() {
  can_serve_unix postfix /etc/init.d/saslauthd openssl || return 0
  make_folder root
  make_etc alternatives default init.d adduser.conf services ssl postfix
  make_certificate "$folder/etc/ssl/certs/mail.pem" "$folder/etc/ssl/private/mail.key"
  recipe postfix.md /etc/pam.d/smtp >"$folder/etc/pam.d/smtp"
  recipe postfix.md /etc/default/saslauthd >>"$folder/etc/default/saslauthd"
  make_postfix
  serve "$BATS_TEST_DIRNAME/../etc.sh" "$folder" "$BATS_TEST_DIRNAME/postfix.sh" "$folder"
}

teardown_file() {
  [ -z "$reason" ] || return 0
  end "$(cat "$folder/pid")"
  end "$(cat "$folder/saslauthd.pid")"
  stop
}

# Debian's services but for port 25, and the page's, on a port of loopback; mail goes
# nowhere.
make_postfix() {
  local etc=$folder/etc/postfix
  port=$(free_port)
  export port
  cat >"$etc/main.cf" <<END
compatibility_level = 3.6
myhostname = mail.example.org
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = discard:
END
  {
    grep -vE '^#|^smtp +inet' /usr/share/postfix/master.cf.dist
    recipe postfix.md /etc/postfix/master.cf | sed "s/^submission/127.0.0.1:$port/"
  } >"$etc/master.cf"
  mkdir -p "$etc/sasl"
  recipe postfix.md /etc/postfix/sasl/smtpd.conf >"$etc/sasl/smtpd.conf"
}

# login USER PASSWORD [OPTION]...: sends a mail; in, out, or curl's exit status. The
# password goes through standard input.
login() {
  local status=0
  echo 'Subject: hello' >"$BATS_TEST_TMPDIR/mail"
  printf 'user = "%s:%s"\n' "$1" "$2" |
    curl -s -v -k --ssl-reqd -m 20 -K - --mail-from "$1@example.org" \
      --mail-rcpt bob@example.net -T "$BATS_TEST_TMPDIR/mail" "${@:3}" \
      "smtp://127.0.0.1:$port" >"$BATS_TEST_TMPDIR/said" 2>&1 || status=$?
  case $status in
    0) echo in ;;
    67) grep -q '< 535 5.7.8 Error: authentication failed' "$BATS_TEST_TMPDIR/said" && echo out ;;
    *) echo "$status" ;;
  esac
}

# heard: the last line of what the server at the other end of CLIENT says; said LINE: of
# what it answers to this.
heard() {
  local line
  while read -r -t 20 line <&"${CLIENT[0]}" && [[ ! $line =~ ^[0-9]{3}\  ]]; do
    :
  done
  echo "$line"
}

said() {
  echo "$1" >&"${CLIENT[1]}"
  heard
}

@test "the key lets mail in, and was last used for smtp, from nowhere" {
  token=$(new_key opens --service smtp)
  [ "$(last_use opens)" = '[false,null,null]' ]
  opens alice "$token"
  grep -q '< 250 2.0.0 Ok: queued' "$BATS_TEST_TMPDIR/said"
  [ "$(last_use opens)" = '[true,null,"smtp"]' ]
  [ "$(told 'client=.*127.0.0.1.*sasl_method=PLAIN, sasl_username=alice')" -eq 1 ]
  opens alice "$token" --login-options AUTH=LOGIN
  [ "$(authkey show opens --field uses)" -eq 2 ]
}

@test "root asks the module, and Postfix's log has the address that it is not told" {
  token=$(new_key asked --disabled)
  refused alice "$token"
  [ "$(told 'smtp:auth.*uid=0 euid=0 tty= ruser= rhost= user=alice .*reason=DISABLED')" -eq 1 ]
  [ "$(told 'submission/smtpd.*127.0.0.1.: SASL PLAIN authentication failed')" -ge 1 ]
}

@test "a wrong key, a password, nobody, or another's name sends nothing" {
  refuses_the_wrong root
  run -55 curl -s -v -k --ssl-reqd --mail-from alice@example.org --mail-rcpt bob@example.net \
    -T "$BATS_TEST_TMPDIR/mail" "smtp://127.0.0.1:$port"
  [[ $output == *'< 554 5.7.1 <bob@example.net>: Recipient address rejected: Access denied'* ]]
}

@test "before TLS there is no AUTH, and no mail" {
  token=$(new_key plain)
  exec 8<>"/dev/tcp/127.0.0.1/$port"
  printf 'EHLO client\r\nAUTH PLAIN %s\r\nQUIT\r\n' \
    "$(printf '\0alice\0%s' "$token" | base64 -w0)" >&8
  said=$(timeout 20 cat <&8)
  exec 8>&-
  [[ $said == *STARTTLS* ]]
  [[ $said != *250?AUTH* ]]
  [[ $said == *'530 5.7.0 Must issue a STARTTLS command first'* ]]
  [ "$(told "key=${token:3:8}")" -eq 0 ]
}

@test "disable is obeyed by the next login, and enable, and revoke (R26)" {
  obeys_each_change
}

@test "a key for another service is refused, and one for any network, with NO_RHOST" {
  opens alice "$(new_key mine --service smtp)"
  refused alice "$(new_key service --service imap)"
  refused alice "$(new_key network --from 0.0.0.0/0)"
  [ "$(told 'reason=NO_RHOST')" -eq 1 ]
}

@test "who logs in with any domain is the owner without it" {
  token=$(new_key domain)
  opens alice@example.org "$token"
  opens alice@example.net "$token"
  [ "$(authkey show domain --field uses)" -eq 2 ]
}

@test "a connection that has logged in stays so after disable" {
  token=$(new_key stays)
  coproc CLIENT { openssl s_client -quiet -crlf -starttls smtp -connect "127.0.0.1:$port" 2>&1; }
  [[ $(heard) == '250 '* ]] # to STARTTLS's EHLO, as openssl shows
  [[ $(said 'EHLO client') == '250 '* ]]
  [[ $(said "AUTH PLAIN $(printf '\0alice\0%s' "$token" | base64 -w0)") == '235 '* ]]
  authkey disable stays
  [[ $(said 'MAIL FROM:<alice@example.org>') == '250 '* ]]
  [[ $(said 'RCPT TO:<bob@example.net>') == '250 '* ]]
  [[ $(said QUIT) == '221 '* ]]
}

@test "no token and no password is in any log (R16)" {
  tells_no_secret "$folder"
  encoded=$(printf '\0alice\0%s' "$token" | base64 -w0)
  run ! grep -a -e "${encoded: -20}" "$folder/syslog"
}

@test "with -r and a domain of Postfix's own, the owner is the name with its domain" {
  plain=$(new_key short)
  token=$(authkey create long --owner alice@example.org -q)
  sed -i 's/^OPTIONS="-m/OPTIONS="-r -m/' "$folder/etc/default/saslauthd"
  inside /etc/init.d/saslauthd restart
  inside cat /var/spool/postfix/var/run/saslauthd/saslauthd.pid >"$folder/saslauthd.pid"
  opens alice "$plain"
  refused alice@example.org "$plain"
  opens alice@example.org "$token"
  refused alice@example.net "$token"
  inside postconf -e smtpd_sasl_local_domain=example.org
  inside postfix reload
  refused alice "$plain"
  opens alice "$token"
}
