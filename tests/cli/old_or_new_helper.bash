# SPDX-License-Identifier: BSD-2-Clause
# For tests in which a change ends in its middle, whatever ends it: nothing has changed, or
# all has. A test says before, wanted (what look says then), again (the command), hits
# (what ended it), at_name and at_number (where), once (it cannot be given again).
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154

# All that the installation says of itself, without times and what is drawn at random.
look() {
  {
    "$AK_TOOL" export -q | sed 1d |
      jq -cS 'del(.id, .digest, .sealed, .created_at, .activated_at) |
        .replaced_by |= (. != null)' | sort
    "$AK_TOOL" config --json
    "$AK_TOOL" verifier list --json
    "$AK_TOOL" recovery status --json
  } </dev/null | sed 's/20[0-9-]*T[0-9:]*Z/TIME/g; s/replaced by [^"]*/replaced/'
}

# amiss TEXT: say what is wrong with what was hit last.
amiss() {
  echo "# $hits at $at_name $at_number, exit $code: $1" >&3
  return 1
}

# What must hold of $again, killed or failed, in an installation with a key of each state.
is_old_or_new() {
  local found printed
  is_whole || amiss 'not whole' || return
  found=$(look)
  case $found in
    "$wanted") took=$((took + 1)) ;;
    "$before") ;;
    *) amiss "neither old nor new: $found" || return ;;
  esac
  [ "$code" != 0 ] || [ "$found" = "$wanted" ] || amiss 'said to be done' || return
  [[ $hits == signal=* || $code == 0 || $found == "$before" ||
    $(<"$PLACE/err") =~ 'the change is'|'the answer is not whole'|'stdout did not take' ]] ||
    amiss "changed, and the error is: $(<"$PLACE/err")" || return
  printed=$(grep -oE 'ak_[1-9A-HJ-NP-Za-km-z]{41}' "$PLACE/out") || printed=
  [ -z "$printed" ] || [ "$(token=$printed verdict --service sshd)" = VALID ] || amiss 'no such token' || return
  "$AK_TOOL" audit --verify -q || amiss 'the audit is broken' || return
  [ -z "${once:-}" ] || [ "$found" = "$before" ] || return 0
  "$AK_TOOL" "${again[@]}" -q <"${INPUT:-/dev/null}" >/dev/null || amiss 'not again' || return
  [ "$(look)" = "$wanted" ] || amiss "not mended: $(diff <(echo "$wanted") <(look))"
}
