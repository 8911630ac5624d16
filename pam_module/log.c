/* SPDX-License-Identifier: BSD-2-Clause */
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>

#include "log.h"
#include "talk.h"

static int
level_of(enum ak_reason reason)
{
	switch (reason) {
#define LEVEL(word, value, auth, acct, level, text) \
	case AK_##word:                             \
		return LOG_##level;
		AK_REASONS(LEVEL)
#undef LEVEL
	}
	return LOG_ERR;
}

void
log_verdict(pam_handle_t *pamh, const char *phase, const struct ak_verdict *verdict,
    bool debug, bool quiet)
{
	struct ak_caller caller = { getuid(), geteuid(), talk_item(pamh, PAM_TTY),
		talk_item(pamh, PAM_RUSER), talk_item(pamh, PAM_RHOST),
		talk_item(pamh, PAM_USER) };
	int level = level_of(verdict->reason);
	char line[AK_LOG_LINE_MAX];

	if ((level == LOG_DEBUG && !debug) || (level == LOG_INFO && quiet))
		return;
	if (verdict->reason == AK_STORE_UNAVAILABLE) {
		pam_syslog(pamh, level, "store unavailable: %s", verdict->error.text);
		return;
	}
	ak_log_line(phase, verdict, &caller, line);
	pam_syslog(pamh, level, "%s", line);
}

void
log_option(pam_handle_t *pamh, const char *wrong, const char *why, const char *what)
{
	char shown[AK_ESCAPED_MAX];

	pam_syslog(pamh, LOG_ERR, "option %s: %s; %s until it is mended",
	    ak_escape(wrong, shown), why, what);
}
