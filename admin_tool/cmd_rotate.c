/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "change.h"
#include "command.h"
#include "deliver.h"
#include "key_view.h"
#include "prompt.h"
#include "rotate.h"
#include "rotation.h"

struct values {
	const char *overlap, *until, *expires;
	bool drain, copy;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "overlap", 0, OPTION_TEXT, AT(overlap), "DURATION",
	    "how long the old token stays valid, beside the new one (it ends at "
	    "once)" },
	{ "until", 0, OPTION_TEXT, AT(until), "WHEN",
	    "the same as a date, in place of --overlap" },
	{ "drain", 0, OPTION_FLAG, AT(drain), NULL,
	    "end the old token when every service and address that was seen with it "
	    "has been seen with the new one, or at the date of --until or --overlap" },
	{ "expires", 0, OPTION_TEXT, AT(expires), "WHEN|never",
	    "when the new key ends (when the old one would)" },
	DELIVER_COPY(AT(copy)),
	OPTION_END,
};

/* --overlap and --until say the same. */
static const char *
take_until(const struct values *v, int64_t now, int64_t *until)
{
	const char *why = NULL;
	int64_t length = 0;

	if (v->overlap != NULL && v->until != NULL)
		return "--overlap and --until contradict each other";
	if (v->overlap != NULL &&
	    (why = ak_duration_why_not(v->overlap, &length)) == NULL && length == 0)
		why = "without it the old token ends at once";
	if (length > 0)
		*until = now + length;
	if (v->until != NULL && (why = ak_when_why_not(v->until, now, until)) == NULL &&
	    *until <= now)
		why = "that is in the past";
	if (why == NULL && *until > AK_TIME_MAX)
		why = "that is too far away";
	return why;
}

/* What the options say, each looked at; AK_E_USAGE, and why, when one is off. */
static enum ak_code
plan_of(struct cli *cli, const struct values *v, struct ak_rotation *plan)
{
	const char *why;

	plan->now = cli->now;
	plan->drain = v->drain;
	plan->until = AK_NO_TIME;
	plan->dated = v->expires != NULL;
	plan->expires_at = AK_NO_TIME;
	if ((why = take_until(v, cli->now, &plan->until)) != NULL)
		return ak_fail(&cli->error, AK_E_USAGE, "%s%s",
		    v->overlap != NULL && v->until != NULL ? ""
		    : v->until != NULL                     ? "--until: "
							   : "--overlap: ",
		    why);
	if ((why = text_take_time(v->expires, "never", cli->now, &plan->expires_at)) ==
		NULL &&
	    plan->expires_at != AK_NO_TIME && plan->expires_at <= cli->now)
		why = "that is in the past";
	if (why != NULL)
		return ak_fail(&cli->error, AK_E_USAGE, "--expires: %s", why);
	return AK_OK;
}

/* A rotation: the keys before and after it. */
struct rotation {
	const char *id;
	const struct values *values;
	struct ak_rotation *plan;
	struct ak_record old, new;
	char *token;
};

static enum ak_code
work_on_rotation(struct cli *cli, void *context)
{
	struct rotation *r = context;
	struct ak_record before;
	enum ak_code code;
	bool found;

	/* Again: its times count from now, and not from when it was asked for. */
	if ((code = plan_of(cli, r->values, r->plan)) != AK_OK)
		return code;
	if ((code = ak_record_by_id(
		 cli->master, r->id, &before, &found, &cli->error)) != AK_OK)
		return code;
	if (!found)
		return ak_fail(
		    &cli->error, AK_E_NOT_FOUND, "%s was deleted just now", r->id);
	r->old = before;
	if ((code = ak_key_rotate(cli->master, &r->old, r->plan, &r->new, r->token,
		 &cli->error)) != AK_OK ||
	    (code = change_note_key(cli, NULL, &r->new)) != AK_OK)
		return code;
	return change_note_key(cli, &before, &r->old);
}

/* In force, or not at all; only the store may be behind, and then nobody has the token.
 */
static enum cli_exit
rotate(struct cli *cli, struct rotation *r)
{
	enum cli_exit end = change_run(cli, work_on_rotation, r);
	struct ak_record kept;
	bool found = false;

	if (end != EXIT_DONE && r->new.key.id[0] != '\0' &&
	    ak_record_by_id(cli->master, r->new.key.id, &kept, &found, &cli->error) ==
		AK_OK &&found)
		cli_warn(cli,
		    "the new key is kept, but its token is not shown; make another: "
		    "authkey rotate %s",
		    r->new.key.id);
	return end;
}

/* Whether a replaced key has nobody to wait for, as far as is known. */
static bool
is_unused(struct cli *cli, const struct ak_record *old)
{
	json_t *callers = rotation_callers(cli, old->key.id);
	bool unused = callers != NULL && json_array_size(callers) == 0;

	json_decref(callers);
	return unused;
}

