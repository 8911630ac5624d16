/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_LOG_LINE_H
#define AK_LOG_LINE_H

#include <sys/types.h>

#include "verify.h"

#define AK_LOG_LINE_MAX 1536

/* Who asked, as PAM tells it. Texts are borrowed and may be NULL. */
struct ak_caller {
	uid_t uid;
	uid_t euid;
	const char *tty;
	const char *ruser;
	const char *rhost;
	const char *user;
};

/*
 * The log line of a verdict, in the form that log watchers know from pam_unix(8):
 *
 *	authentication failure; logname= uid=33 euid=33 tty= ruser= rhost=192.0.2.7
 *	user=alice key=7QxR2mNd reason=DISABLED			(all on one line)
 *
 *   phase   "authentication" or "account"
 *   out     caller's memory
 *
 * Safe for the log whatever the client sent: each field is escaped, a key is named only
 * when the store has it, and a user only when he owns it, since people type passwords
 * where a user name belongs (SECURITY R16, R17). logname stays empty: utmp is not read.
 */
void ak_log_line(const char *phase, const struct ak_verdict *verdict,
    const struct ak_caller *caller, char out[AK_LOG_LINE_MAX]);

#endif
