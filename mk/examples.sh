#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: mk/examples.sh PAGE
#
# The examples of a manual page in mdoc(7), a line for each:
#
#   SECTION <tab> .Dl or .Bd <tab> text
#
# SECTION is the title of the subsection, or of the section where there is none. The lines
# of a .Bd -literal stand in one, with the byte 1F between them.
exec awk '
  # Text as the reader sees it: escapes of roff undone.
  function shown(text) {
    gsub(/\\&/, "", text)
    gsub(/\\-/, "-", text)
    gsub(/\\e/, "\\", text)
    return text
  }
  /^\.S[hs] / { title = substr($0, 5) }
  /^\.Dl / { print title "\t.Dl\t" shown(substr($0, 5)) }
  /^\.Ed/ && inside { print title "\t.Bd\t" text; inside = 0 }
  inside { text = text (text == "" ? "" : "\037") shown($0) }
  /^\.Bd -literal/ { inside = 1; text = "" }' "$1"
