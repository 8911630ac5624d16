/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_HOST_H
#define AK_HOST_H

/*
 * A PAM service for tests: real libpam, which loads the module that was built, on
 * service files in the fixture's folder. host.c also stands in for clock_gettime() and
 * syslog(), so that a test sets the time and reads the log, and for audit_open().
 */
#include <security/pam_appl.h>

#include "fixture.h"

/* How the conversation answers a prompt. */
enum answer_kind { ANSWER_TEXT, ANSWER_CODE, ANSWER_NO_ARRAY, ANSWER_NO_TEXT };

struct answer {
	enum answer_kind kind;
	const char *text;
	int code; /* of ANSWER_CODE */
};

/* What one conversation was asked; one thread at a time. */
struct talk {
	struct answer answer; /* to a prompt without echo */
	const char *user; /* to a prompt with echo: the login name */
	unsigned prompts; /* without echo */
	unsigned user_prompts; /* with echo */
	unsigned messages; /* PAM_TEXT_INFO and PAM_ERROR_MSG */
	char last_prompt[512];
	char last_message[512];
	void (*before)(void *context); /* called before a prompt is answered */
	void *context;
	int (*shown)(
	    void *context); /* called with each message; the conversation's code */
};

struct host {
	struct fx *fx;
	char confdir[FX_PATH + 16]; /* the service files */
	struct talk talk;
	const char *rhost; /* items of the next handles, NULL: not set */
	const char *ruser;
	const char *tty;
};

/* cmocka setup and teardown; *state is a struct host with the log empty. */
int host_setup(void **state);
int host_teardown(void **state);

#define HOST_TEST(name) cmocka_unit_test_setup_teardown(name, host_setup, host_teardown)

/*
 * Write the service file `service`. In the lines, @M@ becomes the module with its
 * store= and store_owner= options, @m@ the module alone, @S@ the store.
 */
void host_service(struct host *h, const char *service, const char *lines);

/* A service "test" of one line each: "auth CONTROL @M@ OPTIONS", and the account line.
 */
void host_options(struct host *h, const char *control, const char *options);

/* Stacks to try a module in: its control, and the required module behind it. */
#define HOST_CONTROLS 3
#define HOST_FOLLOWERS 2
struct follower {
	const char *module;
	int code; /* that it gives in every phase */
};
extern const char *const host_controls[HOST_CONTROLS];
extern const struct follower host_followers[HOST_FOLLOWERS];

/* What libpam makes of a module's code and the one behind it: pam.conf(5). */
int host_stacked(const char *control, int code, const struct follower *behind);

/*
 * Become another user for good, with the modules in memory: he may not be able to reach
 * the folder of the build. False when it cannot be.
 */
bool host_become(uid_t uid);

/* Start a transaction, with the host's items and talk. */
pam_handle_t *host_start(struct host *h, const char *service, const char *user);

/* The same through a talk of one's own, for threads. */
pam_handle_t *host_start_with(
    const struct host *h, struct talk *talk, const char *service, const char *user);

/* pam_start, pam_authenticate, pam_end on "test"; the answer to the prompt is `token`.
 */
int host_login(struct host *h, const char *user, const char *token);

/* The same with pam_acct_mgmt between, unless acct is NULL; -1 in it when authenticate
 * failed. */
int host_login_and_account(
    struct host *h, const char *user, const char *token, int *acct);

/* A service "test" whose password line is pam_authkey_passwd.so with these options. */
void host_passwd(struct host *h, const char *options);

/* pam_start, pam_chauthtok, pam_end on "test"; the answer to the prompt is `token`. */
int host_change(struct host *h, const char *user, const char *token, int flags);

/* Assert a PAM code, and name both when they differ. */
void host_assert_pam(int got, int wanted, const char *what, const char *file, int line);
#define assert_pam(got, wanted) host_assert_pam(got, wanted, #got, __FILE__, __LINE__)

const char *host_get(pam_handle_t *pamh, int item);

/* The clock: what CLOCK_REALTIME is from now on; starts at FX_NOW in each test. */
void host_set_time(int64_t now);

/* The log of this process since the last host_log_clear(), one line each. */
struct log_line {
	int level;
	char text[2048];
};
void host_log_clear(void);
unsigned host_log_count(void);
const struct log_line *host_log_at(unsigned i);

/* Assert that there is exactly one line, of this level, and that it ends with `text`.
 */
void host_assert_log(int level, const char *text, const char *file, int line);
#define assert_log(level, text) host_assert_log(level, text, __FILE__, __LINE__)

/* Whether any line holds `text`. */
bool host_log_has(const char *text);

#endif
