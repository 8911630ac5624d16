#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# --copy: the token goes to the terminal's clipboard and nowhere else.
# shellcheck disable=SC2154,SC2030,SC2031,SC2016,SC2034
load helper
load recovery_helper

ESC=$'\e' BEL=$'\a'

# What the terminal was told to put on its clipboard: $output has one such sequence.
copied() {
  local told=${output#*"${ESC}]52;c;"}
  [[ $output == *"${ESC}]52;c;"* && $told == *"$BEL"* ]] || return 1
  [[ ${told#*"$BEL"} != *']52;'* ]] || return 1
  base64 -d <<<"${told%%"$BEL"*}"
}

# No token as it is in any of these texts.
shows_none() {
  ! grep -qE 'ak_[1-9A-HJ-NP-Za-km-z]{41}' <<<"$*"
}

setup_copy() {
  unset TMUX STY
  export PLACE
}

@test 'create --copy tells the terminal, by OSC 52, exactly the token, and shows none' {
  setup_copy
  dialog 100 -- "$AK_TOOL" create deploy --owner alice --copy -y
  ends 0
  shows_none "$output"
  token=$(copied)
  [[ $token =~ $TOKEN ]]
  [ "${#token}" = 44 ]
  [ "$(verdict --user alice)" = VALID ]
  prints "ak_${token:3:8}…"
  prints 'which it does not confirm'
}

@test 'nothing but the masked token reaches stdout and stderr' {
  setup_copy
  dialog 100 -- bash -c \
    '"$AK_TOOL" create deploy --copy >"$PLACE/out" 2>"$PLACE/err" </dev/null'
  ends 0
  token=$(copied)
  [ "$output" = "${ESC}]52;c;$(printf %s "$token" | base64 -w0)$BEL" ]
  [ "$(verdict)" = VALID ]
  shows_none "$(cat "$PLACE/out" "$PLACE/err")"
  lacks "${token:11:10}" "$PLACE/out" "$PLACE/err"
  lacks '52;c' "$PLACE/out" "$PLACE/err"
  grep -q "ak_${token:3:8}" "$PLACE/out"
}

@test '--copy -q prints nothing at all' {
  setup_copy
  dialog 100 -- "$AK_TOOL" create deploy --copy -q
  ends 0
  token=$(copied)
  [ "$output" = "${ESC}]52;c;$(printf %s "$token" | base64 -w0)$BEL" ]
}

@test '--copy with JSON and CSV masks the key' {
  setup_copy
  local style
  for style in --json '--format csv'; do
    dialog 100 -- bash -c "\"\$AK_TOOL\" create \"\$1\" --copy -q $style >\"\$PLACE/out\"" - "k${#style}"
    ends 0
    token=$(copied)
    grep -q "ak_${token:3:8}…" "$PLACE/out"
    shows_none "$(cat "$PLACE/out")"
  done
}

@test '--copy and --field key contradict each other, and nothing is made' {
  setup_copy
  dialog 100 -- "$AK_TOOL" create deploy --copy --field key
  ends 2
  prints 'contradict each other'
  dialog 100 -- "$AK_TOOL" create deploy --copy --field id -q
  ends 0
  copied
  [ "$("$AK_TOOL" list --field name)" = deploy ]
}

@test 'without a terminal --copy is exit 2 before anything is made or asked' {
  setup_copy
  recovery_on
  make deploy
  run --separate-stderr setsid -w "$AK_TOOL" create another --copy </dev/null
  ends 2
  silent
  says 'needs a terminal'
  run --separate-stderr setsid -w "$AK_TOOL" reveal deploy --copy \
    --recovery-key "$PLACE/recovery.key" </dev/null
  ends 2
  says 'needs a terminal'
  run --separate-stderr setsid -w "$AK_TOOL" rotate deploy --copy </dev/null
  ends 2
  [ "$("$AK_TOOL" list --field name)" = deploy ]
  [ "$(audited reveal)" = 0 ]
  [ "$(verdict)" = VALID ]
}

@test 'Cancel copies nothing' {
  setup_copy
  dialog 100 'Create or Cancel?' 'cancel\r' -- "$AK_TOOL" create deploy -d '' --copy
  ends 1
  [[ $output != *']52;'* ]]
}

@test 'reveal --copy and rotate --copy put the token on the clipboard and print none' {
  setup_copy
  recovery_on
  make deploy
  dialog 100 'Passphrase: ' "$PASSPHRASE\\r" -- \
    "$AK_TOOL" reveal deploy --copy --recovery-key "$PLACE/recovery.key"
  ends 0
  [ "$(copied)" = "$token" ]
  shows_none "$output"
  [ "$(audited reveal)" = 1 ]
  dialog 100 -- "$AK_TOOL" rotate deploy --copy -y
  ends 0
  shows_none "$output"
  token=$(copied)
  [ "$(verdict)" = VALID ]
}

@test 'inside tmux and screen the terminal outside is told as well, in their envelopes' {
  setup_copy
  TMUX=/nowhere,1,0 dialog 100 -- "$AK_TOOL" create a --copy -q
  ends 0
  token=$("$AK_TOOL" list --field id)
  local told=${output%%"$BEL"*}
  told=${told#*52;c;}
  [ "$(base64 -d <<<"$told" | head -c 11)" = "ak_$token" ]
  [ "$output" = \
    "${ESC}]52;c;$told$BEL${ESC}Ptmux;$ESC${ESC}]52;c;$told$BEL$ESC\\" ]
  STY=1.here dialog 100 -- "$AK_TOOL" create b --copy -q
  ends 0
  told=${output%%"$BEL"*}
  told=${told#*52;c;}
  [ "$output" = "${ESC}]52;c;$told$BEL${ESC}P${ESC}]52;c;$told$BEL$ESC\\" ]
}

# multiplexer SETTING...: a tmux of our own, with these settings.
multiplexer() {
  needs tmux
  export TERM=xterm
  printf 'set -g %s\n' "$@" >"$PLACE/tmux.conf"
  cat >"$PLACE/inside" <<'END'
"$AK_TOOL" create deploy --copy >"$PLACE/out" 2>&1
echo $? >"$PLACE/code"
tmux -S "$PLACE/tmux" wait-for -S made
exec cat
END
}

@test 'in a real tmux with set-clipboard on, the paste buffer is the token' {
  setup_copy
  multiplexer 'set-clipboard on'
  tmux -S "$PLACE/tmux" -f "$PLACE/tmux.conf" new-session -d -x 100 -y 30 \
    "sh '$PLACE/inside' 2>/dev/null </dev/tty"
  timeout 10 tmux -S "$PLACE/tmux" wait-for made || true
  local tries
  for ((tries = 0; tries < 200; tries++)); do
    token=$(tmux -S "$PLACE/tmux" show-buffer 2>/dev/null) && [ -n "$token" ] && break
    sleep 0.02
  done
  local screen
  screen=$(tmux -S "$PLACE/tmux" capture-pane -p)
  tmux -S "$PLACE/tmux" kill-server
  [[ $token =~ $TOKEN ]]
  [ "$(verdict)" = VALID ]
  [ "$(cat "$PLACE/code")" = 0 ]
  shows_none "$screen $(cat "$PLACE/out")"
}

@test 'in a real tmux with allow-passthrough on, the terminal outside is told' {
  setup_copy
  multiplexer 'set-clipboard off' 'allow-passthrough on'
  # What comes while tmux draws the window for the first time is not passed on.
  sed -i '1i echo drawn; read -r key' "$PLACE/inside"
  dialog 100 drawn '\r' ']52;c;' '\004' -- \
    tmux -S "$PLACE/tmux" -f "$PLACE/tmux.conf" new-session "sh '$PLACE/inside'"
  tmux -S "$PLACE/tmux" kill-server 2>/dev/null || true
  token=$(copied)
  [[ $token =~ $TOKEN ]]
  [ "$(verdict)" = VALID ]
}
