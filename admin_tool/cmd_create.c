/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "change.h"
#include "command.h"
#include "deliver.h"
#include "key_view.h"
#include "keywords.h"
#include "owner.h"
#include "prompt.h"
#include "service_note.h"

struct values {
	const char *owner, *description, *expires, *not_before, *pam_dir;
	struct keyword_texts lists;
	bool disabled, decoy, no_recovery, copy;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "owner", 0, OPTION_TEXT, AT(owner), "USER",
	    "whose key it is: the PAM user that it logs in (you, also behind sudo)" },
	{ "description", 'd', OPTION_TEXT, AT(description), "TEXT",
	    "what the key is for" },
	{ "service", 0, OPTION_TEXTS, AT(lists.services), "NAME",
	    "a PAM service that the key opens; may be repeated, or a,b (all "
	    "services)" },
	{ "scope", 0, OPTION_TEXTS, AT(lists.scopes), "NAME",
	    "a scope that the key has; may be repeated, or a,b (none)" },
	{ "from", 0, OPTION_TEXTS, AT(lists.networks), "CIDR",
	    "a network that the key may be used from; may be repeated, or a,b "
	    "(anywhere)" },
	{ "tag", 0, OPTION_TEXTS, AT(lists.tags), "TAG",
	    "a word to find it by; may be repeated, or a,b" },
	{ "expires", 0, OPTION_TEXT, AT(expires), "WHEN|never",
	    "when it ends: 90d, 12h, 2027-01-31, 2027-01-31T23:59:59Z (never, or "
	    "what authkey config default-expiry says)" },
	{ "not-before", 0, OPTION_TEXT, AT(not_before), "WHEN|none",
	    "when it begins (now)" },
	{ "disabled", 0, OPTION_FLAG, AT(disabled), NULL,
	    "make it switched off; authkey enable switches it on" },
	{ "decoy", 0, OPTION_FLAG, AT(decoy), NULL,
	    "make a decoy: it opens nothing, and its use is an alarm" },
	{ "no-recovery", 0, OPTION_FLAG, AT(no_recovery), NULL,
	    "never keep its token sealed, where recovery is on" },
	DELIVER_COPY(AT(copy)),
	PAM_HOST_OPTION(AT(pam_dir)),
	OPTION_END,
};

/* A question about the name, and whose key it is to be called by. */
struct naming {
	struct cli *cli;
	const char *owner;
};

static bool
is_live(const struct ak_record *record, void *context)
{
	bool *live = context;

	*live = record->key.state != AK_ENDED && record->replaced_by[0] == '\0';
	return !*live;
}

static const char *
check_name(const char *name, void *context)
{
	const struct naming *naming = context;
	const char *why = ak_name_why_not(name);
	struct ak_error error;
	bool taken = false;

	if (why == NULL &&
	    ak_record_by_name(naming->cli->master, name, naming->owner, is_live, &taken,
		&error) == AK_OK &&
	    taken)
		why = "There is a key of this name already; choose another, or Ctrl-D.";
	return why;
}

static const char *
check_description(const char *text, void *context)
{
	(void)context;
	return ak_description_why_not(text);
}

/* Names and texts into the record, each looked at. */
static bool
fill_texts(
    struct cli *cli, const struct values *v, const char *name, struct ak_record *r)
{
	char actor[AK_OWNER_MAX + 1];
	const char *why;

	cli_actor(actor);
	snprintf(r->created_by, sizeof(r->created_by), "%s", actor);
	if (name != NULL && (why = ak_name_why_not(name)) != NULL) {
		cli_usage(cli, "NAME: %s", why);
		return false;
	}
	if ((why = ak_owner_why_not(v->owner != NULL ? v->owner : actor)) != NULL) {
		cli_usage(cli, "%s: %s",
		    v->owner != NULL ? "--owner" : "--owner is missing", why);
		return false;
	}
	if (v->description != NULL &&
	    (why = ak_description_why_not(v->description)) != NULL) {
		cli_usage(cli, "-d: %s", why);
		return false;
	}
	snprintf(r->key.name, sizeof(r->key.name), "%s", name != NULL ? name : "");
	snprintf(r->key.owner, sizeof(r->key.owner), "%s",
	    v->owner != NULL ? v->owner : actor);
	snprintf(r->description, sizeof(r->description), "%s",
	    v->description != NULL ? v->description : "");
	return true;
}

