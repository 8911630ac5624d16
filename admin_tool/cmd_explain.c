/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "judge.h"
#include "log_line.h"

static const struct out_shape answer = { judge_fields, EXPLAIN_FIELDS, false, NULL };

enum { ASKS, YES_OR_NO, REASON, CHECK_FIELDS };
static const struct out_field check_fields[CHECK_FIELDS] = {
	[ASKS] = { "asks", "CHECK", OUT_TEXT, NULL },
	[YES_OR_NO] = { "answer", "ANSWER", OUT_STATUS, NULL },
	[REASON] = { "reason", "OTHERWISE", OUT_TEXT, NULL },
};
static const struct out_shape check_list = { check_fields, CHECK_FIELDS, true, NULL };

/* Whether the check was made: of what is no token the store is never asked. */
static bool
is_asked(const struct ak_check *check, enum ak_reason proof)
{
	return check->reason != AK_STORE_UNAVAILABLE ||
	       (proof != AK_MALFORMED && proof != AK_BAD_CHECKSUM);
}

/* What the decision says to each check: it stops at the first that refuses. */
static void
each_check(const struct judgement *j,
    void (*fn)(const struct ak_check *check, const char *answer, void *context),
    void *context)
{
	bool reached = true, refuses;

	for (size_t i = 0; i < ak_check_count; i++) {
		refuses = reached && ak_checks[i].refuses(&j->verdict.key, &j->request);
		fn(&ak_checks[i],
		    !reached || !is_asked(&ak_checks[i], j->request.proof)
			? "not reached"
		    : refuses ? "no"
			      : "yes",
		    context);
		reached = reached && !refuses;
	}
}

static void
check_row(const struct ak_check *check, const char *word, void *context)
{
	out_row(context, (struct out_cell[CHECK_FIELDS]){ [ASKS].text = check->asks,
			     [YES_OR_NO].text = word,
			     [REASON].text = ak_reason_word(check->reason) });
}

static void
check_json(const struct ak_check *check, const char *word, void *context)
{
	json_array_append_new(
	    context, json_pack("{s:s, s:s, s:s}", "asks", check->asks, "answer", word,
			 "reason", ak_reason_word(check->reason)));
}

/* What the module would log, or "" for an ordinary password, which leaves no line. */
static void
log_line(const struct judgement *j, char line[AK_LOG_LINE_MAX])
{
	struct ak_caller caller = { getuid(), geteuid(), NULL, NULL, j->request.rhost,
		j->request.user };

	line[0] = '\0';
	if (j->verdict.reason == AK_STORE_UNAVAILABLE)
		snprintf(line, AK_LOG_LINE_MAX, "store unavailable: %s",
		    j->verdict.error.text);
	else if (j->verdict.reason != AK_MALFORMED)
		ak_log_line("authentication", &j->verdict, &caller, line);
}

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	struct out_cell cells[EXPLAIN_FIELDS] = { { .text = NULL } };
	struct judgement j;
	enum cli_exit end = judge(cli, values, &j);
	json_t *checks = json_array();
	char line[AK_LOG_LINE_MAX];

	(void)arguments;
	if (end == EXIT_DONE) {
		end = judge_exit(&j);
		if (!out_wants_data(&cli->out)) {
			out_begin(&cli->out, &check_list);
			each_check(&j, check_row, &cli->out);
			out_end(&cli->out);
			putchar('\n');
		}
		each_check(&j, check_json, checks);
		log_line(&j, line);
		judge_cells(&j, cells);
		cells[EXPLAIN_CHECKS].nested = checks;
		cells[EXPLAIN_AUTHENTICATE].text =
		    ak_reason_pam_authenticate(j.verdict.reason);
		cells[EXPLAIN_ACCT_MGMT].text =
		    ak_reason_pam_acct_mgmt(j.verdict.reason);
		cells[EXPLAIN_LOG].text = line;
		out_one(&cli->out, &answer, cells);
	}
	json_decref(checks);
	return end;
}

const struct command cmd_explain = {
	.name = "explain",
	.group = GROUP_LOGINS,
	.arguments = "",
	.summary = "show every check of a token, in order",
	.about =
	    "As verify, and besides: each check with its answer, what the PAM module "
	    "would return, and the line that it would log.",
	.example = "authkey explain --user alice --service nginx --from 192.0.2.7",
	.options = judge_options,
	.values_size = sizeof(struct judge_values),
	.answer = &answer,
	.run = run,
};
