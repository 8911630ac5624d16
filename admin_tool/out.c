/* SPDX-License-Identifier: BSD-2-Clause */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "authkey.h"
#include "json_arena.h"
#include "out.h"
#include "text.h"

static char stdout_buffer[8192];

int
out_field_find(const struct out_shape *shape, const char *name)
{
	for (size_t i = 0; i < shape->count; i++)
		if (strcmp(shape->fields[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool
out_wants_data(const struct out *out)
{
	return out->format != OUT_TABLE || out->field != NULL;
}

const char *
out_unknown(const struct out_field *field)
{
	return field->empty != NULL ? field->empty : "-";
}

static const char *
time_text(const struct out *out, int64_t when, char *text)
{
	if (out->terminal && !out_wants_data(out))
		text_local_time(when, out->days, text);
	else
		ak_when_format(when, text);
	return text;
}

/* A program gets text as it is; tables and sheets mind the locale where they print. */
static bool
is_spelt_in_ascii(const struct out *out)
{
	return !out->utf8 && (out_wants_data(out) ? out->terminal : out->stream);
}

const char *
out_cell_text(const struct out *out, enum out_kind kind, const struct out_cell *cell,
    const char *unknown, char text[OUT_CELL_MAX])
{
	switch (kind) {
	case OUT_TIME:
		if (cell->number == AK_NO_TIME)
			return unknown;
		return time_text(out, cell->number, text);
	case OUT_AGO:
		if (cell->number == AK_NO_TIME)
			return !out_wants_data(out) && cell->text != NULL ? cell->text
									  : unknown;
		if (out_wants_data(out) || !out->terminal)
			return time_text(out, cell->number, text);
		text_ago(out->now - cell->number, out->days, text);
		return text;
	case OUT_NUMBER:
		if (cell->number == AK_NO_TIME)
			return unknown;
		snprintf(text, OUT_CELL_MAX, "%lld", (long long)cell->number);
		return text;
	case OUT_BOOL:
		return cell->number != 0 ? "yes" : "no";
	case OUT_NESTED:
	case OUT_TEXT:
	case OUT_STATUS:
	case OUT_WORDS:
		break;
	}
	if (cell->text == NULL || cell->text[0] == '\0')
		return unknown;
	if (out->terminal || out->format == OUT_TABLE)
		return text_escape(
		    cell->text, is_spelt_in_ascii(out), text, OUT_CELL_MAX);
	return cell->text;
}

/* One cell of RFC 4180. A spreadsheet takes a cell that begins so for a formula. */
static void
put_csv(const char *text, bool last)
{
	bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
	bool quoted = formula || strpbrk(text, ",\"\r\n") != NULL;

	if (quoted)
		putchar('"');
	if (formula)
		putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	if (quoted)
		putchar('"');
	fputs(last ? "\r\n" : ",", stdout);
}

static void
csv_head(const struct out_shape *shape)
{
	for (size_t i = 0; i < shape->count; i++)
		put_csv(shape->fields[i].name, i + 1 == shape->count);
}

static void
csv_row(const struct out *out, const struct out_cell *cells)
{
	const struct out_shape *shape = out->shape;
	char text[OUT_CELL_MAX], *dump;

	for (size_t i = 0; i < shape->count; i++) {
		dump = NULL;
		if (shape->fields[i].kind == OUT_NESTED)
			dump = json_dumps(
			    cells[i].nested, JSON_COMPACT | JSON_ENSURE_ASCII);
		put_csv(dump != NULL ? dump
				     : out_cell_text(out, shape->fields[i].kind,
					   &cells[i], "", text),
		    i + 1 == shape->count);
		out_wipe(dump);
	}
}

/* --field: the value alone, one a line; what is unknown is an empty line. */
static void
field_row(const struct out *out, const struct out_cell *cells)
{
	int i = out_field_find(out->shape, out->field);
	enum out_kind kind = out->shape->fields[i].kind;
	char text[OUT_CELL_MAX];

	if (kind == OUT_NESTED)
		out_json_put(out, cells[i].nested, JSON_COMPACT);
	else
		fputs(out_cell_text(out, kind, &cells[i], "", text), stdout);
	putchar('\n');
}

void
out_begin(struct out *out, const struct out_shape *shape)
{
	out->shape = shape;
	out->rows = 0;
	if (out->field != NULL)
		return;
	if (out->format == OUT_CSV)
		csv_head(shape);
	else if (out->stream)
		return;
	else if (shape->many && out->format == OUT_JSON)
		out_json_begin(out);
	else if (shape->many && !out->sheets)
		out_table_begin(out);
}

void
out_row(struct out *out, const struct out_cell *cells)
{
	if (out->field != NULL)
		field_row(out, cells);
	else if (out->format == OUT_CSV)
		csv_row(out, cells);
	else if (out->format == OUT_JSON)
		out_json_row(out, cells);
	else if (out->stream)
		out_line(out, cells);
	else if (out->shape->many && !out->sheets)
		out_table_row(out, cells);
	else {
		fputs(out->rows > 0 ? "\n" : "", stdout);
		out_sheet(out, cells);
	}
	out->rows++;
}

void
out_end(struct out *out)
{
	if (out->field != NULL || out->stream || !out->shape->many)
		return;
	if (out->format == OUT_JSON)
		out_json_end(out);
	else if (out->format == OUT_TABLE && !out->sheets)
		out_table_end(out);
}

void
out_one(struct out *out, const struct out_shape *shape, const struct out_cell *cells)
{
	out_begin(out, shape);
	out_row(out, cells);
	out_end(out);
}

void
out_wipe(void *memory)
{
	if (memory == NULL)
		return;
	sodium_memzero(memory, malloc_usable_size(memory));
	free(memory);
}

void
out_prepare(void)
{
	json_arena_prepare();
	sodium_mlock(stdout_buffer, sizeof(stdout_buffer));
	setvbuf(stdout, stdout_buffer, _IOFBF, sizeof(stdout_buffer));
}

bool
out_finish(struct out *out)
{
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		out->failed = true;
	out->starved = out->starved || json_arena_was_short();
	sodium_memzero(stdout_buffer, sizeof(stdout_buffer));
	sodium_stackzero(4 * OUT_CELL_MAX);
	return !out->failed && !out->starved;
}
