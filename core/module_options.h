/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_MODULE_OPTIONS_H
#define AK_MODULE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "words.h"

/*
 * The options of a module line, pam_authkey(8): the module obeys them, and the tool
 * reads them in the stacks of this host.
 */
#define AK_DIR_DEFAULT "/var/lib/authkey"
#define AK_STORE_DEFAULT AK_DIR_DEFAULT "/keys.db"

/* Whose name PAM_USER must be: option user=. */
enum ak_user_rule { AK_USER_MATCH, AK_USER_ANY, AK_USER_SET };

/* What becomes of a login whose record cannot be written: option usage=. */
enum ak_usage_rule { AK_USAGE_BEST_EFFORT, AK_USAGE_REQUIRED, AK_USAGE_OFF };

/* The options of one line. Texts are borrowed from its arguments. */
struct ak_module_options {
	const char *store;
	uid_t store_owner;
	enum ak_user_rule user;
	const char *service; /* NULL: PAM_SERVICE */
	char scopes[AK_WORDS_MAX];
	bool require_verified_owner;
	const char *prompt;
	bool use_first_pass;
	bool try_first_pass;
	enum ak_usage_rule usage;
	const char *usage_dir; /* NULL: usage.d beside the store */
	bool ignore_authinfo_unavail;
	int fail_delay; /* ms */
	int expiry_notice; /* days */
	bool no_env;
	bool debug;
	bool quiet;
};

/* Find a user's number by his name. False when there is no such user. */
typedef bool ak_user_number_fn(const char *name, uid_t *uid, void *context);

/*
 * Read the arguments of a module line, defaults for what is not there.
 *
 *   argv     argc texts, borrowed as long as `options` is used
 *   number   asked for the user that store_owner= names
 *   options  out, caller's memory
 *   wrong    out: the first argument that cannot be one; NULL when all are understood
 *
 * NULL, or why `wrong` cannot be an option: unknown, repeated, empty, out of range or
 * not of its form. Nothing is ever passed over: SECURITY R3.
 */
const char *ak_module_options_parse(int argc, const char *const *argv,
    ak_user_number_fn *number, void *context, struct ak_module_options *options,
    const char **wrong);

/* The options of a line of pam_authkey_passwd(8). Texts are borrowed. */
struct ak_passwd_options {
	const char *dir; /* the installation */
	int64_t overlap; /* s that the old token stays valid; 0: it ends at once */
	const char *prompt;
	bool debug;
	bool quiet;
};

/* Read them, as above. */
const char *ak_passwd_options_parse(int argc, const char *const *argv,
    struct ak_passwd_options *options, const char **wrong);

#endif
