/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files that are applied: what is refused changes nothing, and what is taken changes
 * nothing when it is applied again.
 *
 *	byte	1: as with --prune
 *	rest	the file
 */
#include <stdlib.h>
#include <string.h>

#include "../admin_tool/apply.h"
#include "../admin_tool/desired.h"
#include "fuzz.h"
#include "tool.h"

static void
check_items(const json_t *items)
{
	const json_t *item;
	json_int_t type;
	size_t i;

	json_array_foreach(items, i, item)
	{
		type = json_integer_value(json_object_get(item, "type"));
		FUZZ_CHECK(type >= 0 && type < KEY_JSON_TYPES);
		FUZZ_CHECK(json_string_value(json_object_get(item, "where")) != NULL);
		FUZZ_CHECK(json_object_get(item, "object") != NULL);
	}
}

static size_t
count_rows(const struct apply *a, const char *action)
{
	const json_t *row;
	size_t i, n = 0;

	json_array_foreach(a->rows, i, row)
	{
		n += strcmp(json_string_value(json_object_get(row, "action")),
			 action) == 0;
	}
	return n;
}

/* Keys are made, or added with the digest that the file has. */
static void
check_rows(struct cli *cli, const struct apply *a)
{
	size_t made = count_rows(a, "create"), added = count_rows(a, "add");

	FUZZ_CHECK(made == a->made_count);
	FUZZ_CHECK((size_t)tool_keys(cli) == made + added);
	FUZZ_CHECK(made + added + count_rows(a, "change") + count_rows(a, "revoke") ==
		   json_array_size(a->rows));
}

static void
apply(struct cli *cli, json_t *items, bool prune)
{
	static struct apply a;

	memset(&a, 0, sizeof(a));
	a.cli = cli;
	a.items = items;
	a.prune = prune;
	a.made = calloc(json_array_size(items) + 1, sizeof(*a.made));
	FUZZ_CHECK(a.made != NULL);
	if (apply_work(cli, &a) == AK_OK) {
		FUZZ_CHECK(a.mistakes == 0);
		check_rows(cli, &a);
		assert_code(apply_work(cli, &a), AK_OK, &cli->error);
		FUZZ_CHECK(json_array_size(a.rows) == 0 && a.made_count == 0);
	} else
		FUZZ_CHECK(cli->error.code != AK_OK && cli->error.text[0] != '\0');
	apply_clear(&a);
	free(a.made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool prune = (fuzz_byte(&in) & 1) != 0;
	struct cli *cli = tool_get();
	json_t *items = NULL;

	tool_begin(cli);
	if (desired_read(cli, tool_file(in.at, in.left), &items)) {
		check_items(items);
		apply(cli, items, prune);
	} else
		FUZZ_CHECK(cli->error.code == AK_E_USAGE);
	tool_undo(cli);
	json_decref(items);
	return 0;
}
