/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/*
 * The one way to stdout. A command says once which fields it answers with and then
 * gives rows of cells; format, --field and the terminal decide what becomes of them.
 */
enum out_kind {
	OUT_TEXT, /* text; NULL or "" is unknown */
	OUT_STATUS, /* text with a colour */
	OUT_TIME, /* number, s since 1970 UTC; AK_NO_TIME is unknown */
	OUT_AGO, /* the same; at a terminal how long ago. Unknown may have its text */
	OUT_NUMBER, /* number; AK_NO_TIME is unknown */
	OUT_BOOL, /* number, 0 or 1 */
	OUT_WORDS, /* text, a word list */
	OUT_NESTED, /* nested; people read its text */
};

struct out_field {
	const char *name; /* in JSON, CSV and --field: a contract */
	const char *heading; /* for people; NULL: not for them */
	enum out_kind kind;
	const char *empty; /* what unknown means to people; NULL: "-" */
};

struct out_cell {
	const char *text;
	int64_t number;
	json_t *nested; /* borrowed */
};

/* What a command answers with. */
struct out_shape {
	const struct out_field *fields;
	size_t count;
	bool many; /* any number of rows: an array in JSON */
	const int *in_table; /* which fields people see; ends with -1; NULL: all */
};

enum out_format { OUT_TABLE, OUT_JSON, OUT_CSV };

struct libscols_table;

struct out {
	enum out_format format;
	const char *field; /* --field, or NULL */
	bool color;
	bool terminal; /* stdout is one */
	bool days; /* a narrow table: times without their hours */
	bool utf8; /* the locale is */
	bool stream; /* rows come as time goes by: each is a line of its own */
	bool sheets; /* rows are long: people read each as a sheet, never cut */
	int64_t now;
	const struct out_shape *shape;
	struct libscols_table *table;
	size_t rows;
	bool failed;
	bool starved; /* for want of memory */
};

/* Which of a shape's fields is called so, or -1. */
int out_field_find(const struct out_shape *shape, const char *name);

/* Whether data was asked for and not text for people alone. */
bool out_wants_data(const struct out *out);

/* Begin an answer, give its rows, end it. One row for a shape that is not `many`. */
void out_begin(struct out *out, const struct out_shape *shape);
void out_row(struct out *out, const struct out_cell *cells);
void out_end(struct out *out);

/* An answer of one row. */
void out_one(
    struct out *out, const struct out_shape *shape, const struct out_cell *cells);

/* A JSON value that has no shape; takes it over. */
void out_json(struct out *out, json_t *value);

/*
 * Give stdout a buffer that is kept out of the swap and out of what free() leaves
 * behind, because a token passes through it.
 */
void out_prepare(void);

/*
 * Hand everything to the system and wipe the buffer. False when stdout did not take it,
 * or there was no memory to make it whole.
 */
bool out_finish(struct out *out);

/* How many columns the terminal has; 80 where there is none. */
size_t out_width(const struct out *out);

/* What people read where nothing is known. */
const char *out_unknown(const struct out_field *field);

/* A cell as text for people or for CSV. Unknown is `unknown`. */
#define OUT_CELL_MAX 8192
const char *out_cell_text(const struct out *out, enum out_kind kind,
    const struct out_cell *cell, const char *unknown, char text[OUT_CELL_MAX]);

/* For out.c: out_table.c and out_json.c. */
void out_table_begin(struct out *out);
void out_table_row(struct out *out, const struct out_cell *cells);
void out_table_end(struct out *out);
void out_line(struct out *out, const struct out_cell *cells);
void out_sheet(struct out *out, const struct out_cell *cells);
void out_json_begin(struct out *out);
void out_json_row(struct out *out, const struct out_cell *cells);
void out_json_end(struct out *out);
json_t *out_json_cell(enum out_kind kind, const struct out_cell *cell);
void out_json_put(const struct out *out, const json_t *value, size_t flags);
void out_wipe(
    void *memory); /* free(3), wiped: jansson keeps texts, one may be a token */

#endif
