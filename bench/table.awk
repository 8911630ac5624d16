#!/usr/bin/awk -f
# SPDX-License-Identifier: BSD-2-Clause
# usage: bench/table.awk [-v brief=1] FIGURES.csv
#
# Tables for people, in Markdown, of the figures that run.sh has measured; `brief` are
# those that matter most.

BEGIN {
	FS = ","
	name("permit", "pam_permit")
	name("valid", "**a key that opens**, use recorded")
	name("unrecorded", "the same with `usage=off`")
	name("disabled", "a key that is disabled")
	name("passed", "a password passed on")
	name("userdb", "pam_userdb, plain passwords")
	name("pwdfile", "pam_pwdfile, MD5")
	name("mysql", "pam_mysql, plain passwords, MariaDB")
	name("unix", "pam_unix, yescrypt")
}

function name(work, text) { called[work] = text }

function size_word(keys) {
	if (keys >= 1000000) return keys / 1000000 " million"
	return keys >= 1000 ? sprintf("%d,000", keys / 1000) : keys
}

# Three digits and a unit: what a person reads at a glance.
function duration(us) {
	if (us < 999.5) return figure(us) " µs"
	if (us < 999500) return figure(us / 1000) " ms"
	return figure(us / 1000000) " s"
}

function figure(n) { return n < 9.995 ? sprintf("%.2f", n) : n < 99.95 ? sprintf("%.1f", n) : sprintf("%.0f", n) }

# Remember things in the order in which they come.
function note(list, thing) {
	if (!((list, thing) in seen)) {
		seen[list, thing] = 1
		order[list, ++counts[list]] = thing
	}
}

$1 == "fact" { fact[$2] = $3; next }
$1 == "timing" { refusal[++refusals] = $0; next }
$1 == "set" || NF < 13 { next }
{
	at = $1 SUBSEP $2 SUBSEP $3 SUBSEP $4
	note($1 " sizes", $2)
	note($1 " works", $4)
	note($1 " runs", $2 SUBSEP $3)
	count[at] = $5; median[at] = $6; p99[at] = $7; ratio[at] = $8; ratio99[at] = $9
	peak[at] = $10; wrong[at] = $11; unavailable[at] = $12; why[at] = $13
}

# The head of a table with a column for each size; false when there is none.
function sizes(set, title,    i, line, rule) {
	if (!counts[set " sizes"]) return 0
	line = "| " title
	rule = "|---"
	for (i = 1; i <= counts[set " sizes"]; i++) {
		line = line " | " size_word(order[set " sizes", i]) " keys"
		rule = rule "|--:"
	}
	printf "\n%s |\n%s|\n", line, rule
	return 1
}

function ratios(set, title,    i, j, line, work, at) {
	if (!sizes(set, title)) return
	for (j = 1; j <= counts[set " works"]; j++) {
		work = order[set " works", j]
		line = "| " called[work]
		for (i = 1; i <= counts[set " sizes"]; i++) {
			at = set SUBSEP order[set " sizes", i] SUBSEP 1 SUBSEP work
			line = line " | " (count[at] == 0 ? why[at] : \
			    work == "permit" ? duration(median[at]) : figure(ratio[at]))
		}
		print line " |"
	}
}

function together(set, title,    i, j, run, part, work, at) {
	if (!counts[set " runs"]) return
	printf "\n| %s | median | p99 | logins | wrong | unavailable |\n", title
	print "|---|--:|--:|--:|--:|--:|"
	for (i = 1; i <= counts[set " runs"]; i++) {
		run = order[set " runs", i]
		split(run, part, SUBSEP)
		for (j = 1; j <= counts[set " works"]; j++) {
			work = order[set " works", j]
			at = set SUBSEP run SUBSEP work
			if (set == "together" && work == "toggled") continue
			printf "| %d, %s keys: %s | %s | %s | %d | %d | %d |\n", part[2],
			    size_word(part[1]), work == "toggled" ? "the key that is toggled" : called[work],
			    work == "permit" ? duration(median[at]) : figure(ratio[at]),
			    work == "permit" ? duration(p99[at]) : figure(ratio99[at]),
			    count[at], wrong[at], unavailable[at]
		}
	}
}

