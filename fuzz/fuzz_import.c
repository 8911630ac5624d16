/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of JSON that are imported, each a line of the input. What a line says is what
 * stands in the master then, and what export would write reads as the same. A file with
 * a mistake in it ends as one.
 *
 *	byte	1: as with --replace
 */
#include <string.h>

#include "../admin_tool/import.h"
#include "fuzz.h"
#include "tool.h"

/* What was read from an object is written and read once more. */
static void
check_round(enum key_json_type type, const union key_json_record *record)
{
	static union key_json_record again;
	enum key_json_type other = KEY_JSON_TYPES;
	struct key_json_mistake m;
	json_t *object = key_json_make(type, record);
	uint64_t given;

	FUZZ_CHECK(object != NULL);
	FUZZ_CHECK(key_json_read(object, &other, &again, &given, &m));
	FUZZ_CHECK(other == type && key_json_is_whole(type, &again, given, &m));
	FUZZ_CHECK(memcmp(record, &again, sizeof(again)) == 0);
	json_decref(object);
}

/* Whether a line is a record that is whole; `record` is it. */
static bool
read_line(const char *line, enum key_json_type *type, union key_json_record *record)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	struct key_json_mistake m;
	uint64_t given;
	bool whole;

	*type = KEY_JSON_TYPES;
	whole = object != NULL && key_json_read(object, type, record, &given, &m) &&
		key_json_is_whole(*type, record, given, &m);
	json_decref(object);
	return whole;
}

/* A key that was new is in the master as the line has it. */
static void
check_key(struct cli *cli, const struct ak_record *wanted)
{
	static struct ak_record got;
	bool found;

	assert_code(
	    ak_record_by_id(cli->master, wanted->key.id, &got, &found, &cli->error),
	    AK_OK, &cli->error);
	FUZZ_CHECK(found);
	/* The owner's lines say these. */
	got.key.owner_suspended = wanted->key.owner_suspended;
	got.key.owner_verified = wanted->key.owner_verified;
	FUZZ_CHECK(memcmp(&got, wanted, sizeof(got)) == 0);
}

static void
take(struct import *import, const char *line)
{
	static union key_json_record record;
	int64_t added = import->keys.added;
	int mistakes = import->mistakes;
	enum key_json_type type;
	bool whole = read_line(line, &type, &record);

	import->line++;
	assert_code(
	    import_line(import, line, strlen(line)), AK_OK, &import->cli->error);
	FUZZ_CHECK(import->mistakes >= mistakes && import->mistakes <= mistakes + 1);
	FUZZ_CHECK(whole || import->mistakes > mistakes);
	if (!whole)
		return;
	check_round(type, &record);
	if (import->keys.added == added + 1)
		check_key(import->cli, &record.key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool replace = (fuzz_byte(&in) & 1) != 0;
	struct cli *cli = tool_get();
	static struct import import;
	struct fuzz_lines lines;
	enum ak_code code;

	memset(&import, 0, sizeof(import));
	import.cli = cli;
	import.replace = replace;
	FUZZ_CHECK((import.nameless = json_object()) != NULL);
	fuzz_lines_take(&in, &lines);
	tool_begin(cli);
	for (size_t i = 0; i < lines.count && import.mistakes < IMPORT_MISTAKES; i++)
		take(&import, lines.at[i]);
	FUZZ_CHECK(import.keys.added == tool_keys(cli));
	FUZZ_CHECK(import.owners.added == tool_owners(cli));
	FUZZ_CHECK(
	    replace || (import.keys.replaced == 0 && import.owners.replaced == 0));
	code = import_end(&import);
	FUZZ_CHECK(code == (import.mistakes == 0                    ? AK_OK
			       : import.mistakes > import.conflicts ? AK_E_USAGE
								    : AK_E_CONFLICT));
	tool_undo(cli);
	json_decref(import.nameless);
	fuzz_lines_free(&lines);
	return 0;
}
