/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "clipboard.h"
#include "deliver.h"
#include "key_view.h"

enum cli_exit
deliver_check(const struct cli *cli, bool copy)
{
	const char *field = cli->out.field;

	if (copy && !clipboard_is_near())
		return cli_usage(
		    cli, "--copy needs a terminal, whose clipboard takes the token");
	if (copy && field != NULL && strcmp(field, "key") == 0)
		return cli_usage(cli, "--copy and --field key contradict each other");
	if (!copy && field != NULL && strcmp(field, "key") != 0)
		return cli_usage(cli,
		    "with --field %s the token would be shown nowhere; use --json, or "
		    "--field key",
		    field);
	return EXIT_DONE;
}

/* What the owner must know, and each limit that was set. */
static void
answer(struct cli *cli, const struct ak_record *r, const char *token, bool is_new)
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
	key_answer(cli, &shape, r, token, is_new);
}

/* With -q a token goes alone, and beside the clipboard there is nothing to print. */
static void
print(struct cli *cli, const struct ak_record *r, const char *token, bool is_new)
{
	if (cli->quiet && !out_wants_data(&cli->out)) {
		if (token == NULL)
			return;
		cli->out.field = "key";
	}
	answer(cli, r, token, is_new);
}

enum cli_exit
deliver(struct cli *cli, const struct ak_record *r, const char *token, bool copy,
    bool is_new)
{
	if (copy && !clipboard_put(token)) {
		cli_warn(cli, "the terminal did not take the token");
		return EXIT_STORE;
	}
	print(cli, r, copy ? NULL : token, is_new);
	if (!out_finish(&cli->out)) {
		cli_warn(cli, "stdout did not take the %s", copy ? "answer" : "token");
		return EXIT_STORE;
	}
	if (copy)
		cli_say(cli, "The terminal was told to put the token on its clipboard "
			     "(OSC 52), which it does not confirm: paste it to see.");
	return EXIT_DONE;
}
