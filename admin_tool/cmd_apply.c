/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "apply.h"
#include "change.h"
#include "command.h"
#include "describe.h"
#include "desired.h"
#include "prompt.h"

struct values {
	bool prune, dry_run;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "prune", 0, OPTION_FLAG, AT(prune), NULL,
	    "revoke the keys that the file does not name" },
	{ "dry-run", 0, OPTION_FLAG, AT(dry_run), NULL,
	    "say what would change, and change nothing; exit 1 when something would" },
	OPTION_END,
};

enum { ACTION, OWNER, NAME, ID, KEY, CHANGES, FIELDS };
static const struct out_field fields[FIELDS] = {
	[ACTION] = { "action", "ACTION", OUT_TEXT, NULL },
	[OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[ID] = { "id", "ID", OUT_TEXT, NULL },
	[KEY] = { "key", "API AUTH KEY", OUT_TEXT, NULL },
	[CHANGES] = { "changes", "CHANGES", OUT_NESTED, NULL },
};
static const int columns[] = { ACTION, OWNER, NAME, KEY, CHANGES, -1 };
static const struct out_shape answer = { fields, FIELDS, true, columns };

static const char *
text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static bool
is_new(const json_t *row)
{
	return strcmp(text_of(row, "action"), "create") == 0;
}

/* "  change alice/deploy: services: nginx -> nginx,sshd", before anybody is asked. */
static void
say_row(const struct cli *cli, json_t *row)
{
	char changes[OUT_CELL_MAX];
	const char *name = text_of(row, "name");

	if (is_new(row))
		cli_say(cli, "  create %s/%s", text_of(row, "owner"), name);
	else
		cli_say(cli, "  %s %s%s%s: %s", text_of(row, "action"),
		    text_of(row, "owner"), name != NULL ? "/" : "",
		    name != NULL ? name : "",
		    describe_change(json_object_get(row, "changes"), changes));
}

/* What a key is called before it is made is not known yet. */
static void
give_row(struct cli *cli, const json_t *row, const char *token, bool done)
{
	char changes[OUT_CELL_MAX];
	bool nameless = is_new(row) && !done;
	struct out_cell cells[FIELDS] = { [ACTION].text = text_of(row, "action"),
		[OWNER].text = text_of(row, "owner"),
		[NAME].text = text_of(row, "name"),
		[ID].text = nameless ? NULL : text_of(row, "id"),
		[KEY].text = nameless ? NULL : text_of(row, "key") };

	if (token != NULL)
		cells[KEY].text = token;
	cells[CHANGES].nested = json_object_get(row, "changes");
	cells[CHANGES].text =
	    is_new(row) ? NULL : describe_change(cells[CHANGES].nested, changes);
	out_row(&cli->out, cells);
}

/* The rows; each new key's token is in its own, once. With -q the tokens alone. */
static void
give(struct cli *cli, const struct apply *a, bool done)
{
	bool alone = cli->quiet && done && !out_wants_data(&cli->out);
	const char *token;
	size_t made = 0, i;
	json_t *row;

	if (alone)
		cli->out.field = "key";
	out_begin(&cli->out, &answer);
	json_array_foreach(a->rows, i, row)
	{
		token = is_new(row) && done ? a->made[made++].token : NULL;
		if (token != NULL || !alone)
			give_row(cli, row, token, done);
	}
	out_end(&cli->out);
}

/* The tokens have left the tool only when stdout took them: SECURITY R43. */
static enum cli_exit
deliver_all(struct cli *cli, const struct apply *a)
{
	give(cli, a, true);
	if (out_finish(&cli->out))
		return EXIT_DONE;
	cli_warn(cli, "all is done, but stdout did not take the answer");
	for (size_t i = 0; i < a->made_count; i++)
		cli_warn(cli,
		    "a key was made, but stdout did not take its token: authkey revoke "
		    "%s",
		    a->made[i].id);
	return EXIT_STORE;
}

/* All the work, and then none of it: what it would change, as far as it was the same.
 */
static enum cli_exit
rehearse(struct cli *cli, struct apply *a)
{
	enum ak_code code = ak_master_begin(cli->master, &cli->error);

	cli->notes = 0;
	if (code == AK_OK)
		code = apply_work(cli, a);
	ak_master_rollback(cli->master);
	return code == AK_OK ? EXIT_DONE : cli_fail(cli);
}

/* Somebody must say yes to it. */
static enum cli_exit
ask(struct cli *cli, const struct apply *a)
{
	json_t *row;
	size_t i;

	json_array_foreach(a->rows, i, row)
	{
		say_row(cli, row);
	}
	if (!cli->yes && !cli_may_ask(cli))
		return cli_usage(cli, "it would change %zu thing%s; say yes with -y",
		    json_array_size(a->rows), json_array_size(a->rows) == 1 ? "" : "s");
	if (prompt_sure(cli, "Apply these changes? [y/N] "))
		return EXIT_DONE;
	cli_say(cli, "Nothing was changed.");
	return EXIT_NO;
}

/* What was agreed to, and what is to be done now: it must be the same. */
struct agreed {
	struct apply *apply;
	json_t *rows;
};

/* A copy of a row without the times at which it is done; NULL when memory is out. */
static json_t *
without_stamps(const json_t *row)
{
	json_t *copy = json_deep_copy(row), *changes = json_object_get(copy, "changes");

	json_object_del(changes, "activated_at");
	json_object_del(changes, "revoked_at");
	return copy;
}

/* Whether both say the same, whenever it is done. */
static bool
is_same_change(const json_t *row, const json_t *other)
{
	json_t *a = without_stamps(row), *b = without_stamps(other);
	bool same = json_equal(a, b); /* no, where one is NULL */

	json_decref(a);
	json_decref(b);
	return same;
}

/* What a new key is called is another each time: of it the owner and name count. */
static bool
is_same(const json_t *rows, const json_t *others)
{
	size_t i, count = json_array_size(rows);

	for (i = 0; i < count && count == json_array_size(others); i++) {
		json_t *row = json_array_get(rows, i),
		       *other = json_array_get(others, i);

		if (!is_same_change(row, other) &&
		    (!is_new(row) || !is_new(other) ||
			strcmp(text_of(row, "owner"), text_of(other, "owner")) != 0 ||
			strcmp(text_of(row, "name"), text_of(other, "name")) != 0))
			return false;
	}
	return i == json_array_size(others);
}

static enum ak_code
work(struct cli *cli, void *context)
{
	const struct agreed *agreed = context;
	enum ak_code code = apply_work(cli, agreed->apply);

	if (code == AK_OK && !is_same(agreed->rows, agreed->apply->rows))
		return ak_fail(&cli->error, AK_E_CONFLICT,
		    "keys were changed in the meantime, and nothing is done; run it "
		    "again");
	return code;
}

static enum cli_exit
carry_out(struct cli *cli, struct apply *a)
{
	struct agreed agreed = { a, json_incref(a->rows) };
	size_t count = json_array_size(a->rows);
	enum cli_exit end = count > 0 ? ask(cli, a) : EXIT_DONE;

	if (end == EXIT_DONE)
		end = change_run(cli, work, &agreed);
	json_decref(agreed.rows);
	if (end != EXIT_DONE)
		return end;
	if (count == 0)
		cli_say(cli, "All is as the file says; nothing to do.");
	else
		cli_say(cli, "Applied %zu change%s.%s", count, count == 1 ? "" : "s",
		    a->made_count > 0 ? " Keep the tokens now: they are shown once."
				      : "");
	if (count == 0 && !out_wants_data(&cli->out))
		return EXIT_DONE;
	return deliver_all(cli, a);
}

static enum cli_exit
apply(struct cli *cli, const struct values *v, struct apply *a)
{
	enum cli_exit end = rehearse(cli, a);

	if (end != EXIT_DONE || !v->dry_run)
		return end == EXIT_DONE ? carry_out(cli, a) : end;
	if (json_array_size(a->rows) == 0)
		cli_say(cli, "All is as the file says; nothing to do.");
	if (json_array_size(a->rows) > 0 || out_wants_data(&cli->out))
		give(cli, a, false);
	return json_array_size(a->rows) == 0 ? EXIT_DONE : EXIT_NO;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	static struct apply a; /* records are in it */
	const struct values *v = given;
	enum cli_exit end;

	if (!v->dry_run && cli->out.field != NULL && strcmp(cli->out.field, "key") != 0)
		return cli_usage(cli,
		    "with --field %s tokens would be shown nowhere; use --json, or "
		    "--field key",
		    cli->out.field);
	if (!cli_open(cli))
		return cli_fail(cli);
	a.cli = cli;
	a.prune = v->prune;
	if (!desired_read(cli, arguments[0], &a.items))
		end = cli_fail(cli);
	else if ((a.made = sodium_allocarray(
		      json_array_size(a.items) + 1, sizeof(*a.made))) == NULL) {
		ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
		end = cli_fail(cli);
	} else
		end = apply(cli, v, &a);
	apply_clear(&a);
	sodium_free(a.made);
	json_decref(a.items);
	return end;
}

const struct command cmd_apply = {
	.name = "apply",
	.group = GROUP_FILES,
	.arguments = "FILE",
	.summary = "make keys and owners be as a file says",
	.about =
	    "The file names keys by owner and name, and says of each what is decided; "
	    "what it does not say stays as it is. Keys that are missing are made, and "
	    "their tokens printed, once. It says what changes and asks first; without "
	    "a terminal it needs -y. The same file again changes nothing. - is stdin.",
	.example = "authkey apply --dry-run keys.json\n"
		   "authkey apply keys.json --prune -y",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.at_stake = CLI_STILL_LIVE,
	.run = run,
};
