/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEY_JSON_H
#define KEY_JSON_H

#include <jansson.h>

#include "cli.h"
#include "owner.h"
#include "record.h"

/*
 * Keys and owners as files hold them: what export writes, and import and apply read. A
 * JSON object with the names that authkey(8) has for their fields, and "type", which
 * says what it is. No secret is among them: a digest leads back to no token.
 */
enum key_json_type { KEY_JSON_KEY, KEY_JSON_OWNER, KEY_JSON_HEADER, KEY_JSON_TYPES };

#define KEY_JSON_VERSION 1

/* The first line of an export. */
struct key_json_header {
	int64_t version;
	char prefix[AK_PREFIX_MAX + 1]; /* of the installation's new tokens */
	int64_t exported_at; /* s since 1970 UTC */
	int64_t owners, keys; /* how many follow; AK_NO_TIME: nobody says */
};

/* Anything that an object may be. */
union key_json_record {
	struct ak_record key;
	struct ak_owner owner;
	struct key_json_header header;
};

/* What is off in an object. */
struct key_json_mistake {
	char field[64]; /* "" when it is no single field */
	char why[256];
};

/* An object of what is set in a record; the caller gives it back. NULL: no memory. */
json_t *key_json_make(enum key_json_type type, const void *record);

/*
 * Read an object, which must be strictly what key_json_make() could have made.
 *
 *   type    in: what it is if it does not say so; out: what it is
 *   record  out, and the fields that are missing as if nothing was set
 *   given   out: which fields are there; see key_json_given()
 *
 * False and `mistake` set when a field is unknown, of the wrong kind or out of range.
 */
bool key_json_read(json_t *object, enum key_json_type *type,
    union key_json_record *record, uint64_t *given, struct key_json_mistake *mistake);

/*
 * What must be there in a record that is to be kept as it is, and what contradicts
 * itself. False and `mistake` set.
 */
bool key_json_is_whole(enum key_json_type type, const union key_json_record *record,
    uint64_t given, struct key_json_mistake *mistake);

/*
 * Copy those fields that were there and that somebody may decide about a key or owner
 * that exists: not what it is made of, and not what became of it.
 */
void key_json_merge(enum key_json_type type, const union key_json_record *from,
    uint64_t given, void *record);

/*
 * Whether a file has as many owners and keys as its header says; a file that was cut
 * between two lines has not. False and `mistake` set.
 */
bool key_json_is_all(const struct key_json_header *header, int64_t owners, int64_t keys,
    struct key_json_mistake *mistake);

/* Whether the field called `name` was there. */
bool key_json_given(enum key_json_type type, uint64_t given, const char *name);

#endif
