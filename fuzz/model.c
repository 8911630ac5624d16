/* SPDX-License-Identifier: BSD-2-Clause */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "model.h"

/* Whether `word` is one of those in `list`, which have one space between them. */
static bool
has(const char *list, const char *word, size_t len)
{
	const char *at = list;

	while ((at = memmem(at, strlen(at), word, len)) != NULL) {
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return len > 0 && memchr(word, ' ', len) == NULL;
		at++;
	}
	return false;
}

/* Is it in 192.0.2.0/24 or 2001:db8::/32, the networks of the world? -1: no address. */
static int
is_near(const char *rhost)
{
	static const uint8_t near4[] = { 192, 0, 2 }, near6[] = { 0x20, 1, 0x0d, 0xb8 },
			     four[12] = { [10] = 0xff, [11] = 0xff };
	char plain[64] = "";
	uint8_t bytes[16];
	const char *zone;

	if (rhost == NULL)
		return -1;
	if (inet_pton(AF_INET, rhost, bytes) == 1)
		return memcmp(bytes, near4, sizeof(near4)) == 0;
	zone = strchr(rhost, '%');
	snprintf(plain, sizeof(plain), "%.*s",
	    zone != NULL ? (int)(zone - rhost) : (int)strlen(rhost), rhost);
	if (inet_pton(AF_INET6, plain, bytes) != 1)
		return -1;
	if (memcmp(bytes, four, sizeof(four)) == 0)
		return memcmp(bytes + 12, near4, sizeof(near4)) == 0;
	return memcmp(bytes, near6, sizeof(near6)) == 0;
}

static bool
lacks_scope(const struct ak_key *key, const char *scopes)
{
	size_t len;

	for (; *scopes != '\0'; scopes += len + (scopes[len] == ' ')) {
		len = strcspn(scopes, " ");
		if (len == 0 || !has(key->scopes, scopes, len))
			return true;
	}
	return false;
}

/* Of a key whose secret was presented. */
static enum ak_reason
about(const struct ak_key *key, int64_t published_at, const struct question *q)
{
	if (key->state == AK_ENDED)
		return AK_REVOKED;
	if (key->state != AK_ENABLED)
		return AK_DISABLED;
	if (key->decoy)
		return AK_DECOY;
	if (key->expires_at != AK_NO_TIME && q->now + 300 < published_at)
		return AK_CLOCK_BEHIND;
	if (key->not_before != AK_NO_TIME && q->now < key->not_before)
		return AK_NOT_YET_VALID;
	if (key->expires_at != AK_NO_TIME && q->now >= key->expires_at)
		return AK_EXPIRED;
	if (key->owner_suspended)
		return AK_OWNER_SUSPENDED;
	if (q->verified && !key->owner_verified)
		return AK_OWNER_UNVERIFIED;
	if (key->services[0] != '\0' &&
	    (q->service == NULL || !has(key->services, q->service, strlen(q->service))))
		return AK_SERVICE_MISMATCH;
	if (q->user != NULL && strcmp(q->user, key->owner) != 0)
		return AK_USER_MISMATCH;
	if (key->networks[0] != '\0' && is_near(q->rhost) < 0)
		return AK_NO_RHOST;
	if (key->networks[0] != '\0' && is_near(q->rhost) == 0)
		return AK_FORBIDDEN_IP;
	return lacks_scope(key, q->scopes) ? AK_SCOPE_MISSING : AK_VALID;
}

enum ak_reason
model_answer(const struct world *w, const struct question *q)
{
	struct ak_token tok;
	enum ak_reason shape = ak_token_parse(q->token, strlen(q->token), &tok);

	if (shape != AK_VALID)
		return shape;
	if (w->is >= WORLD_READABLE)
		return AK_STORE_UNAVAILABLE;
	for (unsigned i = 0; i < WORLD_KEYS; i++)
		if (strcmp(q->token, w->tokens[i]) == 0)
			return about(&w->keys[w->is][i], w->published_at[w->is], q);
	for (unsigned i = 0; i < WORLD_KEYS; i++)
		if (strcmp(tok.id, w->keys[w->is][i].id) == 0)
			return AK_BAD_SECRET;
	return AK_NOT_FOUND;
}
