#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/check-docs.sh [TOP]          in TAP
#
# The man pages say what the programs do, all of it and nothing else: the tool is asked
# (`authkey help --json`), the module's option table and the list of reasons are read.
#
#   AK_TOOL  the tool (TOP/build/authkey)
set -u

# shellcheck source=mk/report.sh
. "$(dirname "$0")/report.sh"
cd "${1:-$(dirname "$0")/..}" || exit 1
tool=${AK_TOOL:-build/authkey}
man=docs/man

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# same SENTENCE IN_THE_PROGRAM IN_THE_PAGE: two files of lines that must be the same.
same() {
  local trouble='the program says nothing'
  [ ! -s "$2" ] || trouble=$(differences "$2" "$3")
  report "$1" "$trouble"
}

# What the tool knows: "COMMAND --option" and "COMMAND -x", with " ARGUMENT" or the words
# to choose from where there is one.
tool_options() {
  jq -r '
    def options($command): .options[]
      | (if .argument == null then "" elif .argument | test("[|]") then " " + .argument
         else " ARGUMENT" end) as $argument
      | ("--" + .option, if .letter then "-" + .letter else empty end)
      | $command + " " + . + $argument;
    options("global"), (.commands[] | options(.command))' "$work/help"
}

# The same from the page: the items that begin with a flag, under each command's title.
page_options() {
  awk '
    /^\.Sh / { section = $0; command = section == ".Sh GLOBAL OPTIONS" ? "global" : "" }
    /^\.Ss / && section == ".Sh COMMANDS" { command = substr($0, 5) }
    /^\.It Fl / && command != "" {
      names = argument = ""
      for (i = 2; i <= NF; i++) {
        if ($i == "Fl") names = names " -" $++i
        else if ($i != "," && $i !~ /^(Ar|Cm)$/) argument = argument $i
      }
      if (argument != "") argument = argument ~ /[|]/ ? " " argument : " ARGUMENT"
      count = split(names, name, " ")
      for (i = 1; i <= count; i++) print command " " name[i] argument
    }' $man/authkey.8
}

page_commands() {
  awk '/^\.Sh / { inside = $2 == "COMMANDS" } /^\.Ss / && inside { print substr($0, 5) }' \
    $man/authkey.8
}

# "GROUP: COMMAND", of the tool's help and of the page, where the commands begin.
tool_groups() {
  jq -r '.commands[] | "\(.group): \(.command)"' "$work/help"
}

page_groups() {
  awk '
    /^\.Sh / { inside = $2 == "COMMANDS" }
    /^\.Ss / { inside = 0 }
    /^\.It / && inside { group = substr($0, 5) }
    /^\.Cm / && inside {
      count = split(substr($0, 5), command, " , ")
      for (i = 1; i <= count; i++) print group ": " command[i]
    }' $man/authkey.8
}

# "COMMAND: EXAMPLE", of the tool's help and of the page.
tool_examples() {
  jq -r '.commands[] | "\(.command): \(.example // empty | split("\n")[])"' "$work/help"
}

page_examples() {
  mk/examples.sh $man/authkey.8 | awk -F '\t' '
    NR == FNR { command[$0]; next }
    $1 in command && $2 == ".Dl" { print $1 ": " $3 }' "$work/commands" -
}

# The fields of a key, as `show` prints them, and the items of the page that name them.
page_fields() {
  awk '/^\.Sh / { inside = $2 == "JSON" }
       /^\.It Va / && inside { for (i = 3; i <= NF; i++) if ($i != ",") print $i }' \
    $man/authkey.8
}

metrics() {
  sed -n '/ metrics\[\] = {/,/^};/s/.*{ "\([a-z_]*\)",.*/\1/p' admin_tool/prometheus.c
}

page_metrics() {
  awk '/^\.Sh / { inside = $2 == "PROMETHEUS" }
       /^\.It Va / && inside { for (i = 3; i <= NF; i++) if ($i != ",") print $i }' \
    $man/authkey.8
}

# module_options TABLE: "name" of a flag, "name=" of an option with a value.
module_options() {
  sed -n "/ $1\[\] = {/,/^};/"'s/.*{ "\([a-z_]*\)", \([A-Z_]*\),.*/\1 \2/p' \
    core/module_options.c | awk '{ print $1 ($2 == "FLAG" ? "" : "=") }'
}