function cost(set, title,    i, j, line, work, at) {
	if (!sizes(set, title)) return
	for (j = 1; j <= counts[set " works"]; j++) {
		work = order[set " works", j]
		line = "| " (work ~ /^(append|fold|stats|making)/ ? work : "`" work "`")
		for (i = 1; i <= counts[set " sizes"]; i++) {
			at = set SUBSEP order[set " sizes", i] SUBSEP 1 SUBSEP work
			line = line " | "
			if (at in count) line = line duration(median[at])
			if (peak[at] != "") line = line sprintf(", %.0f MiB", peak[at] / 1024)
		}
		print line " |"
	}
}

function value(list, set, keys, processes, work) {
	return list[set SUBSEP keys SUBSEP processes SUBSEP work]
}

# Of all sizes and all works but pam_permit: the sum or the largest, "" when nothing is measured.
function of_all(list, set, processes, sum,    i, j, at, n) {
	for (i = 1; i <= counts[set " sizes"]; i++)
		for (j = 1; j <= counts[set " works"]; j++) {
			at = set SUBSEP order[set " sizes", i] SUBSEP processes SUBSEP order[set " works", j]
			if (count[at] > 0 && order[set " works", j] != "permit") n = sum ? n + list[at] : larger(n, list[at] + 0)
		}
	return n
}

# A row: what is wanted, the most that it may be, what it is ("" is not measured).
function goal(text, most, is, shown) {
	printf "| %s | %s | %s |\n", text, is == "" ? "not measured" : shown,
	    is == "" ? "" : is <= most ? "yes" : "**no**"
}

function goals(    one, fresh, grown, n, fold, folded) {
	print "\n| goal | is | reached |\n|---|--:|---|"
	one = value(ratio, "here", 1000000, 1, "valid")
	goal("one process, 1 million keys: 1.1 times pam_permit at most", 1.1, one, figure(one))
	fresh = value(ratio, "fresh", 1000, 1, "valid")
	goal("a fresh process: 1.6 times at most", 1.6, fresh, figure(fresh))
	n = value(ratio, "here", 1000, 1, "passed")
	goal("a password passed on: 0.4 times at most", 0.4, n, figure(n))
	n = value(ratio, "here", 10000000, 1, "valid")
	grown = n == "" ? "" : n / value(ratio, "here", 1000, 1, "valid")
	goal("from 1,000 to 10 million keys: 1.1 times as much at most; a deeper tree has more cold pages, and the delta is a second file", 1.1, grown, figure(grown))
	n = of_all(ratio99, "toggled", 64, 0)
	goal("64 processes while a key is toggled: p99 2 times at most", 2, n, figure(n))
	n = n == "" ? "" : of_all(wrong, "toggled", 64, 1) + of_all(unavailable, "toggled", 64, 1)
	goal("the same: no wrong answer, none unavailable", 0, n, n)
	n = value(median, "tool", 1000000, 1, "disable")
	goal("`disable` among 1 million keys: 50 ms at most", 50000, n, duration(n))
	n = value(median, "tool", 1000000, 1, "list --limit 50")
	goal("`list --limit 50` of 1 million keys: 30 ms at most", 30000, n, duration(n))
	n = value(median, "tool", 1000000, 1, "import")
	goal("`import` of 1 million keys: 15 s at most", 15000000, n, duration(n))
	folded = "fold of 1000000 records of a day"
	n = value(median, "usage", 1000, 1, folded)
	goal("fold of 1 million records: 3 s at most", 3000000, n, duration(n))
	fold = value(peak, "usage", 1000, 1, folded)
	goal("the same: 64 MiB at most", 65536, fold, sprintf("%.0f MiB", fold / 1024))
}

function abs(n) { return n < 0 ? -n : n }

function larger(a, b) { return a == "" || b > a ? b : a }

