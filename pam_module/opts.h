/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef OPTS_H
#define OPTS_H

#include <stdbool.h>
#include <sys/types.h>

#include <security/pam_modules.h>

#include "authkey.h"

/* Whose name PAM_USER must be: option user=. */
enum user_rule { USER_MATCH, USER_ANY, USER_SET };

/* What becomes of a login whose record cannot be written: option usage=. */
enum usage_rule { USAGE_BEST_EFFORT, USAGE_REQUIRED, USAGE_OFF };

/* The options of one module line. Texts are borrowed from its arguments. */
struct opts {
	const char *store;
	uid_t store_owner;
	enum user_rule user;
	const char *service; /* NULL: PAM_SERVICE */
	char scopes[AK_WORDS_MAX];
	bool require_verified_owner;
	const char *prompt;
	bool use_first_pass;
	bool try_first_pass;
	enum usage_rule usage;
	const char *usage_dir; /* NULL: usage.d beside the store */
	bool ignore_authinfo_unavail;
	int fail_delay; /* ms */
	int expiry_notice; /* days */
	bool no_env;
	bool debug;
	bool quiet;
};

/*
 * Read the arguments of a module line, defaults for what is not there.
 *
 * PAM_SUCCESS      all of them are understood
 * PAM_SERVICE_ERR  one is unknown, repeated, empty, out of range or not of its form;
 *                  a log line names it. Nothing is ever passed over: SECURITY R3.
 */
int opts_parse(pam_handle_t *pamh, int argc, const char **argv, struct opts *opts);

#endif
