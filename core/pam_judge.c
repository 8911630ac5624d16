/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "pam_judge.h"

/* gcc 12's analyzer takes what an array keeps that has grown for lost. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* More than any stack has that somebody wrote by hand. */
#define STATES_MAX 256

/* What libpam thinks of a login before it has asked the next line. */
enum impression { UNDECIDED, GOOD, BAD };
struct view {
	uint8_t impression;
	uint8_t status;
};

/* The view, and the one with which each substack was entered. */
struct state {
	struct view now;
	struct view entered[AK_PAM_LEVELS];
};

/* The states in which a line may be reached, each once. */
struct states {
	struct state *at;
	size_t count, room;
};

/* A walk through a stack in all ways at once. */
struct walk {
	const struct ak_pam_stack *stack;
	struct states *reached; /* for each line, and behind the last */
	bool too_much;
};

static void
reach(struct walk *w, size_t line, const struct state *state)
{
	struct states *states = &w->reached[line];
	struct state *more;

	for (size_t i = 0; i < states->count; i++)
		if (memcmp(&states->at[i], state, sizeof(*state)) == 0)
			return;
	if (states->count == states->room) {
		states->room = states->room * 2 + 8;
		more = reallocarray(states->at, states->room, sizeof(*more));
		if (more == NULL || states->count >= STATES_MAX) {
			w->too_much = true;
			states->room = states->count;
			if (more != NULL)
				states->at = more;
			return;
		}
		states->at = more;
	}
	states->at[states->count++] = *state;
}

/* Behind the substack that a line is in; behind everything at the top. */
static size_t
behind_level(const struct ak_pam_stack *stack, size_t line)
{
	unsigned level = stack->lines[line].level;

	while (++line < stack->count && stack->lines[line].level >= level)
		;
	return line;
}

/*
 * Where a jump over `skipped` lines leads: a substack counts as one line, and none
 * leaves its own. False for a jump that leads nowhere, which ends where it can.
 */
static bool
jump(const struct ak_pam_stack *stack, size_t line, int skipped, size_t *next)
{
	unsigned level = stack->lines[line].level;
	size_t at = line + 1;

	while (skipped > 0 && at < stack->count && stack->lines[at].level >= level) {
		while (++at < stack->count && stack->lines[at].level > level)
			;
		skipped--;
	}
	*next = at;
	return skipped == 0;
}

static void
think_well(struct view *now, unsigned code)
{
	if (now->impression == UNDECIDED ||
	    (now->impression == GOOD && now->status == AK_PAM_SUCCESS))
		*now = (struct view){ GOOD, (uint8_t)code };
}

static void
think_ill(struct view *now, unsigned code)
{
	if (now->impression != BAD)
		*now = (struct view){ BAD,
			code == AK_PAM_IGNORE ? AK_PAM_PERM_DENIED : (uint8_t)code };
}

/* What one answer of a line makes of a state, and where it leads. */
static size_t
step(const struct ak_pam_stack *stack, size_t line, unsigned code, struct state *s)
{
	const struct ak_pam_line *l = &stack->lines[line];
	int action = l->actions[code];
	size_t next = line + 1;

	switch ((enum ak_pam_action)action) {
	case AK_PAM_DO_IGNORE:
		break;
	case AK_PAM_DO_OK:
		think_well(&s->now, code);
		break;
	case AK_PAM_DO_DONE:
		think_well(&s->now, code);
		if (s->now.impression == GOOD)
			next = behind_level(stack, line);
		break;
	case AK_PAM_DO_BAD:
		think_ill(&s->now, code);
		break;
	case AK_PAM_DO_DIE:
		think_ill(&s->now, code);
		next = behind_level(stack, line);
		break;
	case AK_PAM_DO_RESET:
		s->now = s->entered[l->level];
		break;
	case AK_PAM_DO_UNDEFINED:
	default:
		if (!jump(stack, line, action, &next))
			s->now = (struct view){ BAD, AK_PAM_PERM_DENIED };
	}
	return next;
}

static void
step_all(struct walk *w, size_t line, ak_pam_set answers, const struct state *from)
{
	const struct ak_pam_line *l = &w->stack->lines[line];
	struct state to = *from;

	if (l->kind == AK_PAM_SUBSTACK) {
		if (l->level + 1 < AK_PAM_LEVELS)
			to.entered[l->level + 1] = to.now;
		reach(w, line + 1, &to);
		return;
	}
	if (l->kind == AK_PAM_BROKEN)
		answers = AK_PAM_BIT(AK_PAM_PERM_DENIED);
	for (unsigned code = 0; code < AK_PAM_CODES; code++)
		if ((answers & AK_PAM_BIT(code)) != 0) {
			to = *from;
			reach(w, step(w->stack, line, code, &to), &to);
		}
}

/* What comes out of a view at the end. */
static ak_pam_set
outcome(const struct view *end)
{
	if (end->status == AK_PAM_SUCCESS && end->impression != GOOD)
		return AK_PAM_BIT(AK_PAM_PERM_DENIED);
	return AK_PAM_BIT(end->status);
}

