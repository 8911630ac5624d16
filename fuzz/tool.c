/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../admin_tool/command.h"
#include "fuzz.h"
#include "tool.h"

static struct fx *fx;
static struct cli the_cli;

static void
end(void)
{
	void *state = fx;

	fx_teardown(&state);
}

struct cli *
tool_get(void)
{
	void *state = NULL;

	if (fx != NULL)
		return &the_cli;
	fuzz_hush();
	FUZZ_CHECK(fx_setup(&state) == 0);
	fx = state;
	atexit(end);
	out_prepare();
	the_cli.command = &cmd_import;
	the_cli.dir = fx->root;
	the_cli.master = fx->master;
	the_cli.now = the_cli.out.now = FX_NOW;
	the_cli.quiet = the_cli.yes = true;
	return &the_cli;
}

static void
count(struct cli *cli, int64_t *owners, int64_t *keys)
{
	struct ak_error error;

	assert_code(ak_record_count(cli->master, owners, keys, &error), AK_OK, &error);
}

int64_t
tool_owners(struct cli *cli)
{
	int64_t owners, keys;

	count(cli, &owners, &keys);
	return owners;
}

int64_t
tool_keys(struct cli *cli)
{
	int64_t owners, keys;

	count(cli, &owners, &keys);
	return keys;
}

void
tool_begin(struct cli *cli)
{
	memset(&cli->error, 0, sizeof(cli->error));
	assert_code(ak_master_begin(cli->master, &cli->error), AK_OK, &cli->error);
}

void
tool_undo(struct cli *cli)
{
	ak_master_rollback(cli->master);
	FUZZ_CHECK(tool_owners(cli) == 0 && tool_keys(cli) == 0);
}

const char *
tool_file(const void *bytes, size_t len)
{
	const char *path = fx_path(fx, "input");

	fuzz_write(path, bytes, len);
	return path;
}
