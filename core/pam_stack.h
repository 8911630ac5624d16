/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_PAM_STACK_H
#define AK_PAM_STACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The stacks of a PAM service, read as libpam reads them: what follows is not what the
 * manual page promises but what Linux-PAM 1.5.2 was seen to do. Nothing here asks PAM
 * or opens a file.
 *
 * Source: pam.conf(5); tests/pam/stack.c compares with the real libpam.
 */

/* What a module answers, in the order of their numbers, as brackets spell them. */
/* clang-format off */
#define AK_PAM_CODE_LIST(X) \
	X(SUCCESS, success) X(OPEN_ERR, open_err) X(SYMBOL_ERR, symbol_err) \
	X(SERVICE_ERR, service_err) X(SYSTEM_ERR, system_err) X(BUF_ERR, buf_err) \
	X(PERM_DENIED, perm_denied) X(AUTH_ERR, auth_err) \
	X(CRED_INSUFFICIENT, cred_insufficient) \
	X(AUTHINFO_UNAVAIL, authinfo_unavail) X(USER_UNKNOWN, user_unknown) \
	X(MAXTRIES, maxtries) X(NEW_AUTHTOK_REQD, new_authtok_reqd) \
	X(ACCT_EXPIRED, acct_expired) X(SESSION_ERR, session_err) \
	X(CRED_UNAVAIL, cred_unavail) X(CRED_EXPIRED, cred_expired) \
	X(CRED_ERR, cred_err) X(NO_MODULE_DATA, no_module_data) X(CONV_ERR, conv_err) \
	X(AUTHTOK_ERR, authtok_err) X(AUTHTOK_RECOVERY_ERR, authtok_recover_err) \
	X(AUTHTOK_LOCK_BUSY, authtok_lock_busy) \
	X(AUTHTOK_DISABLE_AGING, authtok_disable_aging) X(TRY_AGAIN, try_again) \
	X(IGNORE, ignore) X(ABORT, abort) X(AUTHTOK_EXPIRED, authtok_expired) \
	X(MODULE_UNKNOWN, module_unknown) X(BAD_ITEM, bad_item) \
	X(CONV_AGAIN, conv_again) X(INCOMPLETE, incomplete)
/* clang-format on */

enum ak_pam_code {
#define AK_PAM_CODE_ENUM(name, word) AK_PAM_##name,
	AK_PAM_CODE_LIST(AK_PAM_CODE_ENUM)
#undef AK_PAM_CODE_ENUM
	    AK_PAM_CODES
};

/* What becomes of an answer; a positive number skips so many lines. */
enum ak_pam_action {
	AK_PAM_DO_IGNORE = 0,
	AK_PAM_DO_OK = -1,
	AK_PAM_DO_DONE = -2,
	AK_PAM_DO_BAD = -3,
	AK_PAM_DO_DIE = -4,
	AK_PAM_DO_RESET = -5,
	AK_PAM_DO_UNDEFINED = -6,
};

/* The deepest substack that libpam enters. */
#define AK_PAM_LEVELS 16

enum ak_pam_kind {
	AK_PAM_MODULE,
	AK_PAM_SUBSTACK, /* the lines behind it with a higher level are the substack */
	AK_PAM_BROKEN, /* a line that libpam could not read: it always fails */
};

struct ak_pam_line {
	enum ak_pam_kind kind;
	unsigned level; /* of substacks */
	const char *file; /* where it stands, and in which line */
	unsigned number;
	int actions[AK_PAM_CODES];
	const char *module; /* as the line names it; of a module alone */
	int argc;
	const char **argv; /* without brackets around an argument */
	char *text; /* what module and argv point into; what is wrong with a broken line
		     */
};

/* The phases in which a module decides; sessions and passwords are passed over. */
enum ak_pam_phase { AK_PAM_AUTH, AK_PAM_ACCOUNT, AK_PAM_PHASES };

struct ak_pam_stack {
	struct ak_pam_line *lines;
	size_t count;
};

struct ak_pam_service {
	/* Lines of the service itself and of what it includes. */
	struct ak_pam_stack own[AK_PAM_PHASES];
	/* Lines of the service "other", for a phase that has none of its own. */
	struct ak_pam_stack other[AK_PAM_PHASES];
	bool broken; /* libpam refuses the whole service, or crashes over it */
	char why[512]; /* and why: "FILE:LINE: what is wrong" */
	char **files; /* the names that lines point to */
	size_t file_count;
};

#define AK_PAM_PATH 4096

/* How a file is named: a service, `include`, or Debian's `@include`. */
enum ak_pam_named { AK_PAM_BY_SERVICE, AK_PAM_BY_INCLUDE, AK_PAM_BY_AT_INCLUDE };

/*
 * Where files come from. `read` gives the whole text of a file, NUL-ended, the
 * caller's to free, and its path; NULL when there is none that can be read.
 */
struct ak_pam_source {
	char *(*read)(const char *name, enum ak_pam_named how, char path[AK_PAM_PATH],
	    void *context);
	void *context;
	bool one_file; /* as /etc/pam.conf: each line begins with its service */
};

/*
 * Read the stacks of a service and all that they include.
 *
 *   service  out: the caller gives it to ak_pam_service_free()
 *
 * False when memory is out. All else is an answer: `broken` and the lines.
 */
bool ak_pam_service_read(const char *name, const struct ak_pam_source *source,
    struct ak_pam_service *service);

void ak_pam_service_free(struct ak_pam_service *service);

/* The stack that libpam walks in a phase: the service's own, or that of "other". */
const struct ak_pam_stack *ak_pam_stack_of(
    const struct ak_pam_service *service, enum ak_pam_phase phase);

/* The number of a code by the name that follows PAM_, AK_PAM_CODES when none has it. */
enum ak_pam_code ak_pam_code_of(const char *name);

#endif
