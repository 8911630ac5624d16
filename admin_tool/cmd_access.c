/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "pam_host.h"
#include "pick.h"

struct values {
	const char *user, *from, *pam_dir;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "user", 0, OPTION_TEXT, AT(user), "USER",
	    "the user who logs in (without it, the key's owner)" },
	{ "from", 0, OPTION_TEXT, AT(from), "IP",
	    "the remote address (without it, one of the key's networks)" },
	PAM_HOST_OPTION(AT(pam_dir)),
	OPTION_END,
};
#undef AT

enum { SERVICE, OPENS, REASON, BECAUSE, NEEDS, WHERE, FIELDS };
static const struct out_field fields[FIELDS] = {
	[SERVICE] = { "service", "SERVICE", OUT_TEXT, NULL },
	[OPENS] = { "opens", "OPENS", OUT_BOOL, NULL },
	[REASON] = { "reason", "REASON", OUT_STATUS, NULL },
	[BECAUSE] = { "because", "BECAUSE", OUT_TEXT, NULL },
	[NEEDS] = { "needs", "NEEDS TOO", OUT_WORDS, NULL },
	[WHERE] = { "where", "WHERE", OUT_TEXT, NULL },
};
static const struct out_shape answer = { fields, FIELDS, true, NULL };

/* A key, who comes with it and from where. */
struct login {
	const char *id;
	const char *user;
	const char *from; /* or NULL */
	char
	    network[AK_NETWORK_TEXT]; /* an address that the key may come from, or "" */
	const char *store; /* of this installation */
	int64_t now;
	const char *service; /* the one that is looked at */
	bool authenticated; /* our module has */
	/* What the line said that lets the key in, or else the first. */
	bool asked;
	enum ak_reason reason;
	struct ak_error error; /* AK_OK: the sentence of `reason` says all */
	char where[AK_PAM_PATH + 16];
};

/* The address that the client of a service gives. */
static const char *
address_of(const struct login *login)
{
	if (pam_gives_no_address(login->service))
		return NULL;
	if (login->from != NULL)
		return login->from;
	return login->network[0] != '\0' ? login->network : NULL;
}

/* Whether the line asks the store of this installation. */
static bool
is_this_store(const char *store, const struct ak_store *open)
{
	struct stat st;

	return stat(store, &st) == 0 && st.st_dev == open->status.st_dev &&
	       st.st_ino == open->status.st_ino;
}

/* Look the key up as the module would: why it is not proved, or AK_VALID. */
static enum ak_reason
look_up(const struct login *login, const struct ak_module_options *o,
    struct ak_key *key, struct ak_store_meta *meta, struct ak_error *error)
{
	enum ak_reason proof = AK_STORE_UNAVAILABLE;
	struct ak_store store;

	if (ak_store_open(o->store, o->store_owner, &store, error) != AK_OK)
		return proof;
	if (ak_store_find(&store, login->id, key, meta, error) == AK_OK)
		proof = key->id[0] != '\0' ? AK_VALID : AK_NOT_FOUND;
	if (!is_this_store(login->store, &store))
		ak_fail(error, AK_E_STORE, "it asks another store: %s", o->store);
	ak_store_close(&store);
	return proof;
}

/* What our module would find of the key, with the options of one line. */
static enum ak_reason
decide(const struct login *login, const struct ak_module_options *o,
    struct ak_error *error)
{
	struct ak_store_meta meta = { 0 };
	struct ak_key key = { .id = "" };
	struct ak_request request = { .user = login->user,
		.any_user = o->user == AK_USER_ANY,
		.service = o->service != NULL ? o->service : login->service,
		.rhost = address_of(login),
		.scopes = o->scopes,
		.require_verified_owner = o->require_verified_owner,
		.now = login->now };

	request.proof = look_up(login, o, &key, &meta, error);
	request.published_at = meta.published_at;
	return ak_decide(&key, &request);
}

/* Keep what a line says: of those that refuse the first, and the first that does not.
 */
