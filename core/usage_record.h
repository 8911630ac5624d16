/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_USAGE_RECORD_H
#define AK_USAGE_RECORD_H

#include "address.h"
#include "reason.h"
#include "token.h"

/*
 * What stands in usage.d/UID: a head that root has written, and behind it one usage
 * record for each token that was presented to that user's processes. Both have 80
 * bytes, numbers are little-endian:
 *
 *	head    "AKUF" version(4) id(16) cap(8) dropped(8) zero(36) CRC-32(4)
 *	record  "AKUR" reason(4) time(8) id(8) address(16) has_address(1) service(35)
 *	        CRC-32(4)
 *
 * The check (of what stands before it; in the head without `dropped`, which the module
 * counts up) tells a whole record from one that was torn by a full disk, and from
 * bytes that are none. It is no proof: a service may write what it likes into its own
 * file. The fold says from which user's file a record comes.
 */
#define AK_USAGE_LEN 80
#define AK_USAGE_VERSION 1
#define AK_USAGE_SERVICE_MAX 35
#define AK_USAGE_FILE_ID_LEN 16
#define AK_USAGE_DROPPED_AT 32 /* of the head: where `dropped` stands */

struct ak_usage_head {
	uint8_t id[AK_USAGE_FILE_ID_LEN]; /* random: which file it is, for ever */
	uint64_t cap; /* bytes, from where records are dropped */
	uint64_t dropped; /* how many were */
};

struct ak_usage_record {
	enum ak_reason reason;
	int64_t time; /* s since 1970 UTC */
	char id[AK_ID_LEN + 1];
	bool has_address;
	struct ak_address address;
	char service[AK_USAGE_SERVICE_MAX + 1];
};

void ak_usage_head_pack(const struct ak_usage_head *head, uint8_t packed[AK_USAGE_LEN]);

/* False, and the head all zero, unless it is one of this version. */
bool ak_usage_head_unpack(
    const uint8_t packed[AK_USAGE_LEN], struct ak_usage_head *head);

/* Pack a record. `service` of a record is never too long; see ak_usage_service(). */
void ak_usage_pack(const struct ak_usage_record *record, uint8_t packed[AK_USAGE_LEN]);

/*
 * Unpack 80 bytes of any origin. False, and the record all zero, unless the check fits
 * and each field is in its form: a reason that there is, an id of base58, a time from
 * 1970 to 9999, a name as services have, or none.
 */
bool ak_usage_unpack(
    const uint8_t packed[AK_USAGE_LEN], struct ak_usage_record *record);

/* The first four bytes of every record, to look for one behind bytes that are none. */
extern const char ak_usage_magic[4];

#endif
