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

/* What verify answers, and what explain does besides. */
enum {
	JUDGE_VERDICT,
	JUDGE_VALID,
	JUDGE_BECAUSE,
	JUDGE_ID,
	JUDGE_NAME,
	JUDGE_OWNER,
	VERIFY_FIELDS,
	EXPLAIN_CHECKS = VERIFY_FIELDS,
	EXPLAIN_AUTHENTICATE,
	EXPLAIN_ACCT_MGMT,
	EXPLAIN_LOG,
	EXPLAIN_FIELDS
};
extern const struct out_field judge_fields[EXPLAIN_FIELDS];

/*
 * Read a token from stdin or a prompt and let ak_verify() judge it, by the published
 * store and with the rights of the caller, as the module does. Needs no master.
 */
enum cli_exit judge(
    struct cli *cli, const struct judge_values *values, struct judgement *judgement);

/* The exit code of a verdict. */
enum cli_exit judge_exit(const struct judgement *judgement);

/* The answer of verify; it borrows from the judgement. */
void judge_cells(
    const struct judgement *judgement, struct out_cell cells[VERIFY_FIELDS]);

/* Say the verdict in a sentence. */
void judge_say(const struct cli *cli, const struct judgement *judgement);

#endif