static void
keep(struct login *login, const struct ak_pam_line *line, enum ak_reason reason,
    const struct ak_error *error)
{
	if (login->asked && (login->authenticated || reason != AK_VALID))
		return;
	login->asked = true;
	login->reason = reason;
	login->error = *error;
	snprintf(
	    login->where, sizeof(login->where), "%.4080s:%u", line->file, line->number);
}

static ak_pam_set
code_bit(const char *pam_code)
{
	return AK_PAM_BIT(ak_pam_code_of(pam_code + strlen("PAM_")));
}

/* What our line answers to pam_authenticate(3). */
static ak_pam_set
authenticates(const struct ak_pam_line *line, void *context)
{
	struct login *login = context;
	struct ak_error error = { .code = AK_OK };
	struct ak_module_options o;
	enum ak_reason reason;
	const char *wrong, *why = pam_line_options(line, &o, &wrong);

	if (why != NULL) {
		ak_fail(&error, AK_E_USAGE, "option %s: %s", wrong, why);
		keep(login, line, AK_STORE_UNAVAILABLE, &error);
		return AK_PAM_BIT(AK_PAM_SERVICE_ERR);
	}
	reason = decide(login, &o, &error);
	keep(login, line, reason, &error);
	login->authenticated = login->authenticated || reason == AK_VALID;
	if (o.ignore_authinfo_unavail && code_bit(ak_reason_pam_authenticate(reason)) ==
					     AK_PAM_BIT(AK_PAM_AUTHINFO_UNAVAIL))
		return AK_PAM_BIT(AK_PAM_IGNORE);
	return code_bit(ak_reason_pam_authenticate(reason));
}

/* What it then answers to pam_acct_mgmt(3). */
static ak_pam_set
accounts(const struct ak_pam_line *line, void *context)
{
	struct login *login = context;
	struct ak_error error = { .code = AK_OK };
	struct ak_module_options o;
	const char *wrong;

	if (pam_line_options(line, &o, &wrong) != NULL)
		return AK_PAM_BIT(AK_PAM_SERVICE_ERR);
	if (!login->authenticated)
		return AK_PAM_BIT(AK_PAM_IGNORE);
	return code_bit(ak_reason_pam_acct_mgmt(decide(login, &o, &error)));
}

/* Add the modules of a stack without which no key gets through. */
static void
add_needs(const struct ak_pam_stack *stack, ak_pam_ours_fn *ours, struct login *login,
    char needs[AK_WORDS_MAX])
{
	for (size_t i = 0; i < stack->count; i++)
		if (ak_pam_who(&stack->lines[i]) >= AK_PAM_SETTER &&
		    ak_pam_who(&stack->lines[i]) != AK_PAM_NO_MODULE &&
		    (ak_pam_outcomes_without(stack, ours, login, i) &
			AK_PAM_BIT(AK_PAM_SUCCESS)) == 0)
			ak_words_add(needs, stack->lines[i].module);
}

/* The phases in their order, and what our module answers in each. */
static const struct {
	ak_pam_ours_fn *ours;
	const char *refused;
} phases[AK_PAM_PHASES] = {
	[AK_PAM_AUTH] = { authenticates, "the auth stack refuses even a valid key" },
	[AK_PAM_ACCOUNT] = { accounts, "the account stack refuses even a valid key" },
};

/* Why the stacks refuse a key that our module lets in, or NULL when they need not. */
static const char *
walk(const struct pam_service *service, struct login *login, char needs[AK_WORDS_MAX])
{
	const struct ak_pam_stack *stack;
	ak_pam_set set;

	for (unsigned p = 0; p < AK_PAM_PHASES; p++) {
		stack = ak_pam_stack_of(&service->stacks, p);
		set = ak_pam_outcomes_for(
		    stack, phases[p].ours, login, AK_PAM_OTHERS_ANY);
		if (p == AK_PAM_AUTH && !login->authenticated)
			return login->error.code != AK_OK
				   ? login->error.text
				   : ak_reason_text(login->reason);
		if ((set & AK_PAM_BIT(AK_PAM_SUCCESS)) == 0)
			return phases[p].refused;
		if (set != AK_PAM_BIT(AK_PAM_SUCCESS))
			add_needs(stack, phases[p].ours, login, needs);
	}
	return NULL;
}

