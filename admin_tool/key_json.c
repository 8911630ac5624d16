/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "key_json_private.h"

static const char *
id_why_not(const char *id)
{
	if (strlen(id) == AK_ID_LEN && strspn(id, ak_base58) == AK_ID_LEN)
		return NULL;
	return "an id has 8 characters of base58";
}

#define IN(type, member) \
	offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define KEY_TEXT(name, member, why, rules)                          \
	{                                                           \
		name, TEXT, IN(ak_record, member), why, NULL, rules \
	}
#define KEY_WORDS(name, member, words)                                      \
	{                                                                   \
		name, WORDS, IN(ak_record, member), NULL, &(words), DECIDED \
	}
#define KEY_TIME(name, member, rules)                                \
	{                                                            \
		name, TIME, IN(ak_record, member), NULL, NULL, rules \
	}
#define OWNER_TEXT(name, member)                                      \
	{                                                             \
		name, TEXT, IN(ak_owner, member), NULL, NULL, DECIDED \
	}
#define OWNER_TIME(name, member)                                      \
	{                                                             \
		name, TIME, IN(ak_owner, member), NULL, NULL, DECIDED \
	}
#define THE_TYPE                                  \
	{                                         \
		"type", TYPE, 0, 0, NULL, NULL, 0 \
	}

static const struct key_json_field key_fields[] = {
	THE_TYPE,
	KEY_TEXT("id", key.id, id_why_not, NEEDED),
	KEY_TEXT("name", key.name, ak_name_why_not, NEEDED | DECIDED),
	KEY_TEXT("owner", key.owner, ak_owner_why_not, NEEDED),
	KEY_TEXT("prefix", prefix, ak_prefix_why_not, NEEDED),
	{ "scheme", SCHEME, IN(ak_record, key.scheme), NULL, NULL, NEEDED },
	{ "digest", DIGEST, IN(ak_record, key.digest), NULL, NULL, NEEDED },
	{ "status", STATE, IN(ak_record, key.state), NULL, NULL, NEEDED | DECIDED },
	KEY_TEXT("description", description, NULL, DECIDED),
	KEY_WORDS("services", key.services, keyword_service),
	KEY_WORDS("scopes", key.scopes, keyword_scope),
	KEY_WORDS("networks", key.networks, keyword_network),
	KEY_WORDS("tags", tags, keyword_tag),
	KEY_TIME("not_before", key.not_before, DECIDED),
	KEY_TIME("expires_at", key.expires_at, DECIDED),
	KEY_TIME("created_at", created_at, NEEDED),
	KEY_TEXT("created_by", created_by, NULL, NEEDED),
	KEY_TIME("activated_at", activated_at, 0),
	KEY_TIME("revoked_at", revoked_at, 0),
	KEY_TEXT("revoked_by", revoked_by, NULL, 0),
	KEY_TEXT("revoke_reason", revoke_reason, NULL, 0),
	KEY_TEXT("replaced_by", replaced_by, id_why_not, DECIDED),
	{ "decoy", YES, IN(ak_record, key.decoy), NULL, NULL, 0 },
	KEY_TIME("draining_since", draining_since, 0),
	{ "no_recovery", YES, IN(ak_record, no_recovery), NULL, NULL, 0 },
	{ .name = NULL },
};

static const struct key_json_field owner_fields[] = {
	THE_TYPE,
	{ "owner", TEXT, IN(ak_owner, name), ak_owner_why_not, NULL, NEEDED },
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

static const struct key_json_field header_fields[] = {
	THE_TYPE,
	{ "version", COUNT, IN(key_json_header, version), NULL, NULL, NEEDED },
	{ "prefix", TEXT, IN(key_json_header, prefix), ak_prefix_why_not, NULL, 0 },
	{ "exported_at", TIME, IN(key_json_header, exported_at), NULL, NULL, 0 },
	{ "owners", COUNT, IN(key_json_header, owners), NULL, NULL, 0 },
	{ "keys", COUNT, IN(key_json_header, keys), NULL, NULL, 0 },
	{ .name = NULL },
};

const struct key_json_shape key_json_shapes[KEY_JSON_TYPES] = {
	[KEY_JSON_KEY] = { "key", key_fields },
	[KEY_JSON_OWNER] = { "owner", owner_fields },
	[KEY_JSON_HEADER] = { "export", header_fields },
};

const char *const key_json_states[] = {
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
make_value(const struct key_json_field *f, enum key_json_type type, const void *record)
{
	const char *at = (const char *)record + f->at;
	struct out_cell cell = { .text = at };

	switch (f->kind) {
	case TYPE:
		return json_string(key_json_shapes[type].name);
	case TEXT:
		return out_json_cell(OUT_TEXT, &cell);
	case WORDS:
		return *at != '\0' ? out_json_cell(OUT_WORDS, &cell) : json_null();
	case TIME:
	case COUNT:
		memcpy(&cell.number, at, sizeof(cell.number));
		return out_json_cell(f->kind == TIME ? OUT_TIME : OUT_NUMBER, &cell);
	case STATE:
		return json_string(
		    key_json_states[*(const enum ak_state *)(const void *)at]);
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

	for (const struct key_json_field *f = key_json_shapes[type].fields;
	     f->name != NULL; f++) {
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
