# SPDX-License-Identifier: BSD-2-Clause
# bash completion for authkey(8), which is asked itself: authkey completion.
# shellcheck shell=bash

_authkey() {
  local PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  local line=${COMP_LINE:0:COMP_POINT} part rest head='' quote='' i
  local words=()

  # bash takes words apart at = : and @; what no blank parts is one word again. The head
  # is what stands before the part that bash replaces.
  for part in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    rest=${line#"${line%%[![:blank:]]*}"}
    part=${rest:0:${#part}}
    if [ "$rest" != "$line" ] || [ ${#words[@]} -eq 0 ]; then
      head=''
      words+=("$part")
    else
      head=${words[-1]}
      words[-1]+=$part
    fi
    line=${rest:${#part}}
  done
  [[ $part == [=:@]* ]] && head=${words[-1]}
  if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[COMP_CWORD - 1]} == [\<\>]* ]]; then
    compopt -o default
    return
  fi
  [[ ${words[-1]} == [\'\"]* ]] && quote=${words[-1]:0:1}
  # shellcheck disable=SC2162 # read takes backslashes away, which is what it is for
  for i in "${!words[@]}" head; do
    [ "$i" = head ] && rest=$head || rest=${words[i]}
    case $rest in
    \'*) rest=${rest#\'} rest=${rest%\'} ;;
    \"*) rest=${rest#\"} rest=${rest%\"} ;;
    *\\*) IFS='' read rest <<<"$rest" ;;
    esac
    [ "$i" = head ] && head=$rest || words[i]=$rest
  done

  COMPREPLY=()
  while IFS=$'\t' read -r part rest; do
    case $part in
    :files) compopt -o default ;;
    :folders) compopt -o dirnames ;;
    *)
      part=${part#"$head"}
      [ -n "$quote" ] || printf -v part %q "$part"
      COMPREPLY+=("$part")
      ;;
    esac
  done < <(printf '%s\n' "${words[@]:1}" | authkey completion 2>/dev/null)
}

complete -F _authkey authkey