# Welch's t needs its ten thousand: bench.h.
function t_of(count, t) { return count < 10000 ? "too few" : sprintf("%.1f", t) }

# With so many digits as tell a transaction, or a few instructions; a difference has a sign.
function short(us, like) { return sprintf(like < 1 ? "%.3f" : "%.2f", us) }
function signed(us, like) { return sprintf(like < 1 ? "%+.3f" : "%+.2f", us) }

# One table for each store, whose first row is what the others are held against.
function timing(    i, f, store) {
	print "\nA difference is that of the median to the first row's. t is Welch's t to the first row, the"
	print "largest of 101: of all times, and of those below each of 100 limits, which cut the long tail"
	print "off, as dudect takes it (O. Reparaz, J. Balasch, I. Verbauwhede: Dude, is my code constant"
	print "time?, DATE 2017, https://eprint.iacr.org/2016/1123). Beyond 5 two rows differ, be it by little."
	print "What has no token's shape may differ: no file is opened for it, and its sender knows it."
	for (i = 1; i <= refusals; i++) {
		split(refusal[i], f, ",")
		if (f[2] != store) {
			printf "\n| %s, %d of each | median | 10 %% are below | 10 %% are above | difference | t |\n", f[2], f[4]
			print "|---|--:|--:|--:|--:|--:|"
		}
		printf "| %s | %s µs | %s | %s |", f[3], short(f[6], f[6]), short(f[5], f[6]), short(f[7], f[6])
		if (f[2] != store) print " | |"
		else printf " %s | %s |\n", signed(f[8], f[6]), t_of(f[4], f[9])
		store = f[2]
	}
}

# What R10 wants, of all stores.
function timing_goals(    i, f, store, least, most, apart, door, alone, text) {
	for (i = 1; i <= refusals; i++) {
		split(refusal[i], f, ",")
		if (f[2] != store) least = most = f[6] # the first one of a store
		store = f[2]
		if (f[3] ~ /^no token/) continue
		if (f[6] < least) least = f[6]
		if (f[6] > most) most = f[6]
		apart = larger(apart, most - least)
		if (f[4] < 10000) continue
		if (f[3] ~ /first character$/) door = larger(door, abs(f[9]))
		if (f[3] ~ /first byte$/) alone = larger(alone, abs(f[9]))
	}
	print "\n| goal | is | reached |\n|---|--:|---|"
	goal("medians of all refusals of a token: 5 µs apart at most", 5, apart, sprintf("%.2f µs", apart))
	text = "secrets wrong in the first and in the last character: t 5 at most"
	goal(text, 5, door, sprintf("%.1f", door))
	goal("digests that differ in the first and in the last byte: t 5 at most", 5, alone, sprintf("%.1f", alone))
}

function costs() {
	ratios("here", "one process, times pam_permit")
	ratios("fresh", "a fresh process each time, times pam_permit")
	if (!brief) {
		together("together", "processes at once, times pam_permit")
		together("toggled", "the same while a key is switched off and on without pause")
		cost("tool", "the tool: time, peak memory")
		cost("usage", "usage: time, peak memory")
	}
	goals()
}

END {
	printf "Measured on %s: %s; %s; load %s before, %s after.\n", fact["date"], fact["machine"],
	    fact["kernel"], fact["load before"], fact["load after"]
	printf "authkey %s, %s, %s, libpam %s, libsodium %s, SQLite %s.\n", fact["authkey"],
	    fact["compiler"], fact["libc"], fact["libpam"], fact["libsodium"], fact["SQLite"]
	if (!refusals)
		printf "pam_userdb of %s; pam_pwdfile %s; pam_mysql %s.\n", fact["pam_userdb"],
		    fact["pam_pwdfile"], fact["pam_mysql"]
	if (fact["load before"] > fact["machine"] + 0 || fact["load after"] > fact["machine"] + 0)
		printf "\n**The machine did other things at the same time**: %s hold, times do not.\n",
		    refusals ? "differences" : "ratios of what is short"
	if (refusals) {
		timing()
		timing_goals()
	} else
		costs()
}
