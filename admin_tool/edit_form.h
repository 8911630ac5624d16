/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef EDIT_FORM_H
#define EDIT_FORM_H

#include "keywords.h"
#include "prompt.h"
#include "record.h"

/* What is to become of a key; NULL and no texts: stays. */
struct edit_values {
	const char *name, *description, *expires, *not_before;
	const char *pam_dir; /* where a new service is looked for */
	struct keyword_texts lists;
};

/* The questions of `authkey edit KEY`; values point into answers. */
enum {
	EDIT_NAME,
	EDIT_DESCRIPTION,
	EDIT_SERVICES,
	EDIT_SCOPES,
	EDIT_NETWORKS,
	EDIT_TAGS,
	EDIT_EXPIRES,
	EDIT_NOT_BEFORE,
	EDIT_QUESTIONS
};

struct edit_form {
	struct edit_values values;
	char answers[EDIT_QUESTIONS][PROMPT_MAX];
};

/*
 * Ask for each of them, with the record's value as the answer that is there already.
 * False when the input ended: nothing is to be changed.
 */
bool edit_form_ask(
    const struct cli *cli, const struct ak_record *record, struct edit_form *form);

#endif
