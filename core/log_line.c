/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "log_line.h"

/* A name from the client is repeated when it is the owner's, and otherwise not. */
static const char *
known(const char *name, const struct ak_key *key)
{
	return name != NULL && strcmp(name, key->owner) == 0 ? key->owner : "";
}

void
ak_log_line(const char *phase, const struct ak_verdict *verdict,
    const struct ak_caller *caller, char out[AK_LOG_LINE_MAX])
{
	const struct ak_key *key = &verdict->key;
	char tty[AK_ESCAPED_MAX], ruser[AK_ESCAPED_MAX], rhost[AK_ESCAPED_MAX],
	    user[AK_ESCAPED_MAX];

	snprintf(out, AK_LOG_LINE_MAX,
	    "%s %s; logname= uid=%u euid=%u tty=%s ruser=%s rhost=%s user=%s key=%s "
	    "reason=%s%s",
	    phase, verdict->reason == AK_VALID ? "success" : "failure",
	    (unsigned)caller->uid, (unsigned)caller->euid, ak_escape(caller->tty, tty),
	    ak_escape(known(caller->ruser, key), ruser),
	    ak_escape(caller->rhost, rhost), ak_escape(known(caller->user, key), user),
	    key->id, ak_reason_word(verdict->reason),
	    verdict->token.truncated ? " hint=truncated-by-client" : "");
}
