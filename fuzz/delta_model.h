/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_DELTA_MODEL_H
#define FUZZ_DELTA_MODEL_H

/*
 * A reader of deltas by the words of authkey-store(5), which shares no code with core
 * but what a time is and libsodium.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODEL_TAG UINT64_C(0x0123456789abcdef)

/* A file, and what its head claims of it. */
struct parts {
	const uint8_t *bytes;
	uint64_t len, size, entries, buckets;
	uint64_t entries_at, buckets_at;
	bool fit; /* all is within the file */
};
struct parts model_parts(const uint8_t *bytes, size_t len);

/* The seal of bytes under an id. */
void model_seal(const char *id, const uint8_t *bytes, size_t len, uint8_t seal[16]);

/* Where the entries of a bucket are; false when they are not within their table. */
bool model_bucket(
    const struct parts *parts, uint64_t bucket, uint64_t *at, uint64_t *count);
void model_bucket_seal(const struct parts *parts, uint64_t bucket, uint64_t at,
    uint64_t count, uint8_t seal[16]);

/* A number with its lowest byte first. */
uint64_t model_number(const uint8_t *at, unsigned bytes);

/* What a delta with MODEL_TAG says of an id: of a record, where it is, too. */
enum answer { NOTHING, A_RECORD, GONE, TROUBLE };
enum answer model_ask(
    const struct parts *parts, const char *id, const uint8_t **record, size_t *len);

#endif
