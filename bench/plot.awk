#!/usr/bin/awk -f
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/plot.awk FIGURES.csv >PLOT.svg
#
# What a login costs against the number of keys or users, both logarithmic, as SVG, in
# colours that can be read on light and on dark pages.

BEGIN {
	FS = ","
	count = split("valid userdb mysql pwdfile unix permit", works, " ")
	split("pam_authkey,pam_userdb,pam_mysql,pam_pwdfile,pam_unix,pam_permit", names, ",")
	left = 70; right = 560; top = 30; bottom = 370
	least = 1; most = 5 # powers of ten, microseconds
}

function log10(n) { return log(n) / log(10) }
function x(keys) { return left + (right - left) * (log10(keys) - low) / (high - low) }
function y(us) { return bottom - (bottom - top) * (log10(us) - least) / (most - least) }

$1 == "fact" { fact[$2] = $3 }
$1 == "here" && $5 > 0 {
	us[$4, $2] = $6
	while ($6 > 10 ^ most) most++
	if (!($2 in known)) {
		known[$2] = 1
		sizes[++size_count] = $2
		if (low == "" || log10($2) < low) low = log10($2)
		if (high == "" || log10($2) > high) high = log10($2)
	}
}

function text(at_x, at_y, anchor, class, words) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", at_x, at_y, anchor,
	    class == "" ? "" : " class=\"" class "\"", words
}

function axes(    i, label, words) {
	split("10 µs,100 µs,1 ms,10 ms,100 ms,1 s,10 s", label, ",")
	for (i = least; i <= most; i++) {
		printf "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>\n", left, right,
		    y(10 ^ i), y(10 ^ i)
		text(left - 8, y(10 ^ i) + 4, "end", "", label[i])
	}
	for (i = 1; i <= size_count; i++) {
		words = sizes[i] >= 1000000 ? sizes[i] / 1000000 " million" : sizes[i] / 1000 ",000"
		text(x(sizes[i]), bottom + 20, "middle", "", words)
	}
	text((left + right) / 2, bottom + 42, "middle", "", "keys, or users")
	text(left, top - 12, "start", "", "a whole PAM transaction, in one process, median")
}

# A label beside the last point, moved down where another one stands already.
function place_label(at_y,    i, free) {
	do {
		free = 1
		for (i = 1; i <= labels; i++)
			if (at_y > taken[i] - 14 && at_y < taken[i] + 14) {
				at_y = taken[i] + 14
				free = 0
			}
	} while (!free)
	return taken[++labels] = at_y
}

function curve(i,    j, points, last, label) {
	for (j = 1; j <= size_count; j++)
		if ((works[i], sizes[j]) in us) {
			last = sizes[j]
			points = points sprintf("%.1f,%.1f ", x(last), y(us[works[i], last]))
		}
	if (points == "") return
	printf "<polyline class=\"c%d\" points=\"%s\"/>\n", i, points
	for (j = 1; j <= size_count; j++)
		if ((works[i], sizes[j]) in us)
			printf "<circle class=\"c%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>\n", i, x(sizes[j]),
			    y(us[works[i], sizes[j]])
	label = place_label(y(us[works[i], last]) + 4)
	text(x(last) + 10, label, "start", "n" i, names[i])
}

END {
	if (size_count < 2) exit
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 680 430\" role=\"img\">"
	print "<title>What a login costs against the number of keys</title>"
	print "<style>"
	print "text { font: 13px sans-serif; fill: #808080 }"
	print ".grid { stroke: #808080; stroke-width: 1; opacity: 0.35 }"
	print "polyline { fill: none; stroke-width: 2 }"
	split("#1a8cd8 #cc7000 #b565a5 #1a9f78 #a08050 #808080", colour, " ")
	for (i = 1; i <= count; i++)
		printf "polyline.c%d { stroke: %s } circle.c%d, .n%d { fill: %s }\n", i, colour[i], i, i, colour[i]
	print "polyline.c1 { stroke-width: 4 } .n1 { font-weight: bold }"
	print "polyline.c6 { stroke-dasharray: 5 4 }"
	print "</style>"
	axes()
	for (i = count; i >= 1; i--) curve(i)
	print "</svg>"
}
