/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "crc32.h"
#include "byte_order.h"
#include "name.h"
#include "usage_record.h"
#include "when.h"

const char ak_usage_magic[4] = { 'A', 'K', 'U', 'R' };

static const char head_magic[4] = { 'A', 'K', 'U', 'F' };

enum {
	CHECK_AT = AK_USAGE_LEN - 4,
	/* of a head */
	VERSION_AT = 4,
	FILE_ID_AT = 8,
	CAP_AT = 24,
	/* of a record */
	REASON_AT = 4,
	TIME_AT = 8,
	ID_AT = 16,
	ADDRESS_AT = 24,
	HAS_ADDRESS_AT = 40,
	SERVICE_AT = 41
};

_Static_assert(SERVICE_AT + AK_USAGE_SERVICE_MAX == CHECK_AT, "a record is full");
_Static_assert(CAP_AT + 8 == AK_USAGE_DROPPED_AT, "dropped stands behind the cap");

/* The check of a head leaves out what changes in place. */
static uint32_t
head_check(const uint8_t packed[AK_USAGE_LEN])
{
	uint8_t still[CHECK_AT];

	memcpy(still, packed, sizeof(still));
	memset(still + AK_USAGE_DROPPED_AT, 0, 8);
	return ak_crc32(still, sizeof(still));
}

void
ak_usage_head_pack(const struct ak_usage_head *head, uint8_t packed[AK_USAGE_LEN])
{
	memset(packed, 0, AK_USAGE_LEN);
	memcpy(packed, head_magic, sizeof(head_magic));
	ak_put_number(packed + VERSION_AT, AK_USAGE_VERSION, 4);
	memcpy(packed + FILE_ID_AT, head->id, sizeof(head->id));
	ak_put_number(packed + CAP_AT, head->cap, 8);
	ak_put_number(packed + AK_USAGE_DROPPED_AT, head->dropped, 8);
	ak_put_number(packed + CHECK_AT, head_check(packed), 4);
}

bool
ak_usage_head_unpack(const uint8_t packed[AK_USAGE_LEN], struct ak_usage_head *head)
{
	memset(head, 0, sizeof(*head));
	if (memcmp(packed, head_magic, sizeof(head_magic)) != 0 ||
	    ak_get_number(packed + VERSION_AT, 4) != AK_USAGE_VERSION ||
	    ak_get_number(packed + CHECK_AT, 4) != head_check(packed))
		return false;
	memcpy(head->id, packed + FILE_ID_AT, sizeof(head->id));
	head->cap = ak_get_number(packed + CAP_AT, 8);
	head->dropped = ak_get_number(packed + AK_USAGE_DROPPED_AT, 8);
	return true;
}

void
ak_usage_pack(const struct ak_usage_record *record, uint8_t packed[AK_USAGE_LEN])
{
	memset(packed, 0, AK_USAGE_LEN);
	memcpy(packed, ak_usage_magic, sizeof(ak_usage_magic));
	ak_put_number(packed + REASON_AT, record->reason, 4);
	ak_put_number(packed + TIME_AT, (uint64_t)record->time, 8);
	memcpy(packed + ID_AT, record->id, AK_ID_LEN);
	if (record->has_address)
		memcpy(packed + ADDRESS_AT, record->address.bytes, 16);
	packed[HAS_ADDRESS_AT] = record->has_address;
	memcpy(packed + SERVICE_AT, record->service,
	    strnlen(record->service, AK_USAGE_SERVICE_MAX));
	ak_put_number(packed + CHECK_AT, ak_crc32(packed, CHECK_AT), 4);
}

/*
 * A service's name or none, then NULs to the end. No other texts get into tables and
 * spreadsheets: "*" for one is what the fold calls what it does not tell apart.
 */
static bool
is_service(const uint8_t *bytes)
{
	char service[AK_USAGE_SERVICE_MAX + 1] = { 0 };
	size_t len;

	memcpy(service, bytes, AK_USAGE_SERVICE_MAX);
	len = strlen(service);
	for (size_t i = len; i < AK_USAGE_SERVICE_MAX; i++)
		if (service[i] != '\0')
			return false;
	return len == 0 || ak_service_why_not(service) == NULL;
}

bool
ak_usage_unpack(const uint8_t packed[AK_USAGE_LEN], struct ak_usage_record *record)
{
	int64_t time = (int64_t)ak_get_number(packed + TIME_AT, 8);
	uint32_t reason = (uint32_t)ak_get_number(packed + REASON_AT, 4);

	memset(record, 0, sizeof(*record));
	/* The check comes last: bytes that only look like a beginning cost little. */
	if (memcmp(packed, ak_usage_magic, sizeof(ak_usage_magic)) != 0 ||
	    !ak_reason_exists(reason) || time < 0 || time > AK_TIME_MAX ||
	    packed[HAS_ADDRESS_AT] > 1 || !is_service(packed + SERVICE_AT) ||
	    ak_get_number(packed + CHECK_AT, 4) != ak_crc32(packed, CHECK_AT))
		return false;
	for (size_t i = 0; i < AK_ID_LEN; i++)
		if (packed[ID_AT + i] == '\0' ||
		    strchr(ak_base58, packed[ID_AT + i]) == NULL)
			return false;
	record->reason = (enum ak_reason)reason;
	record->time = time;
	memcpy(record->id, packed + ID_AT, AK_ID_LEN);
	record->has_address = packed[HAS_ADDRESS_AT] == 1;
	memcpy(record->address.bytes, packed + ADDRESS_AT, 16);
	memcpy(record->service, packed + SERVICE_AT, AK_USAGE_SERVICE_MAX);
	return true;
}
