/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>

#include <security/pam_modules.h>

/*
 * A text item of the handle, libpam's memory; NULL when it is not set, or when libpam
 * does not give it.
 */
const char *talk_item(pam_handle_t *pamh, int type);

/* The same where this differs. PAM_ABORT: libpam does not give it. */
int talk_get(pam_handle_t *pamh, int type, const char **text);

/* Whether there is a client to talk to. */
bool talk_is_possible(pam_handle_t *pamh);

/* No answer is never a grant, and a conversation may not make us step aside. */
int talk_no_answer(int rc);

/*
 * One prompt without echo. The conversation is called by hand, since pam_prompt(3)
 * logs an error for a client that gives no answer, and PostgreSQL gives none when it
 * calls the first time.
 *
 *   answer  out: the caller's, for talk_wipe(), on an error too
 *
 * PAM_CONV_ERR, or what the conversation said: it failed or gave no answer.
 */
int talk_ask(pam_handle_t *pamh, const char *text, char **answer);

/* Show a text. PAM_CONV_ERR, or what the conversation said: it was not shown. */
int talk_tell(pam_handle_t *pamh, const char *text);

/* Wipe and free an answer; NULL is fine. */
void talk_wipe(char **answer);

#endif
