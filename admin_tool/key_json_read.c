/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "key_json_private.h"

/* NULL and the text in its place, or why not. */
static const char *
take_text(const struct key_json_field *f, const json_t *value, char *to)
{
	const char *text = json_string_value(value), *why;

	if (text == NULL)
		return "must be a text";
	if ((f->rules & NEEDED) != 0 && text[0] == '\0')
		return "is empty";
	if ((why = f->why_not != NULL ? f->why_not(text)
				      : ak_description_why_not(text)) != NULL)
		return why;
	if (json_string_length(value) >= f->size)
		return "is too long";
	memcpy(to, text, json_string_length(value) + 1);
	return NULL;
}

static const char *
take_words(const struct key_json_field *f, const json_t *value, char *list)
{
	struct texts one = { .count = 1 };
	const char *why;

	if (!json_is_array(value))
		return "must be a list of texts";
	for (size_t i = 0; i < json_array_size(value); i++) {
		one.at[0] = json_string_value(json_array_get(value, i));
		if (one.at[0] == NULL)
			return "must be a list of texts";
		if (strpbrk(one.at[0], ", \t") != NULL)
			return "must be a list with one word in each text";
		if ((why = keywords_add(f->words, &one, list)) != NULL)
			return why;
	}
	return NULL;
}

/* No time from now, which would be another one each time that the file is read. */
static const char *
take_time(const json_t *value, int64_t *when)
{
	const char *text = json_string_value(value);
	int64_t length;

	if (text == NULL)
		return "must be a text such as 2027-01-31T23:59:59Z, or null";
	if (ak_duration_why_not(text, &length) == NULL ||
	    ak_when_why_not(text, 0, when) != NULL)
		return "must be such a time: 2027-01-31T23:59:59Z, or 2027-01-31";
	return NULL;
}

/* The value of a hexadecimal digit in its one spelling, or -1. */
static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *
take_digest(const json_t *value, uint8_t *to)
{
	const char *text = json_string_value(value);
	bool fits = text != NULL && json_string_length(value) == 2 * AK_DIGEST_LEN;

	for (size_t i = 0; fits && i < AK_DIGEST_LEN; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		fits = high >= 0 && low >= 0;
		to[i] = (uint8_t)(high * 16 + low);
	}
	return fits
		   ? NULL
		   : "must be 64 of the characters 0-9 a-f: the BLAKE2b-256 of a token";
}

static const char *
take_state(const json_t *value, enum ak_state *state)
{
	const char *text = json_string_value(value);

	for (int s = AK_ENABLED; text != NULL && s <= AK_ENDED; s++)
		if (strcmp(text, key_json_states[s]) == 0) {
			*state = (enum ak_state)s;
			return NULL;
		}
	return "must be enabled, disabled or revoked";
}

static const char *
take_number(const struct key_json_field *f, const json_t *value, void *at)
{
	int64_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0)
		return "must be a whole number, not below 0";
	if (f->kind == COUNT) {
		memcpy(at, &number, sizeof(number));
		return NULL;
	}
	if (number != AK_SCHEME_BLAKE2B)
		return "must be 1, BLAKE2b-256; this authkey knows no other";
	*(uint8_t *)at = AK_SCHEME_BLAKE2B;
	return NULL;
}

static const char *
take_value(const struct key_json_field *f, const json_t *value, void *record)
{
	void *at = (char *)record + f->at;

	switch (f->kind) {
	case TYPE:
		return NULL; /* it was read first */
	case TEXT:
		return take_text(f, value, at);
	case WORDS:
		return take_words(f, value, at);
	case TIME:
		return take_time(value, at);
	case STATE:
		return take_state(value, at);
	case COUNT:
	case SCHEME:
		return take_number(f, value, at);
	case DIGEST:
		return take_digest(value, at);
	case YES:
		*(bool *)at = json_is_true(value);
		return json_is_boolean(value) ? NULL : "must be true or false";
	}
	return "cannot be";
}

/* What is cut may be a token that is none any more, and so is not hidden. */
static bool
fail(struct key_json_mistake *m, const char *field, const char *why)
{
	snprintf(m->field, sizeof(m->field), "%s",
	    strlen(field) < sizeof(m->field) ? field : "...");
	snprintf(m->why, sizeof(m->why), "%s", why);
	return false;
}

/* As if no field was set. */
static void
clear(enum key_json_type type, union key_json_record *record)
{
	const int64_t none = AK_NO_TIME;

	memset(record, 0, sizeof(*record));
	for (const struct key_json_field *f = key_json_shapes[type].fields;
	     f->name != NULL; f++)
		if (f->kind == TIME || f->kind == COUNT)
			memcpy((char *)record + f->at, &none, sizeof(none));
	if (type == KEY_JSON_KEY)
		record->key.key.state = AK_ENABLED;
}

