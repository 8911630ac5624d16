/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "key_json.h"
#include "keywords.h"

enum kind {
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

struct field {
	const char *name;
	enum kind kind;
	size_t at; /* in the record */
	size_t size; /* of a text, with its NUL */
	const char *(*why_not)(const char *text); /* of a text; NULL: free text */
	const struct keyword_kind *words; /* of a word list */
	bool needed;
};

static const char *
id_why_not(const char *id)
{
	if (strlen(id) == AK_ID_LEN && strspn(id, ak_base58) == AK_ID_LEN)
		return NULL;
	return "an id has 8 characters of base58";
}

#define IN(type, member) \
	offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define KEY_TEXT(name, member, why, needed)                          \
	{                                                            \
		name, TEXT, IN(ak_record, member), why, NULL, needed \
	}
#define KEY_WORDS(name, member, words)                                  \
	{                                                               \
		name, WORDS, IN(ak_record, member), NULL, &words, false \
	}
#define KEY_TIME(name, member, needed)                                \
	{                                                             \
		name, TIME, IN(ak_record, member), NULL, NULL, needed \
	}
#define OWNER_TEXT(name, member)                                    \
	{                                                           \
		name, TEXT, IN(ak_owner, member), NULL, NULL, false \
	}
#define OWNER_TIME(name, member)                                    \
	{                                                           \
		name, TIME, IN(ak_owner, member), NULL, NULL, false \
	}
#define THE_TYPE                                      \
	{                                             \
		"type", TYPE, 0, 0, NULL, NULL, false \
	}

static const struct field key_fields[] = {
	THE_TYPE,
	KEY_TEXT("id", key.id, id_why_not, true),
	KEY_TEXT("name", key.name, ak_name_why_not, true),
	KEY_TEXT("owner", key.owner, ak_owner_why_not, true),
	KEY_TEXT("prefix", prefix, ak_prefix_why_not, true),
	{ "scheme", SCHEME, IN(ak_record, key.scheme), NULL, NULL, true },
	{ "digest", DIGEST, IN(ak_record, key.digest), NULL, NULL, true },
	{ "status", STATE, IN(ak_record, key.state), NULL, NULL, true },
	KEY_TEXT("description", description, NULL, false),
	KEY_WORDS("services", key.services, keyword_service),
	KEY_WORDS("scopes", key.scopes, keyword_scope),
	KEY_WORDS("networks", key.networks, keyword_network),
	KEY_WORDS("tags", tags, keyword_tag),
	KEY_TIME("not_before", key.not_before, false),
	KEY_TIME("expires_at", key.expires_at, false),
	KEY_TIME("created_at", created_at, true),
	KEY_TEXT("created_by", created_by, NULL, true),
	KEY_TIME("activated_at", activated_at, false),
	KEY_TIME("revoked_at", revoked_at, false),
	KEY_TEXT("revoked_by", revoked_by, NULL, false),
	KEY_TEXT("revoke_reason", revoke_reason, NULL, false),
	KEY_TEXT("replaced_by", replaced_by, id_why_not, false),
	{ "decoy", YES, IN(ak_record, key.decoy), NULL, NULL, false },
	KEY_TIME("draining_since", draining_since, false),
	{ .name = NULL },
};

static const struct field owner_fields[] = {
	THE_TYPE,
	{ "owner", TEXT, IN(ak_owner, name), ak_owner_why_not, NULL, true },
	OWNER_TEXT("name", full_name),
	OWNER_TEXT("user_id", user_id),
	OWNER_TEXT("email", email),
	OWNER_TEXT("external_id", external_id),
	OWNER_TIME("verified_at", verified_at),
	OWNER_TEXT("verified_by", verified_by),
	OWNER_TIME("suspended_at", suspended_at),
	OWNER_TEXT("suspended_by", suspended_by),
	OWNER_TEXT("suspend_reason", suspend_reason),
	{ .name = NULL },
};

static const struct field header_fields[] = {
	THE_TYPE,
	{ "version", COUNT, IN(key_json_header, version), NULL, NULL, true },
	{ "prefix", TEXT, IN(key_json_header, prefix), ak_prefix_why_not, NULL, false },
	{ "exported_at", TIME, IN(key_json_header, exported_at), NULL, NULL, false },
	{ "owners", COUNT, IN(key_json_header, owners), NULL, NULL, false },
	{ "keys", COUNT, IN(key_json_header, keys), NULL, NULL, false },
	{ .name = NULL },
};

static const struct {
	const char *name;
	const struct field *fields;
} types[KEY_JSON_TYPES] = {
	[KEY_JSON_KEY] = { "key", key_fields },
	[KEY_JSON_OWNER] = { "owner", owner_fields },
	[KEY_JSON_HEADER] = { "export", header_fields },
};

static const char *const states[] = {
	[AK_ENABLED] = "enabled", [AK_SWITCHED_OFF] = "disabled", [AK_ENDED] = "revoked"
};

static json_t *
make_digest(const uint8_t *bytes)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2 * AK_DIGEST_LEN];

	for (size_t i = 0; i < AK_DIGEST_LEN; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	return json_stringn(hex, sizeof(hex));
}

