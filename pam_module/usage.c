/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "usage.h"

/* usage_dir=, or usage.d in the folder of the store. */
static void
folder_of(const struct ak_module_options *o, char folder[PATH_MAX])
{
	const char *slash = strrchr(o->store, '/');

	if (o->usage_dir != NULL)
		snprintf(folder, PATH_MAX, "%s", o->usage_dir);
	else
		snprintf(folder, PATH_MAX, "%.*s/usage.d", (int)(slash - o->store),
		    o->store);
}

enum ak_code
usage_record(const struct ak_module_options *o, const struct ak_request *request,
    const struct ak_verdict *verdict, struct ak_error *error)
{
	struct ak_usage_record record = { .reason = verdict->reason,
		.time = request->now };
	char folder[PATH_MAX];

	if (verdict->token.id[0] == '\0')
		return AK_OK;
	memcpy(record.id, verdict->token.id, sizeof(record.id));
	record.has_address = ak_address_parse(request->rhost, &record.address);
	if (request->service != NULL && ak_service_why_not(request->service) == NULL)
		snprintf(record.service, sizeof(record.service), "%.*s",
		    AK_USAGE_SERVICE_MAX, request->service);
	folder_of(o, folder);
	return ak_usage_append(folder, &record, error);
}
