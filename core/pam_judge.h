/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_PAM_JUDGE_H
#define AK_PAM_JUDGE_H

#include <stdint.h>

#include "pam_stack.h"

/* A set of answers: bit 1 << code for each. */
typedef uint32_t ak_pam_set;

#define AK_PAM_BIT(code) ((ak_pam_set)1 << (code))
#define AK_PAM_ANY (~(ak_pam_set)0)

/*
 * What libpam answers when it walks a stack.
 *
 *   answers  for each line the set of what its module may answer
 *
 * The set of what may come out; AK_PAM_ANY when it is too much to tell, or memory is
 * out. One answer of each line gives one answer, and that is libpam's.
 *
 * Source: pam.conf(5), and tests/pam/stack.c for what it does not say.
 */
ak_pam_set ak_pam_outcomes(const struct ak_pam_stack *stack, const ak_pam_set *answers);

/* What a module is to us. */
enum ak_pam_who {
	AK_PAM_OURS, /* pam_authkey.so */
	AK_PAM_PERMIT, /* pam_permit.so: always succeeds */
	AK_PAM_DENY, /* pam_deny.so: always fails */
	AK_PAM_SETTER, /* sets something up and asks nobody for a password */
	AK_PAM_FOREIGN, /* any other: nobody knows what it answers */
	AK_PAM_NO_MODULE, /* a line that is none */
};

enum ak_pam_who ak_pam_who(const struct ak_pam_line *line);

/* How our lines answer: a set for each line of the stack that is AK_PAM_OURS. */
typedef ak_pam_set ak_pam_ours_fn(const struct ak_pam_line *line, void *context);

/* What foreign modules are taken to answer. */
enum ak_pam_others {
	AK_PAM_OTHERS_ANY, /* whatever they like */
	AK_PAM_OTHERS_REFUSE, /* AUTH_ERR: nobody gave them a password */
};

/* ak_pam_outcomes() with what is known of each module. */
ak_pam_set ak_pam_outcomes_for(const struct ak_pam_stack *stack, ak_pam_ours_fn *ours,
    void *context, enum ak_pam_others others);

/* The same, with any answer of foreign modules, but a refusal in line `refused`. */
ak_pam_set ak_pam_outcomes_without(const struct ak_pam_stack *stack,
    ak_pam_ours_fn *ours, void *context, size_t refused);

#endif
