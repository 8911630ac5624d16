/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "live_key.h"

static bool
take(const struct ak_record *record, void *context)
{
	if (record->key.state == AK_ENDED || record->replaced_by[0] != '\0')
		return true;
	*(struct ak_record *)context = *record;
	return false;
}

enum ak_code
live_key_find(struct cli *cli, const char *owner, const char *name,
    struct ak_record *record, bool *found)
{
	enum ak_code code;

	memset(record, 0, sizeof(*record));
	code = ak_record_by_name(cli->master, name, owner, take, record, &cli->error);
	*found = record->key.id[0] != '\0';
	return code;
}