/* The reason, unless it is not what decides: the stack does, or the line is off. */
static const char *
reason_of(const struct login *login, const char *why)
{
	bool decides = why == NULL || why == ak_reason_text(login->reason) ||
		       (login->reason == AK_STORE_UNAVAILABLE &&
			   why == login->error.text && login->error.code != AK_E_USAGE);

	return decides ? ak_reason_word(login->reason) : NULL;
}

/* One service's row; whether the key opens it. */
static bool
answer_for(struct cli *cli, const struct pam_service *service, struct login *login)
{
	char needs[AK_WORDS_MAX] = "";
	const char *why;

	login->service = service->name;
	login->asked = login->authenticated = false;
	why = walk(service, login, needs);
	if (service->stacks.broken)
		why = service->stacks.why;
	if (login->authenticated && login->error.code != AK_OK)
		why = login->error.text;
	out_row(&cli->out,
	    (struct out_cell[FIELDS]){ [SERVICE].text = service->name,
		[OPENS].number = why == NULL,
		[REASON].text = reason_of(login, why),
		[BECAUSE].text = why != NULL ? why : ak_reason_text(login->reason),
		[NEEDS].text = why == NULL ? needs : "",
		[WHERE].text = login->where });
	return why == NULL;
}

/* An address that the key may come from, if it may not come from anywhere. */
static void
take_network(const struct ak_key *key, struct login *login)
{
	const char *word, *at = key->networks;
	struct ak_network network;
	size_t len;

	if ((word = ak_words_next(&at, &len)) == NULL ||
	    ak_network_why_not(word, len, &network) != NULL)
		return;
	network.bits = 128;
	ak_network_format(&network, login->network);
}

static enum cli_exit
show(struct cli *cli, const struct pam_host *host, struct login *login)
{
	size_t services = 0, open = 0;

	out_begin(&cli->out, &answer);
	for (size_t i = 0; i < host->count; i++)
		if (pam_has_ours(&host->at[i], AK_PAM_AUTH)) {
			services++;
			open += answer_for(cli, &host->at[i], login);
		}
	out_end(&cli->out);
	if (services == 0)
		cli_say(cli, "No PAM service of this host asks pam_authkey.so; "
			     "pam_authkey(8) has examples.");
	return open > 0 ? EXIT_DONE : EXIT_NO;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_address address;
	struct ak_record record;
	struct pam_host host;
	struct login login;
	enum cli_exit end;

	if (v->from != NULL && !ak_address_parse(v->from, &address))
		return cli_usage(
		    cli, "--from: an address is numeric: 192.0.2.7 or 2001:db8::7");
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
		return end;
	login = (struct login){ .id = record.key.id,
		.user = v->user != NULL ? v->user : record.key.owner,
		.from = v->from,
		.store = ak_master_paths(cli->master)->store,
		.now = cli->now };
	take_network(&record.key, &login);
	end = pam_host_read(cli, v->pam_dir, &host) ? show(cli, &host, &login)
						    : cli_fail(cli);
	pam_host_free(&host);
	return end;
}

const struct command cmd_access = {
	.name = "access",
	.group = GROUP_LOGINS,
	.arguments = "KEY",
	.summary = "list the PAM services of this host that a key opens",
	.about =
	    "Reads the stacks of all services that have pam_authkey.so, with what they "
	    "include, and decides for each as the module does, by the options of its "
	    "line. What other modules answer is not known: those without which the key "
	    "opens nothing stand under NEEDS TOO. Exits 0 when it opens one at least, "
	    "and 1 otherwise.",
	.example = "authkey access alice/deploy --from 192.0.2.7",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