ak_pam_set
ak_pam_outcomes(const struct ak_pam_stack *stack, const ak_pam_set *answers)
{
	struct walk w = { .stack = stack };
	struct state begin = { .now = { UNDECIDED, AK_PAM_PERM_DENIED } };
	ak_pam_set out = 0;

	begin.entered[0] = begin.now;
	w.reached = calloc(stack->count + 1, sizeof(*w.reached));
	if (w.reached == NULL)
		return AK_PAM_ANY;
	reach(&w, 0, &begin);
	for (size_t i = 0; i < stack->count; i++)
		for (size_t k = 0; k < w.reached[i].count; k++)
			step_all(&w, i, answers[i], &w.reached[i].at[k]);
	for (size_t k = 0; k < w.reached[stack->count].count; k++)
		out |= outcome(&w.reached[stack->count].at[k].now);
	for (size_t i = 0; i <= stack->count; i++)
		free(w.reached[i].at);
	free(w.reached);
	return w.too_much ? AK_PAM_ANY : out;
}

/* Modules of Linux-PAM and systemd of which one knows what they answer without asking.
 */
static const struct {
	const char *name;
	enum ak_pam_who who;
} known[] = {
	{ "pam_authkey.so", AK_PAM_OURS },
	{ "pam_permit.so", AK_PAM_PERMIT },
	{ "pam_deny.so", AK_PAM_DENY },
	{ "pam_env.so", AK_PAM_SETTER },
	{ "pam_faildelay.so", AK_PAM_SETTER },
	{ "pam_group.so", AK_PAM_SETTER },
	{ "pam_keyinit.so", AK_PAM_SETTER },
	{ "pam_limits.so", AK_PAM_SETTER },
	{ "pam_mail.so", AK_PAM_SETTER },
	{ "pam_motd.so", AK_PAM_SETTER },
	{ "pam_nologin.so", AK_PAM_SETTER },
	{ "pam_umask.so", AK_PAM_SETTER },
};

enum ak_pam_who
ak_pam_who(const struct ak_pam_line *line)
{
	const char *slash, *name = line->module;

	if (line->kind != AK_PAM_MODULE)
		return AK_PAM_NO_MODULE;
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(name, known[i].name) == 0)
			return known[i].who;
	return AK_PAM_FOREIGN;
}

/* Success, "ignore me" and one answer for each other thing that may come of one. */
static ak_pam_set
any_answer(const struct ak_pam_line *line)
{
	ak_pam_set set = AK_PAM_BIT(AK_PAM_SUCCESS) | AK_PAM_BIT(AK_PAM_IGNORE);
	unsigned earlier;

	for (unsigned code = 1; code < AK_PAM_INCOMPLETE; code++) {
		for (earlier = 1; earlier < code; earlier++)
			if (earlier != AK_PAM_IGNORE &&
			    line->actions[earlier] == line->actions[code])
				break;
		if (earlier == code)
			set |= AK_PAM_BIT(code);
	}
	return set;
}

static ak_pam_set
answer_of(const struct ak_pam_line *line, ak_pam_ours_fn *ours, void *context,
    enum ak_pam_others others)
{
	switch (ak_pam_who(line)) {
	case AK_PAM_OURS:
		return ours(line, context);
	case AK_PAM_PERMIT:
		return AK_PAM_BIT(AK_PAM_SUCCESS);
	case AK_PAM_DENY:
		return AK_PAM_BIT(AK_PAM_AUTH_ERR);
	case AK_PAM_SETTER:
		if (others == AK_PAM_OTHERS_REFUSE)
			return AK_PAM_BIT(AK_PAM_SUCCESS) | AK_PAM_BIT(AK_PAM_IGNORE);
		return any_answer(line);
	case AK_PAM_FOREIGN:
		return others == AK_PAM_OTHERS_REFUSE ? AK_PAM_BIT(AK_PAM_AUTH_ERR)
						      : any_answer(line);
	case AK_PAM_NO_MODULE:
		break;
	}
	return AK_PAM_BIT(AK_PAM_PERM_DENIED);
}

static ak_pam_set
outcomes(const struct ak_pam_stack *stack, ak_pam_ours_fn *ours, void *context,
    enum ak_pam_others others, size_t refused)
{
	ak_pam_set *answers = calloc(stack->count + 1, sizeof(*answers));
	ak_pam_set out;

	if (answers == NULL)
		return AK_PAM_ANY;
	for (size_t i = 0; i < stack->count; i++)
		answers[i] = i == refused
				 ? AK_PAM_BIT(AK_PAM_AUTH_ERR)
				 : answer_of(&stack->lines[i], ours, context, others);
	out = ak_pam_outcomes(stack, answers);
	free(answers);
	return out;
}

ak_pam_set
ak_pam_outcomes_for(const struct ak_pam_stack *stack, ak_pam_ours_fn *ours,
    void *context, enum ak_pam_others others)
{
	return outcomes(stack, ours, context, others, stack->count);
}

ak_pam_set
ak_pam_outcomes_without(const struct ak_pam_stack *stack, ak_pam_ours_fn *ours,
    void *context, size_t refused)
{
	return outcomes(stack, ours, context, AK_PAM_OTHERS_ANY, refused);
}