/*
 * The times of a key that is made `now`, each looked at; `length` is how long it lives
 * when nothing is said, or AK_NO_TIME. NULL, or why not, with the option.
 */
static const char *
take_times(const struct values *v, int64_t now, int64_t length, struct ak_record *r,
    const char **option)
{
	struct ak_key *key = &r->key;
	const char *why;

	r->created_at = now;
	r->activated_at = v->disabled ? AK_NO_TIME : now;
	if (length != AK_NO_TIME)
		key->expires_at = now + length;
	*option = "expires";
	if ((why = text_take_time(v->expires, "never", now, &key->expires_at)) != NULL)
		return why;
	if (key->expires_at != AK_NO_TIME && key->expires_at <= now)
		return "that is in the past";
	*option = "not-before";
	if ((why = text_take_time(v->not_before, "none", now, &key->not_before)) !=
	    NULL)
		return why;
	if (key->expires_at == AK_NO_TIME || key->not_before < key->expires_at)
		return NULL;
	return v->expires != NULL
		   ? "it must be earlier than --expires"
		   : "it is behind the default expiry; say when it ends: --expires";
}

/* Restrictions and times into the record, each looked at. */
static bool
fill_limits(struct cli *cli, const struct values *v, struct ak_record *r)
{
	const char *why, *option;

	if ((why = keywords_each(keywords_add, &v->lists, r, &option)) != NULL ||
	    (why = take_times(v, cli->now, AK_NO_TIME, r, &option)) != NULL) {
		cli_usage(cli, "--%s: %s", option, why);
		return false;
	}
	r->key.decoy = v->decoy;
	r->no_recovery = v->no_recovery;
	if (v->disabled)
		r->key.state = AK_SWITCHED_OFF;
	return true;
}

/* Whether `answer` begins `word`, and is long enough to be no other word. */
static bool
means(const char *answer, const char *word)
{
	size_t len = strlen(answer);

	return len >= 2 && strncasecmp(answer, word, len) == 0;
}

static const char *
create_or_cancel(const char *answer, void *context)
{
	(void)context;
	if (*answer == '\0' || means(answer, "create") || means(answer, "cancel"))
		return NULL;
	return "Please answer create or cancel.";
}

/* Ask for what is missing, and whether to go on. */
static bool
ask(struct cli *cli, const struct values *v, struct ak_record *r)
{
	struct naming naming = { cli, r->key.owner };
	char name[AK_NAME_MAX + 2] = "", text[AK_DESCRIPTION_MAX + 2] = "",
				answer[16] = "";

	if (r->key.name[0] == '\0') {
		if (!prompt_line("Key name: ", check_name, &naming, name, sizeof(name)))
			return false;
		memcpy(r->key.name, name, sizeof(r->key.name));
	}
	if (cli->yes)
		return true;
	if (v->description == NULL) {
		if (!prompt_line("Description (optional): ", check_description, NULL,
			text, sizeof(text)))
			return false;
		memcpy(r->description, text, sizeof(r->description));
	}
	return prompt_line("Create or Cancel? [Create] ", create_or_cancel, NULL,
		   answer, sizeof(answer)) &&
	       !means(answer, "cancel");
}

/* What is allowed, and perhaps not meant. */
static void
note(struct cli *cli, const struct values *v, const struct ak_record *r)
{
	if (v->owner == NULL && strcmp(r->key.owner, "root") == 0)
		cli_say(cli, "The key speaks for root, who runs this; for another user "
			     "say --owner USER.");
	service_note(cli, r->key.services, "", v->pam_dir);
}

