/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "judge.h"
#include "keywords.h"
#include "prompt.h"
#include "service_note.h"

/* More than any token has; longer texts are no tokens, whatever follows. */
#define SECRET_MAX 256

#define AT(field) offsetof(struct judge_values, field)
const struct option_spec judge_options[] = {
	{ "user", 0, OPTION_TEXT, AT(user), "USER",
	    "the user who logs in (without it, the user is not looked at)" },
	{ "service", 0, OPTION_TEXT, AT(service), "NAME", "the PAM service" },
	{ "from", 0, OPTION_TEXT, AT(from), "IP", "the remote address" },
	{ "scope", 0, OPTION_TEXTS, AT(scopes), "NAME",
	    "a scope that the key must have; may be repeated, or a,b" },
	{ "require-verified-owner", 0, OPTION_FLAG, AT(require_verified_owner), NULL,
	    "refuse the key of an owner who is not verified, as a line of the module "
	    "with require_verified_owner does" },
	OPTION_END,
};

const struct out_field judge_fields[EXPLAIN_FIELDS] = {
	[JUDGE_VERDICT] = { "verdict", "VERDICT", OUT_STATUS, NULL },
	[JUDGE_VALID] = { "valid", NULL, OUT_BOOL, NULL },
	[JUDGE_BECAUSE] = { "because", "BECAUSE", OUT_TEXT, NULL },
	[JUDGE_ID] = { "id", "ID", OUT_TEXT, NULL },
	[JUDGE_NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[JUDGE_OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[EXPLAIN_CHECKS] = { "checks", NULL, OUT_NESTED, NULL },
	[EXPLAIN_AUTHENTICATE] = { "pam_authenticate", "PAM_AUTHENTICATE", OUT_TEXT,
	    NULL },
	[EXPLAIN_ACCT_MGMT] = { "pam_acct_mgmt", "PAM_ACCT_MGMT", OUT_TEXT, NULL },
	[EXPLAIN_LOG] = { "log", "LOG LINE", OUT_TEXT, NULL },
};

/* Whether it would be a token but for what stands behind it: a CR of a Windows file. */
static bool
has_blank_behind(const char *secret, size_t len)
{
	struct ak_token token;
	size_t end = len;

	while (end > 0 && strchr(" \t\r", secret[end - 1]) != NULL)
		end--;
	return end < len && ak_token_parse(secret, end, &token) == AK_VALID;
}

/* Not asked whole: nobody named the service that the key is said not to be for. */
static void
say_what_was_not_asked(
    const struct cli *cli, const struct judge_values *v, enum ak_reason reason)
{
	if (reason == AK_SERVICE_MISMATCH && v->service == NULL)
		cli_say(cli,
		    "The key is for some services alone; name one: --service NAME");
	if (reason == AK_NO_RHOST && v->from == NULL)
		cli_say(cli,
		    "The key is for some networks alone; name an address: --from IP");
}

enum cli_exit
judge(struct cli *cli, const struct judge_values *v, struct judgement *j)
{
	char secret[SECRET_MAX];
	struct ak_source source;
	struct ak_address address;
	struct ak_paths paths;
	const char *why;
	size_t len;

	*j = (struct judgement){ .scopes = "" };
	if ((why = keywords_add(&keyword_scope, &v->scopes, j->scopes)) != NULL)
		return cli_usage(cli, "--scope: %s", why);
	if (v->from != NULL && !ak_address_parse(v->from, &address))
		return cli_usage(
		    cli, "--from: an address is numeric: 192.0.2.7 or 2001:db8::7");
	if (ak_paths_of(cli->dir, &paths, &cli->error) != AK_OK)
		return cli_fail(cli);
	sodium_mlock(secret, sizeof(secret));
	if (!prompt_secret(cli, "token", secret, sizeof(secret), &len)) {
		sodium_munlock(secret, sizeof(secret));
		return cli_fail(cli);
	}
	source = (struct ak_source){ paths.store, geteuid() };
	j->request = (struct ak_request){
		.user = v->user,
		.any_user = v->user == NULL,
		.service = v->service,
		.rhost = v->from,
		.scopes = j->scopes,
		.require_verified_owner = v->require_verified_owner,
		.now = cli->now,
	};
	ak_verify(&source, secret, len < SECRET_MAX ? len : SECRET_MAX, &j->request,
	    &j->verdict);
	if (has_blank_behind(secret, len < SECRET_MAX ? len : SECRET_MAX))
		cli_say(cli, "There is a space or CR behind the token.");
	sodium_munlock(secret, sizeof(secret)); /* wipes it */
	say_what_was_not_asked(cli, v, j->verdict.reason);
	service_note_case(cli, v->service);
	return EXIT_DONE;
}

void
judge_cells(const struct judgement *j, struct out_cell cells[VERIFY_FIELDS])
{
	const struct ak_verdict *verdict = &j->verdict;

	cells[JUDGE_VERDICT].text = ak_reason_word(verdict->reason);
	cells[JUDGE_VALID].number = verdict->reason == AK_VALID;
	cells[JUDGE_BECAUSE].text = ak_reason_text(verdict->reason);
	cells[JUDGE_ID].text = verdict->token.id;
	cells[JUDGE_NAME].text = verdict->key.name;
	cells[JUDGE_OWNER].text = verdict->key.owner;
}

enum cli_exit
judge_exit(const struct judgement *j)
{
	if (j->verdict.reason == AK_VALID)
		return EXIT_DONE;
	return j->verdict.reason == AK_STORE_UNAVAILABLE ? EXIT_STORE : EXIT_NO;
}

void
judge_say(const struct cli *cli, const struct judgement *j)
{
	const struct ak_key *key = &j->verdict.key;
	const char *sentence = ak_reason_text(j->verdict.reason);

	if (j->verdict.reason == AK_STORE_UNAVAILABLE)
		cli_warn(cli, "%s", j->verdict.error.text);
	else if (key->id[0] != '\0')
		cli_say(
		    cli, "%s/%s (%s): %s.", key->owner, key->name, key->id, sentence);
	else
		cli_say(cli, "%s.", sentence);
}
