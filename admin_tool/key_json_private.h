/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEY_JSON_PRIVATE_H
#define KEY_JSON_PRIVATE_H

#include "key_json.h"
#include "keywords.h"

/* The fields of the objects, for key_json.c, which writes, and key_json_read.c. */
enum key_json_kind {
	TYPE, /* which type of object it is */
	TEXT, /* char[size] */
	WORDS, /* a word list */
	TIME, /* int64_t, s since 1970 UTC */
	COUNT, /* int64_t */
	STATE, /* enum ak_state */
	SCHEME, /* uint8_t */
	DIGEST, /* bytes, as hexadecimal digits */
	YES, /* bool; false is not written */
};

/* Rules: it must be there in what is kept as it is; apply may change it. */
enum { NEEDED = 1, DECIDED = 2 };

struct key_json_field {
	const char *name;
	enum key_json_kind kind;
	size_t at; /* in the record */
	size_t size; /* of a text, with its NUL */
	const char *(*why_not)(const char *text); /* of a text; NULL: free text */
	const struct keyword_kind *words; /* of a word list */
	unsigned rules;
};

/* A type of object; the list of its fields ends without a name. */
struct key_json_shape {
	const char *name;
	const struct key_json_field *fields;
};

extern const struct key_json_shape key_json_shapes[KEY_JSON_TYPES];

/* The words for a key's state, by its number. */
extern const char *const key_json_states[];

#endif
