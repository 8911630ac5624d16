/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_LOGIN_H
#define FUZZ_LOGIN_H

/* For fuzz_login.c, which makes logins, and login_check.c, which judges them. */
#include <security/pam_appl.h>

#include "fuzz.h"
#include "module_options.h"
#include "world.h"

/* The digits of an input's first line. */
enum choice {
	STATE, /* of the world */
	STATE_LATER, /* between the phases */
	ANSWER, /* how the conversation answers */
	FAULTS, /* how often a call fails */
	SEED,
	TIME,
	TIME_LATER,
	FIRST_PASS, /* an earlier module has got the answer: no, yes */
	FLAGS,
	AGAIN, /* another login on the same handle: no, yes */
	CHOICES
};
enum { LINE_CHOICES, LINE_USER, LINE_ANSWER, LINE_RHOST, LINE_SERVICE, LINE_THEN };
#define LINE_OPTIONS (LINE_THEN + 1)
enum { TALK_TEXT, TALK_NO_TEXT, TALK_NO_ARRAY, TALK_FAILS, TALK_NULL, TALKS };

/* The one login that is being made. */
struct login {
	struct world *world;
	struct fuzz_lines lines;
	unsigned choices[CHOICES];
	char user[256], answer[512];
	const char *options[FUZZ_LINES_MAX + 2];
	char own[2][FX_PATH + 64];
	char usage_dir[FX_PATH + 64];
	size_t count;
	struct ak_module_options o;
	bool wrong; /* the options are */
	bool by_name; /* the user name was the token */
	char granted[512]; /* the token that was let in, or "" */
	char first_user[512]; /* PAM_USER before, "" also for none */
	unsigned failed; /* calls */
	int codes[2]; /* what the module answered */
};
extern struct login l;

/* One of `of` things. */
unsigned login_choice(enum choice which, size_t of);

/* The time of a phase: TIME or TIME_LATER. */
int64_t login_time(enum choice phase);

/* An item, or NULL. */
const char *login_item(const pam_handle_t *pamh, int type);

/* Hold what the module answered in a phase against the model. */
void login_check_authenticate(pam_handle_t *pamh, int rc);
void login_check_account(pam_handle_t *pamh, int rc);

#endif