/* Which type an object says it is. */
static bool
read_type(const json_t *object, enum key_json_type *type, struct key_json_mistake *m)
{
	const json_t *told = json_object_get(object, "type");
	const char *text = json_string_value(told);

	if (told == NULL && *type != KEY_JSON_TYPES)
		return true;
	for (int t = 0; text != NULL && t < KEY_JSON_TYPES; t++)
		if (strcmp(text, key_json_shapes[t].name) == 0) {
			*type = (enum key_json_type)t;
			return true;
		}
	return fail(m, "type", "must be key, owner or export");
}

/* Fields come in the order in which they were written, mostly: look there first. */
static const struct key_json_field *
find(enum key_json_type type, const char *name, const struct key_json_field *likely)
{
	if (likely->name != NULL && strcmp(likely->name, name) == 0)
		return likely;
	for (const struct key_json_field *f = key_json_shapes[type].fields;
	     f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool
key_json_read(json_t *object, enum key_json_type *type, union key_json_record *record,
    uint64_t *given, struct key_json_mistake *m)
{
	const struct key_json_field *f, *likely;
	const char *name, *why;
	json_t *value;

	*given = 0;
	if (!json_is_object(object))
		return fail(m, "", "must be a JSON object");
	if (!read_type(object, type, m))
		return false;
	clear(*type, record);
	likely = key_json_shapes[*type].fields;
	json_object_foreach(object, name, value)
	{
		if ((f = find(*type, name, likely)) == NULL)
			return fail(m, name, "is unknown");
		likely = f + 1;
		*given |= UINT64_C(1) << (f - key_json_shapes[*type].fields);
		if (!json_is_null(value))
			why = take_value(f, value, record);
		else
			why = (f->rules & NEEDED) != 0 ? "must not be null" : NULL;
		if (why != NULL)
			return fail(m, name, why);
	}
	return true;
}

bool
key_json_given(enum key_json_type type, uint64_t given, const char *name)
{
	const struct key_json_field *f = find(type, name, key_json_shapes[type].fields);

	return (given >> (f - key_json_shapes[type].fields) & 1) != 0;
}

/* What contradicts itself in a key. */
static bool
check_key(const struct ak_record *r, struct key_json_mistake *m)
{
	const struct ak_key *key = &r->key;

	if (key->not_before != AK_NO_TIME && key->expires_at != AK_NO_TIME &&
	    key->not_before >= key->expires_at)
		return fail(m, "not_before", "must be earlier than expires_at");
	if (key->state == AK_ENDED && r->revoked_at == AK_NO_TIME)
		return fail(m, "revoked_at", "is missing, and the status is revoked");
	if (strcmp(r->replaced_by, key->id) == 0)
		return fail(m, "replaced_by", "must be another key");
	if (key->state != AK_ENDED && r->revoked_at != AK_NO_TIME)
		return fail(m, "revoked_at", "is set, and the status is not revoked");
	return true;
}

bool
key_json_is_whole(enum key_json_type type, const union key_json_record *record,
    uint64_t given, struct key_json_mistake *m)
{
	const struct key_json_field *fields = key_json_shapes[type].fields;
	for (const struct key_json_field *f = fields; f->name != NULL; f++)
		if ((f->rules & NEEDED) != 0 && (given >> (f - fields) & 1) == 0)
			return fail(m, f->name, "is missing");
	return type != KEY_JSON_KEY || check_key(&record->key, m);
}

void
key_json_merge(enum key_json_type type, const union key_json_record *from,
    uint64_t given, void *record)
{
	const struct key_json_field *fields = key_json_shapes[type].fields;

	for (const struct key_json_field *f = fields; f->name != NULL; f++)
		if ((f->rules & DECIDED) != 0 && (given >> (f - fields) & 1) != 0)
			memcpy((char *)record + f->at, (const char *)from + f->at,
			    f->size);
}

static bool
is_count(const char *what, int64_t said, int64_t got, struct key_json_mistake *m)
{
	char why[sizeof(m->why)];

	if (said == AK_NO_TIME || said == got)
		return true;
	snprintf(why, sizeof(why),
	    "says %lld, and there are %lld: the file is cut, or was changed",
	    (long long)said, (long long)got);
	return fail(m, what, why);
}

bool
key_json_is_all(const struct key_json_header *header, int64_t owners, int64_t keys,
    struct key_json_mistake *m)
{
	return is_count("owners", header->owners, owners, m) &&
	       is_count("keys", header->keys, keys, m);
}
