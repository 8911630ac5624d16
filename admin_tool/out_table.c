/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libsmartcols.h>

#include "authkey.h"
#include "out.h"
#include "text.h"

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

/* Narrower than this, times are days; narrower still, there is no room for them. */
#define WIDTH_OF_TIMES 80
#define WIDTH_OF_DAYS 54

/* The part of the line that a long cell keeps, while others can become narrower. */
#define PART_OF_LINE 0.3

/* So many rows are held in memory, because all decide how wide the columns are. */
#define PART_ROWS 5000

static const struct {
	const char *state, *color;
} colors[] = {
	{ "enabled", GREEN },
	{ "disabled", YELLOW },
	{ "revoked", RED },
	{ "expired", RED },
	{ "pending", YELLOW },
	{ "decoy", YELLOW },
	{ "unknown", YELLOW },
	{ "error", RED },
	{ "warning", YELLOW },
	{ "wrong secret", YELLOW },
	{ "VALID", GREEN },
	{ "yes", GREEN },
	{ "no", RED },
};

/* The escape sequence of a state, or NULL. */
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

static bool
wraps(const struct out_shape *shape)
{
	int i;

	for (size_t at = 0; (i = field_at(shape, at)) >= 0; at++)
		if (shape->fields[i].kind == OUT_NESTED)
			return true;
	return false;
}

/*
 * What a column does when the terminal is narrow. A name takes several lines then: cut
 * off, two keys would look like one. A key's id and state stay on one.
 */
static int
flags_of(const struct out_shape *shape, const struct out_field *field, size_t width)
{
	if (field->kind == OUT_NESTED)
		return SCOLS_FL_WRAP;
	if (field->kind == OUT_STATUS || strcmp(field->name, "key") == 0)
		return 0;
	if (field->kind == OUT_TIME || field->kind == OUT_AGO)
		return width < WIDTH_OF_DAYS ? SCOLS_FL_HIDDEN : 0;
	/* Where something may be long, that takes several lines, and the rest none. */
	return wraps(shape) && width >= WIDTH_OF_DAYS ? 0 : SCOLS_FL_WRAP;
}

/* A longer word is broken, so that the line stays as wide as the terminal. */
#define WORD_MAX 24

/* What libsmartcols is to keep room for in a cell that next_line() breaks. */
static size_t
longest_word(const struct libscols_column *column, const char *text, void *context)
{
	size_t longest = 1, len, wide;

	(void)column;
	(void)context;
	for (; *text != '\0'; text += len + strspn(text + len, " ")) {
		len = strcspn(text, " ");
		wide = text_columns(text, len);
		longest = wide > longest ? wide : longest;
	}
	return longest < WORD_MAX ? longest : WORD_MAX;
}

/*
 * End the first line of a cell behind its last word that fits, and return the rest.
 * Where no blank helps, NULL: libsmartcols breaks anywhere then.
 */
static char *
next_line(const struct libscols_column *column, char *text, void *context)
{
	size_t room = scols_column_get_width(column), len = strlen(text);
	char *blank = NULL;

	(void)context;
	if (text_columns(text, len) <= room)
		return NULL;
	for (char *c = strchr(text, ' '); c != NULL; c = strchr(c + 1, ' '))
		if (c > text && text_columns(text, (size_t)(c - text)) <= room)
			blank = c;
	if (blank == NULL)
		return NULL;
	*blank = '\0';
	return blank + 1;
}

/* The last column gets what is left of the line: there, words can stay whole. */
static bool
break_at_words(struct libscols_column *column)
{
	return scols_column_set_wrapfunc(column, longest_word, next_line, NULL) == 0;
}

size_t
out_width(const struct out *out)
{
	struct libscols_table *table = out->terminal ? scols_new_table() : NULL;
	size_t width = table != NULL ? scols_table_get_termwidth(table) : 0;

	scols_unref_table(table);
	return width > 0 ? width : 80;
}