# page_module_options PAGE
page_module_options() {
  awk '/^\.Sh / { inside = $2 == "OPTIONS" }
       inside && /^\.Bl / { depth++ }
       inside && /^\.El/ { depth-- }
       inside && depth == 1 && /^\.It Cm / { print $3 }' "$1"
}

reasons() {
  sed -n '/^#define AK_REASONS/,/^$/s/^[[:space:]]*[A-Z]*(\([A-Z_]*\),.*/\1/p' core/reason.h
}

# page_reasons PAGE SECTION
page_reasons() {
  awk -v section="$2" '
    /^\.Sh / { inside = $2 == section }
    inside && /^\.(It )?(Sy|Cm) [A-Z_]+( |$)/ {
      for (i = 2; i <= NF; i++) if ($i ~ /^[A-Z]+(_[A-Z]+)*$/) print $i
    }' "$1"
}

# "SECTION NUMBER": of migrations of the database that a section of the page is about.
versions() {
  echo "MASTER $(find schema/migrations -name '*.sql' | wc -l)"
  echo "USAGE DATABASE $(find schema/usage -name '*.sql' | wc -l)"
}

page_versions() {
  awk '/^\.Sh / { section = substr($0, 5) }
       sub(/.*user_version is the number of the last migration, /, "") {
         sub(/\.$/, ""); print section, $0 }' $man/authkey-store.5
}

# folds: how many records of a file a command reads that does more; page_folds: the same.
folds() {
  sed -n 's/^#define AK_FOLD_SOME INT64_C(\([0-9]*\))$/\1/p' core/usage.h
}

page_folds() {
  sed -n 's/^They read up to \([0-9]*\) records of each file.*/\1/p' $man/authkey.8
}

# page_files PAGE: "PATH OWNER MODE" of all below the root.
page_files() {
  awk '/^\.Sh / { inside = $2 == "FILES" }
       inside && /^\.It Pa .* Ta / { print $3, $5, $7 }' "$1"
}

"$tool" help --json >"$work/help" || echo '{}' >"$work/help"
lint=$(mandoc -Tlint -W warning $man/*.[1-8] 2>&1)

echo 1..15
jq -r '.commands[].command' "$work/help" >"$work/commands"
same 'authkey(8) has every command and no other' "$work/commands" <(page_commands)
tool_groups >"$work/groups"
same 'authkey(8) has every group of commands and no other' "$work/groups" <(page_groups)
tool_options >"$work/options"
same 'authkey(8) has every option of every command and no other' "$work/options" \
  <(page_options)
page_examples >"$work/examples"
same 'authkey(8) has an example of every command' "$work/commands" \
  <(sed 's/: .*//' "$work/examples")
tool_examples >"$work/help_examples"
same 'authkey(8) has the examples of every command and no other' "$work/help_examples" \
  "$work/examples"
jq -r '.commands[] | select(.command == "show") | .fields[]' "$work/help" >"$work/fields"
same 'authkey(8) has every field of a key and no other' "$work/fields" <(page_fields)
metrics >"$work/metrics"
same 'authkey(8) has every metric and no other' "$work/metrics" <(page_metrics)
module_options options >"$work/module"
same 'pam_authkey(8) has every option of the module and no other' "$work/module" \
  <(page_module_options $man/pam_authkey.8)
module_options passwd_options >"$work/passwd"
same 'pam_authkey_passwd(8) has every option of the module and no other' "$work/passwd" \
  <(page_module_options $man/pam_authkey_passwd.8)
reasons >"$work/reasons"
same 'pam_authkey(8) has every reason of a refusal and no other' "$work/reasons" \
  <(page_reasons $man/pam_authkey.8 DIAGNOSTICS)
same 'authkey-store(5) has every check and no other' "$work/reasons" \
  <(page_reasons $man/authkey-store.5 CHECKS)
versions >"$work/versions"
same 'authkey-store(5) has the version of each database' "$work/versions" <(page_versions)
folds >"$work/folds"
same 'authkey(8) says how much is folded by the way' "$work/folds" <(page_folds)
page_files $man/authkey.8 >"$work/files"
same 'authkey(8) and authkey-store(5) have the same files' "$work/files" \
  <(page_files $man/authkey-store.5)
echo 'no warning' >"$work/lint"
same 'mandoc has no warning about a page' "$work/lint" <(echo "${lint:-no warning}")
exit $failed
