/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include <libsmartcols.h>

#include "authkey.h"
#include "out.h"
#include "text.h"

/* The colours of states, as libsmartcols names them. */
static const struct {
	const char *state, *color;
} colors[] = { { "enabled", "green" }, { "disabled", "yellow" }, { "revoked", "red" },
	{ "expired", "magenta" }, { "pending", "cyan" }, { "verified", "green" },
	{ "suspended", "red" }, { "VALID", "green" }, { "yes", "green" },
	{ "no", "red" } };

static const char *
color_of(const struct out *out, const char *state)
{
	for (size_t i = 0; out->color && i < sizeof(colors) / sizeof(colors[0]); i++)
		if (strcmp(state, colors[i].state) == 0)
			return colors[i].color;
	return NULL;
}

/* The field of a table's column or a sheet's line, or -1 behind the last. */
static int
field_at(const struct out_shape *shape, size_t column)
{
	if (shape->in_table != NULL)
		return shape->in_table[column];
	return column < shape->count ? (int)column : -1;
}

/*
 * A terminal's width is kept to by cutting words of people and times; never a key's
 * id or its state. Without a terminal nothing is cut.
 */
void
out_table_begin(struct out *out)
{
	const struct out_field *fields = out->shape->fields;
	struct libscols_column *column;
	int i;

	if ((out->table = scols_new_table()) == NULL) {
		out->failed = true;
		return;
	}
	scols_table_set_termforce(
	    out->table, out->terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	scols_table_enable_colors(out->table, out->color);
	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		column = scols_table_new_column(out->table, fields[i].heading, 0,
		    fields[i].kind == OUT_STATUS || strcmp(fields[i].name, "key") == 0
			? 0
			: SCOLS_FL_TRUNC);
		if (column == NULL)
			out->failed = true;
	}
}

void
out_table_row(struct out *out, const struct out_cell *cells)
{
	struct libscols_line *line = NULL;
	char text[OUT_CELL_MAX];
	const char *shown;
	int i;

	if (out->table == NULL ||
	    (line = scols_table_new_line(out->table, NULL)) == NULL) {
		out->failed = true;
		return;
	}
	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		enum out_kind kind = out->shape->fields[i].kind;

		shown = out_cell_text(
		    out, kind, &cells[i], out_unknown(&out->shape->fields[i]), text);
		if (scols_line_set_data(line, at, shown) != 0)
			out->failed = true;
		else if (kind == OUT_STATUS && color_of(out, shown) != NULL)
			scols_cell_set_color(
			    scols_line_get_cell(line, at), color_of(out, shown));
	}
}

void
out_table_end(struct out *out)
{
	if (out->table != NULL && out->rows > 0 && scols_print_table(out->table) != 0)
		out->failed = true;
	scols_unref_table(out->table);
	out->table = NULL;
}

/* The escape sequence of a state's colour, or "". */
static const char *
sequence_of(const struct out *out, const char *state)
{
	static const struct {
		const char *color, *sequence;
	} sequences[] = { { "green", "\033[32m" }, { "yellow", "\033[33m" },
		{ "red", "\033[31m" }, { "magenta", "\033[35m" },
		{ "cyan", "\033[36m" } };
	const char *color = color_of(out, state);

	for (size_t i = 0; color != NULL && i < sizeof(sequences) / sizeof(*sequences);
	     i++)
		if (strcmp(color, sequences[i].color) == 0)
			return sequences[i].sequence;
	return "";
}

/* Everything about one thing: a line for each field, never cut. */
void
out_sheet(struct out *out, const struct out_cell *cells)
{
	const struct out_field *field;
	char text[OUT_CELL_MAX];
	const char *shown, *sequence;
	int i, width = 0;

	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		field = &out->shape->fields[i];
		if (field->heading != NULL && (int)strlen(field->heading) > width)
			width = (int)strlen(field->heading);
	}
	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		field = &out->shape->fields[i];
		if (field->heading == NULL)
			continue;
		shown = out_cell_text(
		    out, field->kind, &cells[i], out_unknown(field), text);
		sequence = field->kind == OUT_STATUS ? sequence_of(out, shown) : "";
		printf("%-*s  %s%s%s\n", width, field->heading, sequence, shown,
		    sequence[0] != '\0' ? "\033[0m" : "");
	}
}
