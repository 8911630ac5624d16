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

/* The line of a verdict that a store has given. */
static void
log_decision(
    pam_handle_t *pamh, const char *phase, const struct ak_verdict *verdict, int level)
{
	struct ak_caller caller = { getuid(), geteuid(), talk_item(pamh, PAM_TTY),
		talk_item(pamh, PAM_RUSER), talk_item(pamh, PAM_RHOST),
		talk_item(pamh, PAM_USER) };
	char line[AK_LOG_LINE_MAX];

	ak_log_line(phase, verdict, &caller, line);
	pam_syslog(pamh, level, "%s", line);
}

void
log_verdict(pam_handle_t *pamh, const char *phase, const struct ak_verdict *verdict,
    bool debug, bool quiet)
{
	int level = level_of(verdict->reason);

	if ((level == LOG_DEBUG && !debug) || (level == LOG_INFO && quiet))
		return;
	if (verdict->reason == AK_STORE_UNAVAILABLE)
		pam_syslog(pamh, level, "store unavailable: %s", verdict->error.text);
	else
		log_decision(pamh, phase, verdict, level);
}

void
log_option(pam_handle_t *pamh, const char *wrong, const char *why, const char *what)
{
	char shown[AK_ESCAPED_MAX];

	pam_syslog(pamh, LOG_ERR, "option %s: %s; %s until it is mended",
	    ak_escape(wrong, shown), why, what);
}