/* The value of a field; a null for what is not set. */
static json_t *
make_value(const struct field *f, enum key_json_type type, const void *record)
{
	const char *at = (const char *)record + f->at;
	struct out_cell cell = { .text = at };

	switch (f->kind) {
	case TYPE:
		return json_string(types[type].name);
	case TEXT:
		return out_json_cell(OUT_TEXT, &cell);
	case WORDS:
		return *at != '\0' ? out_json_cell(OUT_WORDS, &cell) : json_null();
	case TIME:
	case COUNT:
		memcpy(&cell.number, at, sizeof(cell.number));
		return out_json_cell(f->kind == TIME ? OUT_TIME : OUT_NUMBER, &cell);
	case STATE:
		return json_string(states[*(const enum ak_state *)(const void *)at]);
	case SCHEME:
		return json_integer(*(const uint8_t *)at);
	case DIGEST:
		return make_digest((const uint8_t *)at);
	case YES:
		return *(const bool *)(const void *)at ? json_true() : json_null();
	}
	return NULL;
}

json_t *
key_json_make(enum key_json_type type, const void *record)
{
	json_t *object = json_object(), *value;

	for (const struct field *f = types[type].fields; f->name != NULL; f++) {
		value = make_value(f, type, record);
		if (json_is_null(value))
			continue;
		if (json_object_set_new_nocheck(object, f->name, value) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

/* NULL and the text in its place, or why not. */
static const char *
take_text(const struct field *f, const json_t *value, char *to)
{
	const char *text = json_string_value(value), *why;

	if (text == NULL)
		return "must be a text";
	if ((why = f->why_not != NULL ? f->why_not(text)
				      : ak_description_why_not(text)) != NULL)
		return why;
	if (json_string_length(value) >= f->size)
		return "is too long";
	memcpy(to, text, json_string_length(value) + 1);
	return NULL;
}

static const char *
take_words(const struct field *f, const json_t *value, char *list)
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

static const char *
take_digest(const json_t *value, uint8_t *to)
{
	static const char digits[] = "0123456789abcdef";
	const char *text = json_string_value(value);

	if (text == NULL || strlen(text) != 2 * AK_DIGEST_LEN ||
	    strspn(text, digits) != 2 * AK_DIGEST_LEN)
		return "must be 64 of the characters 0-9 a-f: the BLAKE2b-256 of a "
		       "token";
	for (size_t i = 0; i < AK_DIGEST_LEN; i++)
		to[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 |
				  (strchr(digits, text[2 * i + 1]) - digits));
	return NULL;
}

static const char *
take_state(const json_t *value, enum ak_state *state)
{
	const char *text = json_string_value(value);

	for (int s = AK_ENABLED; text != NULL && s <= AK_ENDED; s++)
		if (strcmp(text, states[s]) == 0) {
			*state = (enum ak_state)s;
			return NULL;
		}
	return "must be enabled, disabled or revoked";
}

static const char *
take_number(const struct field *f, const json_t *value, void *at)
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
take_value(const struct field *f, const json_t *value, void *record)
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

static bool
fail(struct key_json_mistake *m, const char *field, const char *why)
{
	snprintf(m->field, sizeof(m->field), "%s", field);
	snprintf(m->why, sizeof(m->why), "%s", why);
	return false;
}

/* As if no field was set. */
static void
clear(enum key_json_type type, union key_json_record *record)
{
	const int64_t none = AK_NO_TIME;

	memset(record, 0, sizeof(*record));
	for (const struct field *f = types[type].fields; f->name != NULL; f++)
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
		if (strcmp(text, types[t].name) == 0) {
			*type = (enum key_json_type)t;
			return true;
		}
	return fail(m, "type", "must be key, owner or export");
}

/* Fields come in the order in which they were written, mostly: look there first. */
static const struct field *
find(enum key_json_type type, const char *name, const struct field *likely)
{
	if (likely->name != NULL && strcmp(likely->name, name) == 0)
		return likely;
	for (const struct field *f = types[type].fields; f->name != NULL; f++)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

bool
key_json_read(json_t *object, enum key_json_type *type, union key_json_record *record,
    uint64_t *given, struct key_json_mistake *m)
{
	const struct field *f, *likely;
	const char *name, *why;
	json_t *value;

	*given = 0;
	if (!json_is_object(object))
		return fail(m, "", "must be a JSON object");
	if (!read_type(object, type, m))
		return false;
	clear(*type, record);
	likely = types[*type].fields;
	json_object_foreach(object, name, value)
	{
		if ((f = find(*type, name, likely)) == NULL)
			return fail(m, name, "is unknown");
		likely = f + 1;
		*given |= UINT64_C(1) << (f - types[*type].fields);
		if (!json_is_null(value))
			why = take_value(f, value, record);
		else
			why = f->needed ? "must not be null" : NULL;
		if (why != NULL)
			return fail(m, name, why);
	}
	return true;
}

bool
key_json_given(enum key_json_type type, uint64_t given, const char *name)
{
	const struct field *f = find(type, name, types[type].fields);

	return (given >> (f - types[type].fields) & 1) != 0;
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
	if (key->state != AK_ENDED && r->revoked_at != AK_NO_TIME)
		return fail(m, "revoked_at", "is set, and the status is not revoked");
	return true;
}

bool
key_json_is_whole(enum key_json_type type, const union key_json_record *record,
    uint64_t given, struct key_json_mistake *m)
{
	const struct field *fields = types[type].fields;
	for (const struct field *f = fields; f->name != NULL; f++)
		if (f->needed && (given >> (f - fields) & 1) == 0)
			return fail(m, f->name, "is missing");
	return type != KEY_JSON_KEY || check_key(&record->key, m);
}
