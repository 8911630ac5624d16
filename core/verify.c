/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <sodium.h>

#include "verify.h"

/* Whose id `verdict->token.id` is, and whether `digest` proves it. */
static enum ak_reason
prove(struct ak_store *store, const uint8_t digest[AK_DIGEST_LEN],
    struct ak_verdict *verdict)
{
	enum ak_reason proof = AK_STORE_UNAVAILABLE;
	bool same;

	if (ak_store_find(store, verdict->token.id, &verdict->key, &verdict->meta,
		&verdict->error) == AK_OK) {
		ak_store_mark(store, &verdict->mark);
		/* An unknown id is compared too, with zeroes: SECURITY R10. */
		same = ak_digest_same(digest, verdict->key.digest);
		if (verdict->key.id[0] == '\0')
			proof = AK_NOT_FOUND;
		else
			proof = same ? AK_VALID : AK_BAD_SECRET;
	}
	return proof;
}

static void
decide(struct ak_request *request, struct ak_verdict *verdict)
{
	request->published_at = verdict->meta.published_at;
	verdict->reason = ak_decide(&verdict->key, request);
}

/* Ask the store, and decide while it is open: all refusals read as much, R10. */
static void
ask(const struct ak_source *source, const uint8_t digest[AK_DIGEST_LEN],
    struct ak_request *request, struct ak_verdict *verdict)
{
	AK_FILLED_FIRST struct ak_store store;

	request->proof = AK_STORE_UNAVAILABLE;
	if (ak_store_open(source->path, source->owner, &store, &verdict->error) ==
	    AK_OK)
		request->proof = prove(&store, digest, verdict);
	decide(request, verdict);
	if (verdict->reason != AK_VALID)
		ak_store_even_out(&store, verdict->token.id);
	ak_store_close(&store);
}

void
ak_verify(const struct ak_source *source, const char *text, size_t len,
    struct ak_request *request, struct ak_verdict *verdict)
{
	uint8_t digest[AK_DIGEST_LEN];

	memset(verdict, 0, sizeof(*verdict));
	verdict->reason = AK_STORE_UNAVAILABLE;
	request->proof = ak_token_parse(text, len, &verdict->token);
	if (request->proof == AK_VALID) {
		ak_digest(text, len, digest);
		ask(source, digest, request, verdict);
		sodium_memzero(digest, sizeof(digest));
	} else
		decide(request, verdict);
}

void
ak_verify_again(const struct ak_source *source, struct ak_request *request,
    struct ak_verdict *verdict)
{
	uint8_t digest[AK_DIGEST_LEN];

	if (verdict->reason != AK_VALID)
		return;
	memset(&verdict->error, 0, sizeof(verdict->error));
	request->proof = AK_VALID;
	if (!ak_store_is_still(source->path, &verdict->mark)) {
		memcpy(digest, verdict->key.digest, sizeof(digest));
		ask(source, digest, request, verdict);
	} else
		decide(request, verdict);
}
