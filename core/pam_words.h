/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_PAM_WORDS_H
#define AK_PAM_WORDS_H

#include "pam_stack.h"

/* For pam_stack.c: the lines of a file, their words, and what control words mean. */

/* How many bytes of a line libpam reads; the rest is a line of its own. */
#define AK_PAM_LINE_MAX 1024

struct ak_pam_text {
	const char *at; /* what is left to read */
	unsigned number; /* of the line that was read last, or of its end */
};

/*
 * The next line that says something: without comment, continued lines joined. 1, 0 at
 * the end, -1 when the text ends in a line that is to go on or is too long.
 */
int ak_pam_next_line(struct ak_pam_text *text, char line[AK_PAM_LINE_MAX]);

/*
 * Cut the next word off a line, in place: between blanks, or what is in brackets, where
 * \] is a bracket. `*rest` walks through the line. NULL at its end.
 */
char *ak_pam_next_word(char **rest);

/* Set what becomes of each answer by a control word, or by what was in brackets. */
void ak_pam_control(const char *word, int actions[AK_PAM_CODES]);

/* Set what is not defined yet. */
void ak_pam_control_rest(int action, int actions[AK_PAM_CODES]);

#endif
