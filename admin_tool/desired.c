/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desired.h"
#include "lines.h"

/* A file as far as it was read. */
struct reading {
	struct cli *cli;
	const char *path;
	char *text;
	size_t len, at;
	long long line; /* in which the next value begins */
	json_t *owners, *keys; /* items */
};

static bool
fail(struct reading *r, const char *why)
{
	ak_fail(&r->cli->error, AK_E_USAGE, "line %lld: %s", r->line, why);
	return false;
}

/* All of the file; its lines are put together again. */
static bool
load(struct reading *r)
{
	static struct lines l; /* a buffer is in it */
	bool opened = lines_open(r->cli, r->path, &l);
	enum lines_answer next = LINES_FAILED;
	const char *line;
	size_t len;

	if (opened && l.size > DESIRED_MAX) {
		ak_fail(&r->cli->error, AK_E_USAGE,
		    "%s: is longer than 64 MiB; authkey import takes big files",
		    r->path);
		opened = false;
	}
	if (opened && (r->text = malloc((size_t)l.size + 2)) == NULL) {
		ak_fail(&r->cli->error, AK_E_NOMEM, "out of memory");
		opened = false;
	}
	while (opened && (next = lines_next(&l, &line, &len)) == LINES_ONE &&
	       r->len + len < (size_t)l.size + 1) {
		memcpy(r->text + r->len, line, len);
		r->len += len;
		r->text[r->len++] = '\n';
	}
	if (opened && next == LINES_TOO_LONG)
		ak_fail(&r->cli->error, AK_E_USAGE,
		    "line %lld: is longer than 65,536 bytes", (long long)l.number);
	else if (opened && next == LINES_ONE)
		ak_fail(&r->cli->error, AK_E_CONFLICT,
		    "%s: became longer while it was read; run it again when it is "
		    "whole",
		    r->path);
	else if (opened && next == LINES_FAILED)
		ak_fail_errno(&r->cli->error, r->path, "");
	lines_close(&l);
	return opened && next == LINES_END;
}

static bool
add(struct reading *r, json_t *object, enum key_json_type type, size_t number)
{
	const json_t *told = json_object_get(object, "type");
	json_t *list;
	char where[64];

	if (json_is_string(told) && strcmp(json_string_value(told), "owner") == 0)
		type = KEY_JSON_OWNER;
	list = type == KEY_JSON_OWNER ? r->owners : r->keys;
	if (number == 0)
		snprintf(where, sizeof(where), "line %lld", r->line);
	else
		snprintf(where, sizeof(where), "line %lld, %s %zu", r->line,
		    type == KEY_JSON_OWNER ? "owner" : "key", number);
	if (json_array_append_new(list, json_pack("{s:s, s:i, s:O}", "where", where,
					    "type", (int)type, "object", object)) == 0)
		return true;
	ak_fail(&r->cli->error, AK_E_NOMEM, "out of memory");
	return false;
}

static bool
add_list(struct reading *r, json_t *list, enum key_json_type type)
{
	json_t *object;
	size_t i;

	if (!json_is_array(list))
		return fail(r, "owners and keys must be lists");
	json_array_foreach(list, i, object)
	{
		if (!add(r, object, type, i + 1))
			return false;
	}
	return true;
}

static bool
add_value(struct reading *r, json_t *value)
{
	const char *name;
	json_t *list;

	if (json_is_array(value))
		return add_list(r, value, KEY_JSON_KEY);
	if (json_object_get(value, "type") != NULL ||
	    (json_object_get(value, "keys") == NULL &&
		json_object_get(value, "owners") == NULL))
		return add(r, value, KEY_JSON_KEY, 0);
	json_object_foreach(value, name, list)
	{
		if (strcmp(name, "owners") != 0 && strcmp(name, "keys") != 0)
			return fail(r, "beside owners and keys there is nothing else");
		if (!add_list(r, list, name[0] == 'o' ? KEY_JSON_OWNER : KEY_JSON_KEY))
			return false;
	}
	return true;
}

/* Past blanks and newlines. A NUL is none: a crash leaves files that are full of them.
 */
static bool
skip(struct reading *r)
{
	while (r->at < r->len && memchr(" \t\r\n", r->text[r->at], 4) != NULL)
		r->line += r->text[r->at++] == '\n';
	return r->at < r->len;
}

static bool
read_values(struct reading *r)
{
	json_error_t off;
	json_t *value;
	char why[256];
	bool taken = true;

	if (!skip(r)) {
		ak_fail(&r->cli->error, AK_E_USAGE,
		    "%s: the file is empty; who wants no keys says so: {\"keys\": []}",
		    r->path);
		return false;
	}
	while (taken && skip(r)) {
		value = json_loadb(r->text + r->at, r->len - r->at,
		    JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &off);
		if (value == NULL) {
			r->line += off.line - 1;
			snprintf(why, sizeof(why), "is no JSON: %s", off.text);
			return fail(r, why);
		}
		taken = add_value(r, value);
		json_decref(value);
		for (int i = 0; i < off.position; i++)
			r->line += r->text[r->at++] == '\n';
	}
	return taken;
}

bool
desired_read(struct cli *cli, const char *path, json_t **items)
{
	struct reading r = { .cli = cli,
		.path = path,
		.line = 1,
		.owners = json_array(),
		.keys = json_array() };
	bool done;

	*items = r.owners;
	done = r.owners != NULL && r.keys != NULL && load(&r) && read_values(&r) &&
	       json_array_extend(r.owners, r.keys) == 0;
	if (r.owners == NULL || r.keys == NULL)
		ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	json_decref(r.keys);
	out_wipe(r.text);
	return done;
}