/* Only a terminal's width is kept to; a file or pipe gets everything. */
void
out_table_begin(struct out *out)
{
	const struct out_field *fields = out->shape->fields;
	struct libscols_column *column;
	size_t width;
	int i;

	if ((out->table = scols_new_table()) == NULL) {
		out->starved = true;
		return;
	}
	scols_table_set_termforce(
	    out->table, out->terminal ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	scols_table_enable_colors(out->table, out->color);
	width = scols_table_get_termwidth(out->table);
	out->days = out->terminal && width < WIDTH_OF_TIMES;
	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		column = scols_table_new_column(out->table, fields[i].heading,
		    PART_OF_LINE, flags_of(out->shape, &fields[i], width));
		if (column == NULL ||
		    (out->terminal && fields[i].kind == OUT_NESTED &&
			field_at(out->shape, at + 1) < 0 && !break_at_words(column)))
			out->starved = true;
	}
}

/* A cell that there is no memory for is left empty, and that is all that is told. */
static void
print_table(struct out *out)
{
	errno = 0;
	if (scols_print_table(out->table) != 0)
		out->failed = true;
	if (errno == ENOMEM)
		out->starved = true;
}

/* A long table is given in parts, each with columns as wide as it needs. */
static void
end_part(struct out *out)
{
	print_table(out);
	scols_table_remove_lines(out->table);
	scols_table_enable_noheadings(out->table, 1);
}

void
out_table_row(struct out *out, const struct out_cell *cells)
{
	struct libscols_line *line = NULL;
	char text[OUT_CELL_MAX];
	const char *shown;
	int i;

	if (out->table != NULL && out->rows > 0 && out->rows % PART_ROWS == 0)
		end_part(out);
	if (out->table == NULL ||
	    (line = scols_table_new_line(out->table, NULL)) == NULL) {
		out->starved = true;
		return;
	}
	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		enum out_kind kind = out->shape->fields[i].kind;

		shown = out_cell_text(
		    out, kind, &cells[i], out_unknown(&out->shape->fields[i]), text);
		if (scols_line_set_data(line, at, shown) != 0)
			out->starved = true;
		else if (kind == OUT_STATUS && color_of(out, shown) != NULL)
			scols_cell_set_color(
			    scols_line_get_cell(line, at), color_of(out, shown));
	}
}

void
out_table_end(struct out *out)
{
	if (out->table != NULL && out->rows > 0)
		print_table(out);
	scols_unref_table(out->table);
	out->table = NULL;
}

/* A row by itself, whose followers are not known yet: columns as wide as is usual. */
void
out_line(struct out *out, const struct out_cell *cells)
{
	char text[OUT_CELL_MAX];
	const char *shown, *color;
	int i;

	for (size_t at = 0; (i = field_at(out->shape, at)) >= 0; at++) {
		enum out_kind kind = out->shape->fields[i].kind;

		shown = out_cell_text(
		    out, kind, &cells[i], out_unknown(&out->shape->fields[i]), text);
		if (at > 0)
			fputs("  ", stdout);
		color = kind == OUT_STATUS ? color_of(out, shown) : NULL;
		fputs(color != NULL ? color : "", stdout);
		printf(field_at(out->shape, at + 1) < 0 ? "%s" : "%-14s", shown);
		fputs(color != NULL ? PLAIN : "", stdout);
	}
	putchar('\n');
}

/* Everything about one thing: a line for each field, never cut. */
void
out_sheet(struct out *out, const struct out_cell *cells)
{
	const struct out_field *field;
	char text[OUT_CELL_MAX];
	const char *shown, *color;
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
		color = field->kind == OUT_STATUS ? color_of(out, shown) : NULL;
		printf("%-*s  %s", width, field->heading, color != NULL ? color : "");
		text_put(stdout, shown);
		puts(color != NULL ? PLAIN : "");
	}
}
