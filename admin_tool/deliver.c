/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "deliver.h"
#include "key_view.h"

enum cli_exit
deliver_check(const struct cli *cli)
{
	if (cli->out.field == NULL || strcmp(cli->out.field, "key") == 0)
		return EXIT_DONE;
	return cli_usage(cli,
	    "with --field %s the token would be shown nowhere; use --json, or "
	    "--field key",
	    cli->out.field);
}

/* What the owner must know, and each limit that was set. */
static void
answer_new(struct cli *cli, const struct ak_record *r, const char *token)
{
	const struct {
		int field;
		bool set;
	} limits[] = {
		{ KEY_SERVICES, r->key.services[0] != '\0' },
		{ KEY_SCOPES, r->key.scopes[0] != '\0' },
		{ KEY_NETWORKS, r->key.networks[0] != '\0' },
		{ KEY_NOT_BEFORE, r->key.not_before != AK_NO_TIME },
		{ KEY_EXPIRES_AT, r->key.expires_at != AK_NO_TIME },
	};
	struct out_shape shape = key_notice;
	int lines[KEY_FIELDS + 1];
	size_t n = 0;

	while (key_notice.in_table[n] >= 0) {
		lines[n] = key_notice.in_table[n];
		n++;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].set)
			lines[n++] = limits[i].field;
	lines[n] = -1;
	shape.in_table = lines;
	key_answer(cli, &shape, r, token);
}

enum cli_exit
deliver(struct cli *cli, const struct ak_record *r, const char *token)
{
	if (cli->quiet && !out_wants_data(&cli->out))
		cli->out.field = "key";
	answer_new(cli, r, token);
	if (out_finish(&cli->out))
		return EXIT_DONE;
	cli_warn(cli,
	    "the key was made, but stdout did not take the token, which cannot be "
	    "shown again: authkey revoke %s",
	    r->key.id);
	return EXIT_STORE;
}