/* What has become of the old token. */
static void
say_old(struct cli *cli, const struct ak_record *old)
{
	bool dated = old->key.expires_at != AK_NO_TIME;
	char when[AK_WHEN_TEXT] = "";

	if (cli->quiet)
		return; /* who uses it is not looked for */
	if (dated)
		ak_when_format(old->key.expires_at, when);
	if (old->key.state == AK_ENDED)
		cli_say(cli, "The old token opens nothing any more.");
	else if (dated && old->key.expires_at <= cli->now)
		cli_say(cli, "The old token has expired and opens nothing.");
	else if (old->key.state != AK_ENABLED)
		cli_say(cli, "The old token is disabled, as before.");
	else if (old->draining_since != AK_NO_TIME && is_unused(cli, old))
		cli_say(cli,
		    "Nobody was seen with the old token in the last 30 days: it ends "
		    "with the first use of the new one%s%s.",
		    when[0] != '\0' ? ", at the latest on " : "", when);
	else if (old->draining_since != AK_NO_TIME)
		cli_say(cli,
		    "The old token ends when all its callers have come with the new "
		    "one%s%s. Who has not: authkey show %s",
		    when[0] != '\0' ? ", at the latest on " : "", when, old->key.id);
	else
		cli_say(cli,
		    "The old token is valid until %s. Who still uses it: authkey show "
		    "%s",
		    when, old->key.id);
}

static enum cli_exit
hand_out(struct cli *cli, const struct rotation *r, bool copy)
{
	const struct ak_key *new = &r->new.key;
	char when[AK_WHEN_TEXT];
	enum cli_exit end;

	if ((end = deliver(cli, &r->new, r->token, copy, true)) != EXIT_DONE) {
		cli_warn(cli,
		    "the key was replaced, and the token of the new one, %s, is %s; "
		    "make another: authkey rotate %s",
		    new->id, r->new.sealed_len > 0 ? "nowhere but sealed" : "lost",
		    new->id);
		return end;
	}
	cli_say(cli,
	    "The key \"%s\" of %s, %s, is replaced by %s. Keep the token now: it "
	    "is shown once.",
	    new->name, new->owner, r->old.key.id, new->id);
	say_old(cli, &r->old);
	if (new->state != AK_ENABLED)
		cli_say(cli,
		    "The new key is disabled, as the old one was: authkey "
		    "enable %s",
		    new->id);
	if (new->expires_at != AK_NO_TIME) {
		ak_when_format(new->expires_at, when);
		cli_say(cli, "The new key ends on %s.", when);
	}
	return EXIT_DONE;
}

/* The old token must not be taken away where the new one can get nowhere. */
static bool
stdout_is_writable(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

/* The token that is in use ends now: somebody who can be asked is. */
static bool
is_sure(
    const struct cli *cli, const struct ak_record *r, const struct ak_rotation *plan)
{
	char label[TEXT_LABEL_MAX], question[TEXT_LABEL_MAX + 64];

	if (plan->drain || plan->until != AK_NO_TIME || cli->yes || !cli_may_ask(cli))
		return true;
	text_label(r, label);
	snprintf(question, sizeof(question),
	    "Replace %s? Its token ends at once. [y/N] ", label);
	return prompt_sure(cli, question);
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	char token[AK_TOKEN_MAX + 1], actor[AK_OWNER_MAX + 1];
	struct ak_rotation plan;
	struct ak_record record;
	struct rotation r = {
		/* cppcheck-suppress uninitvar ; an array's address is no value */
		.id = record.key.id,
		.values = v,
		.plan = &plan,
		.token = token,
	};
	enum cli_exit end;

	if ((end = deliver_check(cli, v->copy)) != EXIT_DONE)
		return end;
	if (plan_of(cli, v, &plan) != AK_OK)
		return cli_usage(cli, "%s", cli->error.text);
	if (!stdout_is_writable()) {
		cli_warn(cli, "stdout would not take the token; nothing was changed");
		return EXIT_STORE;
	}
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
		return end;
	if (!is_sure(cli, &record, &plan)) {
		cli_say(cli, "Nothing was changed.");
		return EXIT_NO;
	}
	cli_actor(actor);
	plan.by = actor;
	sodium_mlock(token, sizeof(token));
	if ((end = rotate(cli, &r)) == EXIT_DONE)
		end = hand_out(cli, &r, v->copy);
	sodium_munlock(token, sizeof(token)); /* wipes it */
	return end;
}

const struct command cmd_rotate = {
	.name = "rotate",
	.group = GROUP_KEYS,
	.arguments = "KEY",
	.summary = "give a key a new token, with the same settings",
	.about =
	    "The new key has a new id, and the name, restrictions and expiry of the "
	    "old one, whose record stays. Without --overlap, --until or --drain the "
	    "old token ends at once; at a terminal it asks first. Whatever is asked "
	    "for, the old token never outlives its own expiry. authkey show tells of "
	    "either key which the other is, and who still uses the old one.",
	.example = "authkey rotate alice/deploy --overlap 7d\n"
		   "authkey rotate deploy --drain --until 90d",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_notice,
	.at_stake = "take it that the old token is STILL LIVE until a command succeeds",
	.run = run,
};
