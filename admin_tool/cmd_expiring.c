/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>

#include "command.h"
#include "key_view.h"
#include "list.h"

#define WITHIN_DEFAULT "14d"
/* A key that ends within so small a part of that is past waiting. */
#define CRITICAL_PART 4

struct values {
	const char *within;
	bool check;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "within", 0, OPTION_TEXT, AT(within), "D",
	    "how soon they end (" WITHIN_DEFAULT ")" },
	{ "check", 0, OPTION_FLAG, AT(check), NULL,
	    "one line for a monitoring system, and its exit codes" },
	OPTION_END,
};
#undef AT

/* What monitoring plugins exit with (monitoring-plugins.org). */
enum { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };
static const char *const plugin_words[] = { "OK", "WARNING", "CRITICAL", "UNKNOWN" };

struct ending {
	struct cli *cli;
	bool check; /* count, and give no rows */
	int64_t within; /* s */
	size_t soon, critical;
	int64_t first_at; /* when the first ends, or AK_NO_TIME */
	char first[TEXT_LABEL_MAX];
};

/* Nobody misses a decoy, or a key that has its successor. */
static bool
is_missed(const struct ak_record *record, int64_t now)
{
	return record->key.state == AK_ENABLED && record->key.expires_at > now &&
	       !record->key.decoy && record->replaced_by[0] == '\0';
}

static bool
take(const struct ak_record *record, void *context)
{
	struct ending *e = context;
	int64_t left = record->key.expires_at - e->cli->now;

	if (!is_missed(record, e->cli->now))
		return true;
	if (e->soon++ == 0) {
		e->first_at = record->key.expires_at;
		text_label(record, e->first);
	}
	e->critical += left <= e->within / CRITICAL_PART;
	if (!e->check)
		key_row(e->cli, record);
	return true;
}

static bool
find(struct ending *e)
{
	struct cli *cli = e->cli;
	struct ak_filter filter = { .expires_after = cli->now,
		.expires_before = cli->now + e->within + 1,
		.ended_by = AK_NO_TIME,
		.sort = "expires_at" };

	e->first_at = AK_NO_TIME;
	return ak_record_list(cli->master, &filter, take, e, &cli->error) == AK_OK;
}

static enum cli_exit
list(struct ending *e, const char *within)
{
	struct cli *cli = e->cli;

	if (!cli_open(cli))
		return cli_fail(cli);
	out_begin(&cli->out, &key_ends);
	if (!find(e))
		return cli_fail(cli);
	out_end(&cli->out);
	if (e->soon == 0)
		cli_say(cli, "No key ends within %s.", within);
	return EXIT_DONE;
}

/* The line's numbers, with the limits from which on they are trouble. */
static void
put_performance(const struct ending *e)
{
	char left[24] = "U";

	if (e->first_at != AK_NO_TIME)
		snprintf(left, sizeof(left), "%llds",
		    (long long)(e->first_at - e->cli->now));
	printf(" | expiring=%zu;0;;0 critical=%zu;;0;0 next=%s;%lld:;%lld:\n", e->soon,
	    e->critical, left, (long long)e->within + 1,
	    (long long)(e->within / CRITICAL_PART) + 1);
}

static int
cannot_tell(const char *why)
{
	printf("AUTHKEY %s - ", plugin_words[PLUGIN_UNKNOWN]);
	text_put(stdout, why);
	putchar('\n');
	return PLUGIN_UNKNOWN;
}

static int
check(struct ending *e, const char *within)
{
	int state = PLUGIN_OK;
	char first[AK_WHEN_TEXT];

	if (!cli_open(e->cli) || !find(e))
		return cannot_tell(e->cli->error.text);
	if (e->soon > 0)
		state = e->critical > 0 ? PLUGIN_CRITICAL : PLUGIN_WARNING;
	if (e->soon == 0)
		printf(
		    "AUTHKEY %s - no key ends within %s", plugin_words[state], within);
	else {
		ak_when_format(e->first_at, first);
		printf("AUTHKEY %s - %zu key%s within %s, first %s at %s",
		    plugin_words[state], e->soon, e->soon == 1 ? " ends" : "s end",
		    within, e->first, first);
	}
	put_performance(e);
	return state;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	const char *within = v->within != NULL ? v->within : WITHIN_DEFAULT;
	struct ending ending = { .cli = cli, .check = v->check };
	const char *why = ak_duration_why_not(within, &ending.within);

	(void)arguments;
	if (why == NULL && ending.within > AK_TIME_MAX - cli->now - 1)
		why = "times go up to 9999";
	if (why != NULL && v->check) /* 2 would be an alarm */
		return (enum cli_exit)cannot_tell(why);
	if (why != NULL)
		return cli_usage(cli, "--within: %s", why);
	if (v->check && out_wants_data(&cli->out))
		return cli_usage(cli, "--check is a line of its own, without fields");
	return v->check ? (enum cli_exit)check(&ending, within) : list(&ending, within);
}

const struct command cmd_expiring = {
	.name = "expiring",
	.group = GROUP_KEYS,
	.arguments = "",
	.summary = "list the keys that end soon, the soonest first",
	.about =
	    "Keys that are enabled and have no successor. --check is a plugin for "
	    "Nagios, Icinga and the like: it exits 0 when no key ends within D, 1 "
	    "when one does, 2 when one ends within a quarter of D, 3 when it cannot "
	    "tell.",
	.example = "authkey expiring --within 30d\nauthkey expiring --check",
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_ends,
	.run = run,
};
