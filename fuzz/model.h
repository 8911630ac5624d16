/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FUZZ_MODEL_H
#define FUZZ_MODEL_H

#include "world.h"

/* What is asked of the world, by who presents `token`. */
struct question {
	const char *token;
	const char *user; /* NULL: it does not matter */
	const char *service, *rhost; /* or NULL */
	const char *scopes; /* asked for, one space between them */
	bool verified; /* the owner must be */
	int64_t now;
};

/*
 * The right answer, by a reading of DESIGN's section on the decision that shares no
 * code with core but the shape of a token.
 */
enum ak_reason model_answer(const struct world *world, const struct question *question);

#endif
