/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "address.h"
#include "decide.h"

#define UNUSED __attribute__((unused))

/* Each proof that failed refuses under its own name. */
#define PROOF(word, function)                                                  \
	static bool function(                                                  \
	    UNUSED const struct ak_key *key, const struct ak_request *request) \
	{                                                                      \
		return request->proof == (word);                               \
	}
PROOF(AK_STORE_UNAVAILABLE, no_store)
PROOF(AK_MALFORMED, malformed)
PROOF(AK_BAD_CHECKSUM, bad_checksum)
PROOF(AK_NOT_FOUND, not_found)
#undef PROOF

/* Whatever is not the proof itself: a value that nobody named must not open. */
static bool
unproved(UNUSED const struct ak_key *key, const struct ak_request *request)
{
	return request->proof != AK_VALID;
}

static bool
revoked(const struct ak_key *key, UNUSED const struct ak_request *request)
{
	return key->state == AK_ENDED;
}

static bool
not_enabled(const struct ak_key *key, UNUSED const struct ak_request *request)
{
	return key->state != AK_ENABLED;
}

static bool
decoy(const struct ak_key *key, UNUSED const struct ak_request *request)
{
	return key->decoy;
}

static bool
clock_behind(const struct ak_key *key, const struct ak_request *request)
{
	return key->expires_at != AK_NO_TIME &&
	       request->now < request->published_at - AK_CLOCK_SLACK;
}

static bool
not_yet_valid(const struct ak_key *key, const struct ak_request *request)
{
	return key->not_before != AK_NO_TIME && request->now < key->not_before;
}

static bool
expired(const struct ak_key *key, const struct ak_request *request)
{
	return key->expires_at != AK_NO_TIME && request->now >= key->expires_at;
}

static bool
owner_suspended(const struct ak_key *key, UNUSED const struct ak_request *request)
{
	return key->owner_suspended;
}

static bool
owner_unverified(const struct ak_key *key, const struct ak_request *request)
{
	return request->require_verified_owner && !key->owner_verified;
}

static bool
other_service(const struct ak_key *key, const struct ak_request *request)
{
	return key->services[0] != '\0' &&
	       (request->service == NULL ||
		   !ak_words_have(key->services, request->service));
}

static bool
other_user(const struct ak_key *key, const struct ak_request *request)
{
	return !request->any_user &&
	       (request->user == NULL || request->user[0] == '\0' ||
		   strcmp(key->owner, request->user) != 0);
}

static bool
no_rhost(const struct ak_key *key, const struct ak_request *request)
{
	struct ak_address address;

	return key->networks[0] != '\0' && !ak_address_parse(request->rhost, &address);
}

static bool
other_network(const struct ak_key *key, const struct ak_request *request)
{
	const char *word, *at = key->networks;
	struct ak_address address;
	struct ak_network network;
	size_t len;

	if (key->networks[0] == '\0')
		return false;
	if (!ak_address_parse(request->rhost, &address))
		return true;
	while ((word = ak_words_next(&at, &len)) != NULL)
		if (ak_network_why_not(word, len, &network) == NULL &&
		    ak_network_contains(&network, &address))
			return false;
	return true;
}

static bool
scope_missing(const struct ak_key *key, const struct ak_request *request)
{
	const char *word, *at = request->scopes;
	char scope[AK_WORD_MAX + 1];
	size_t len;

	if (at == NULL)
		return false;
	while ((word = ak_words_next(&at, &len)) != NULL) {
		if (len > AK_WORD_MAX)
			return true;
		memcpy(scope, word, len);
		scope[len] = '\0';
		if (!ak_words_have(key->scopes, scope))
			return true;
	}
	return false;
}

const struct ak_check ak_checks[] = {
	{ AK_STORE_UNAVAILABLE, "can the store answer?", no_store },
	{ AK_MALFORMED, "does it have the shape of a token?", malformed },
	{ AK_BAD_CHECKSUM, "does its checksum fit?", bad_checksum },
	{ AK_NOT_FOUND, "is there a key with its id?", not_found },
	{ AK_BAD_SECRET, "is its secret the key's secret?", unproved },
	{ AK_REVOKED, "is the key not revoked?", revoked },
	{ AK_DISABLED, "is the key switched on?", not_enabled },
	{ AK_DECOY, "is the key no decoy?", decoy },
	{ AK_CLOCK_BEHIND, "is this clock right enough for a key that expires?",
	    clock_behind },
	{ AK_NOT_YET_VALID, "has its time begun?", not_yet_valid },
	{ AK_EXPIRED, "has its time not ended?", expired },
	{ AK_OWNER_SUSPENDED, "is its owner not suspended?", owner_suspended },
	{ AK_OWNER_UNVERIFIED, "is its owner verified, where that is asked?",
	    owner_unverified },
	{ AK_SERVICE_MISMATCH, "is the key for this service?", other_service },
	{ AK_USER_MISMATCH, "does the key belong to this user?", other_user },
	{ AK_NO_RHOST, "is there an address, where networks bind the key?", no_rhost },
	{ AK_FORBIDDEN_IP, "is the address in one of its networks?", other_network },
	{ AK_SCOPE_MISSING, "does the key have each scope that is asked for?",
	    scope_missing },
};
const size_t ak_check_count = sizeof(ak_checks) / sizeof(ak_checks[0]);

enum ak_reason
ak_decide(const struct ak_key *key, const struct ak_request *request)
{
	for (size_t i = 0; i < ak_check_count; i++)
		if (ak_checks[i].refuses(key, request))
			return ak_checks[i].reason;
	return AK_VALID;
}
