/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JUDGE_H
#define JUDGE_H

#include "cli.h"
#include "options.h"

/* What verify and explain ask, and what the published store answers. */
struct judge_values {
	const char *user, *service, *from;
	struct texts scopes;
	bool require_verified_owner;
};

extern const struct option_spec judge_options[];

struct judgement {
	struct ak_request request;
	struct ak_verdict verdict;
	char scopes[AK_WORDS_MAX];
};

/*
 * Read a token from stdin or a prompt and let ak_verify() judge it, by the published
 * store and with the rights of the caller, as the module does. Needs no master.
 */
enum cli_exit judge(
    struct cli *cli, const struct judge_values *values, struct judgement *judgement);

/* The exit code of a verdict. */
enum cli_exit judge_exit(const struct judgement *judgement);

/* Say the verdict in a sentence. */
void judge_say(const struct cli *cli, const struct judgement *judgement);

#endif