/* What the installation has decided about keys. */
static enum cli_exit
settle(struct cli *cli, const struct values *v, struct ak_record *r)
{
	const char *why, *option;
	struct ak_installation is;
	struct ak_owner owner;
	bool found;

	if (ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (ak_owner_get(cli->master, r->key.owner, &owner, &found, &cli->error) !=
	    AK_OK)
		return cli_fail(cli);
	if (found && owner.suspended_at != AK_NO_TIME)
		cli_warn(cli,
		    "%s is suspended: the key opens nothing until: authkey owner "
		    "resume %s",
		    owner.name, owner.name);
	memcpy(r->prefix, is.prefix, sizeof(r->prefix));
	if ((why = take_times(v, cli->now, is.default_expiry, r, &option)) != NULL)
		return cli_usage(cli, "--%s: %s", option, why);
	return EXIT_DONE;
}

struct issue_work {
	const struct values *values;
	struct ak_record *record;
	char *token;
};

static enum ak_code
work_on_issue(struct cli *cli, void *context)
{
	const struct issue_work *work = context;
	const char *why, *option;
	struct ak_installation is;

	if (ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli->error.code;
	/* Its life begins now, and not when it was asked for. */
	if ((why = take_times(work->values, cli->now, is.default_expiry, work->record,
		 &option)) != NULL)
		return ak_fail(&cli->error, AK_E_USAGE, "--%s: %s", option, why);
	if (ak_record_issue(cli->master, work->record, work->token, &cli->error) !=
	    AK_OK)
		return cli->error.code;
	return change_note_key(cli, NULL, work->record);
}

/* Mint and store. */
static enum cli_exit
issue(struct cli *cli, const struct values *v, struct ak_record *r,
    char token[AK_TOKEN_MAX + 1])
{
	struct issue_work work = { v, r, token };
	struct ak_record kept;
	enum cli_exit end;
	bool found = false;

	if ((end = change_run(cli, work_on_issue, &work)) == EXIT_DONE)
		return end;
	if (end == EXIT_CONFLICT)
		cli_say(cli,
		    "To change that key: authkey edit '%s/%s'; to give it a new token: "
		    "authkey rotate '%s/%s'",
		    r->key.owner, r->key.name, r->key.owner, r->key.name);
	if (ak_record_by_id(cli->master, r->key.id, &kept, &found, &cli->error) ==
		AK_OK &&
	    found)
		cli_warn(cli,
		    "the key is kept, but its token is not shown: authkey revoke %s",
		    r->key.id);
	return end;
}

/* The token and what goes with it. */
static enum cli_exit
hand_out(struct cli *cli, const struct ak_record *r, const char *token, bool copy)
{
	char when[AK_WHEN_TEXT];
	enum cli_exit end;

	if ((end = deliver(cli, r, token, copy, true)) != EXIT_DONE) {
		cli_warn(cli,
		    "the key was made, and its token is %s: authkey revoke %s",
		    r->sealed_len > 0 ? "nowhere but sealed" : "lost", r->key.id);
		return end;
	}
	cli_say(cli,
	    r->sealed_len > 0
		? "Created the key \"%s\" of %s. Keep the token now: it is shown once, "
		  "and again only by authkey reveal."
		: "Created the key \"%s\" of %s. Keep the token now: it is shown once.",
	    r->key.name, r->key.owner);
	if (r->key.decoy)
		cli_say(cli, "It is a decoy: leave it where only a thief would take "
			     "it; its use is logged at LOG_ALERT.");
	if (r->key.expires_at != AK_NO_TIME) {
		ak_when_format(r->key.expires_at, when);
		cli_say(cli, "It ends on %s.", when);
	}
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_record r;
	char token[AK_TOKEN_MAX + 1];
	enum cli_exit end;

	if ((end = deliver_check(cli, v->copy)) != EXIT_DONE)
		return end;
	ak_record_init(&r, cli->now);
	if (!fill_texts(cli, v, arguments[0], &r) || !fill_limits(cli, v, &r))
		return EXIT_USAGE;
	if (arguments[0] == NULL && !cli_may_ask(cli))
		return cli_usage(cli, "NAME is missing");
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = settle(cli, v, &r)) != EXIT_DONE)
		return end;
	note(cli, v, &r);
	if (cli_may_ask(cli) && !ask(cli, v, &r)) {
		cli_say(cli, "Cancelled; no key was made.");
		return EXIT_NO;
	}
	sodium_mlock(token, sizeof(token));
	if ((end = issue(cli, v, &r, token)) == EXIT_DONE)
		end = hand_out(cli, &r, token, v->copy);
	sodium_munlock(token, sizeof(token)); /* wipes it */
	return end;
}

const struct command cmd_create = {
	.name = "create",
	.group = GROUP_KEYS,
	.arguments = "[NAME]",
	.summary = "make a key and print its token, once",
	.about =
	    "At a terminal it asks for what is missing, and then for Create or Cancel. "
	    "The token is not kept anywhere, unless authkey recovery is on: what is "
	    "lost "
	    "is revoked and made anew. With -q nothing is asked and the token alone is "
	    "printed.",
	.example = "authkey create deploy --owner alice --service nginx --expires 90d\n"
		   "(umask 077; authkey -q create deploy --owner alice > token)",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_notice,
	.run = run,
};
