/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "key_json.h"
#include "progress.h"

struct export
{
	struct cli *cli;
	struct progress progress;
	int64_t done;
};

/* A line; false when stdout takes no more. */
static bool
put(struct export *e, enum key_json_type type, const void *record)
{
	json_t *object = key_json_make(type, record);

	if (object == NULL) {
		ak_fail(&e->cli->error, AK_E_NOMEM, "out of memory");
		e->cli->out.failed = true;
		return false;
	}
	out_json_put(&e->cli->out, object, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
	progress_at(&e->progress, ++e->done);
	return ferror(stdout) == 0;
}

static bool
put_owner(const struct ak_owner *owner, void *context)
{
	return put(context, KEY_JSON_OWNER, owner);
}

static bool
put_key(const struct ak_record *record, void *context)
{
	return put(context, KEY_JSON_KEY, record);
}

/* All of it as it is at one moment. */
static enum ak_code
put_all(struct cli *cli, struct export *e)
{
	struct key_json_header header = { .version = KEY_JSON_VERSION,
		.exported_at = cli->now };
	struct ak_installation is;
	struct ak_error *error = &cli->error;
	enum ak_code code;

	if ((code = ak_master_installation(cli->master, &is, error)) != AK_OK ||
	    (code = ak_record_count(
		 cli->master, &header.owners, &header.keys, error)) != AK_OK)
		return code;
	memcpy(header.prefix, is.prefix, sizeof(header.prefix));
	progress_begin(&e->progress, cli, "records exported", PROGRESS_COUNT,
	    header.owners + header.keys + 1);
	if (put(e, KEY_JSON_HEADER, &header) &&
	    (code = ak_owner_all(cli->master, put_owner, e, error)) == AK_OK &&
	    ferror(stdout) == 0)
		code = ak_record_all(cli->master, put_key, e, error);
	progress_clear(&e->progress);
	return code;
}

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct export e = { .cli = cli };
	enum ak_code code;

	(void)values;
	(void)arguments;
	if (cli->out.format == OUT_CSV)
		return cli_usage(cli, "it answers in lines of JSON alone");
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((code = ak_master_snapshot(cli->master, &cli->error)) == AK_OK)
		code = put_all(cli, &e);
	ak_master_snapshot_end(cli->master);
	return code == AK_OK ? EXIT_DONE : cli_fail(cli);
}

const struct command cmd_export = {
	.name = "export",
	.group = GROUP_FILES,
	.arguments = "",
	.summary = "print all keys and owners, a line of JSON for each",
	.about =
	    "With digests and without secrets: authkey import takes it elsewhere, "
	    "and the tokens go on to work there. Not with it: the usage, the "
	    "audit, what config sets, and tokens kept for recovery; authkey backup "
	    "keeps all of these but the usage.",
	.example = "authkey export > keys.jsonl\n"
		   "authkey export | ssh other-host sudo authkey import",
	.run = run,
};
