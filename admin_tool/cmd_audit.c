/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "command.h"
#include "describe.h"
#include "pick.h"

struct values {
	bool verify;
	int64_t limit, since;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "verify", 0, OPTION_FLAG, AT(verify), NULL,
	    "follow the chain of hashes, and name the first row that does not hold" },
	{ "limit", 0, OPTION_NUMBER, AT(limit), "N", "the newest rows alone (all)" },
	{ "since", 0, OPTION_SINCE, AT(since), "WHEN",
	    "rows since: 30d (ago), 12h, 2027-01-31" },
	OPTION_END,
};

enum { SEQ, TIME, WHO, TTY, ACTION, SUBJECT, DETAIL, HASH, FIELDS };
static const struct out_field fields[FIELDS] = {
	[SEQ] = { "seq", "ROW", OUT_NUMBER, NULL },
	[TIME] = { "time", "TIME", OUT_TIME, NULL },
	[WHO] = { "who", "WHO", OUT_TEXT, NULL },
	[TTY] = { "tty", "TTY", OUT_TEXT, NULL },
	[ACTION] = { "action", "ACTION", OUT_TEXT, NULL },
	[SUBJECT] = { "subject", "SUBJECT", OUT_TEXT, NULL },
	[DETAIL] = { "detail", "CHANGE", OUT_NESTED, NULL },
	[HASH] = { "hash", "HASH", OUT_TEXT, NULL },
};
static const int columns[] = { TIME, WHO, ACTION, SUBJECT, DETAIL, -1 };
static const struct out_shape rows_shape = { fields, FIELDS, true, columns };

enum { HOLDS, ROWS, BROKEN, VERIFY_FIELDS };
static const struct out_field verify_fields[VERIFY_FIELDS] = {
	[HOLDS] = { "holds", "HOLDS", OUT_BOOL, NULL },
	[ROWS] = { "rows", "ROWS", OUT_NUMBER, NULL },
	[BROKEN] = { "broken", "BROKEN", OUT_NUMBER, NULL },
};
static const struct out_shape verdict = { verify_fields, VERIFY_FIELDS, false, NULL };

/* The listing as it goes along. */
struct listing {
	struct cli *cli;
	int64_t since;
	int64_t found; /* rows that fit */
	int64_t skip; /* so many of them first */
};

static bool
count(const struct ak_audit *entry, void *context)
{
	struct listing *l = context;

	l->found += l->since == AK_NO_TIME || entry->at >= l->since;
	return true;
}

static bool
give(const struct ak_audit *e, void *context)
{
	struct listing *l = context;
	char hash[2 * AK_AUDIT_HASH_LEN + 1];
	char text[OUT_CELL_MAX];
	json_t *detail;

	if ((l->since != AK_NO_TIME && e->at < l->since) || l->skip-- > 0)
		return true;
	for (size_t i = 0; i < AK_AUDIT_HASH_LEN; i++)
		snprintf(hash + 2 * i, 3, "%02x", e->hash[i]);
	/* What somebody wrote there by hand is a text. */
	if ((detail = json_loads(e->detail, 0, NULL)) == NULL)
		detail = json_string(e->detail);
	out_row(&l->cli->out,
	    (struct out_cell[FIELDS]){ [SEQ].number = e->seq,
		[TIME].number = ak_time_is_sane(e->at) ? e->at : AK_NO_TIME,
		[WHO].text = e->who,
		[TTY].text = e->tty,
		[ACTION].text = e->action,
		[SUBJECT].text = e->subject,
		[DETAIL] = { .nested = detail, .text = describe_change(detail, text) },
		[HASH].text = hash });
	json_decref(detail);
	return true;
}

static enum cli_exit
verify(struct cli *cli)
{
	int64_t broken, held;

	if (ak_audit_verify(cli->master, &broken, &held, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (broken == 0)
		cli_say(cli, "%lld row%s hold%s.", (long long)held,
		    held == 1 ? "" : "s", held == 1 ? "s" : "");
	else
		cli_warn(cli,
		    "row %lld does not hold: it was changed, taken out or put in by "
		    "other means than authkey",
		    (long long)broken);
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &verdict,
		    (struct out_cell[VERIFY_FIELDS]){ [HOLDS].number = broken == 0,
			[ROWS].number = held,
			[BROKEN].number = broken != 0 ? broken : AK_NO_TIME });
	return broken == 0 ? EXIT_DONE : EXIT_NO;
}

/* What is it that somebody wants to read about? A subject, or a key by its name. */
static enum cli_exit
find_subject(struct cli *cli, char *const *arguments, struct listing *l,
    struct ak_record *record, const char **subject)
{
	enum cli_exit end = EXIT_DONE;

	*subject = arguments[0];
	if (ak_audit_list(cli->master, *subject, AK_AUDIT_ALL, count, l, &cli->error) !=
	    AK_OK)
		return cli_fail(cli);
	if (*subject == NULL || l->found > 0)
		return EXIT_DONE;
	if ((end = pick_one(cli, *subject, record)) != EXIT_DONE)
		return end;
	*subject = record->key.id;
	if (ak_audit_list(cli->master, *subject, AK_AUDIT_ALL, count, l, &cli->error) !=
	    AK_OK)
		return cli_fail(cli);
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct listing listing = { .cli = cli, .since = v->since };
	struct ak_record record;
	const char *subject;
	enum cli_exit end;

	if (v->verify && (arguments[0] != NULL || v->limit > 0 ||
			     v->since != AK_NO_TIME || cli->out.field != NULL))
		return cli_usage(cli, "--verify is about all rows, and stands alone");
	if (!cli_open(cli))
		return cli_fail(cli);
	if (v->verify)
		return verify(cli);
	if ((end = find_subject(cli, arguments, &listing, &record, &subject)) !=
	    EXIT_DONE)
		return end;
	if (v->limit > 0 && listing.found > v->limit)
		listing.skip = listing.found - v->limit;
	out_begin(&cli->out, &rows_shape);
	if (ak_audit_list(cli->master, subject, AK_AUDIT_ALL, give, &listing,
		&cli->error) != AK_OK)
		return cli_fail(cli);
	out_end(&cli->out);
	if (cli->out.rows == 0)
		cli_say(cli, "No administrator's action fits.");
	return EXIT_DONE;
}

const struct command cmd_audit = {
	.name = "audit",
	.group = GROUP_SAFETY,
	.arguments = "[SUBJECT|KEY]",
	.summary = "list what administrators did, and prove that all is there",
	.about =
	    "SUBJECT is a key's id, an owner, a setting or a verifier. Each row's hash "
	    "covers the row before it. --verify exits 1 when a row does not hold; keep "
	    "the last hash on another host (authkey audit --limit 1 --field hash) to "
	    "notice a chain that was written anew.",
	.example = "authkey audit deploy\nauthkey audit --verify",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &rows_shape,
	.run = run,
};
