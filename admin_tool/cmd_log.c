/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "pick.h"
#include "stats.h"
#include "usage_access.h"

#define LIMIT_DEFAULT 50
#define POLL_MS 1000

struct values {
	bool follow;
	int64_t limit, since;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "follow", 'f', OPTION_FLAG, AT(follow), NULL,
	    "go on with what comes, until Ctrl-C; with --json, an object a line" },
	{ "limit", 0, OPTION_NUMBER, AT(limit), "N",
	    "the newest events alone (50; with --since all)" },
	{ "since", 0, OPTION_SINCE, AT(since), "WHEN",
	    "events since: 2h (ago), 7d, 2027-01-31" },
	OPTION_END,
};

enum { TIME, ID, KEY, REASON, SERVICE, FROM, UID, USER, FIELDS };
static const struct out_field fields[FIELDS] = {
	[TIME] = { "time", "TIME", OUT_TIME, NULL },
	[ID] = { "id", "ID", OUT_TEXT, NULL },
	[KEY] = { "label", "KEY", OUT_TEXT, NULL },
	[REASON] = { "reason", "REASON", OUT_STATUS, NULL },
	[SERVICE] = { "service", "SERVICE", OUT_TEXT, NULL },
	[FROM] = { "from", "FROM", OUT_TEXT, NULL },
	[UID] = { "uid", "UID", OUT_NUMBER, NULL },
	[USER] = { "user", "BY", OUT_TEXT, NULL },
};
static const int columns[] = { TIME, KEY, REASON, SERVICE, FROM, USER, -1 };
static const struct out_shape answer = { fields, FIELDS, true, columns };

/* The log as it goes along. */
struct reading {
	struct cli *cli;
	const char *key_id; /* or NULL: all */
	int64_t since; /* or AK_NO_TIME */
	int64_t seq; /* the event folded last, when they were read */
	char id[AK_ID_LEN + 1], label[TEXT_LABEL_MAX]; /* the last key */
	int64_t uid; /* the last user */
	char user[AK_OWNER_MAX + 1];
};

/* What a user is called. Most events have the user of the one before. */
static const char *
find_user(struct reading *r, int64_t uid)
{
	const struct passwd *user;

	if (r->user[0] != '\0' && r->uid == uid)
		return r->user;
	r->uid = uid;
	if ((user = getpwuid((uid_t)uid)) != NULL)
		snprintf(r->user, sizeof(r->user), "%s", user->pw_name);
	else
		snprintf(r->user, sizeof(r->user), "%lld", (long long)uid);
	return r->user;
}

/* What an event's key is called. Most have the one of the event before. */
static void
find_label(struct reading *r, const char *id)
{
	struct ak_record record;
	struct ak_error ignored;
	bool found;

	if (strcmp(r->id, id) == 0)
		return;
	snprintf(r->id, sizeof(r->id), "%s", id);
	snprintf(r->label, sizeof(r->label), "%s", id);
	if (ak_record_by_id(r->cli->master, id, &record, &found, &ignored) == AK_OK &&
	    found)
		snprintf(r->label, sizeof(r->label), "%s/%s", record.key.owner,
		    record.key.name);
}

static bool
give(const struct ak_event *e, void *context)
{
	struct reading *r = context;

	r->seq = e->last_seq;
	if (r->since != AK_NO_TIME && e->time < r->since)
		return true;
	find_label(r, e->key_id);
	out_row(&r->cli->out, (struct out_cell[FIELDS]){ [TIME].number = e->time,
				  [ID].text = e->key_id,
				  [KEY].text = r->label,
				  [REASON].text = e->reason,
				  [SERVICE].text = e->service,
				  [FROM].text = e->address,
				  [UID].number = e->uid,
				  [USER].text = find_user(r, e->uid) });
	return true;
}

static bool
read_events(struct reading *r, int64_t most)
{
	return ak_usage_events(r->cli->usage, r->key_id, r->seq, most, give, r,
		   &r->cli->error) == AK_OK;
}

/* Wait for the next round. False when somebody ends it, or nobody reads any more. */
static bool
wait_on(int signals)
{
	struct pollfd fds[2] = { { .fd = signals, .events = POLLIN },
		{ .fd = STDOUT_FILENO } };
	int ready;

	do
		ready = poll(fds, 2, POLL_MS);
	while (ready < 0 && errno == EINTR);
	return ready == 0;
}

/* Ctrl-C is the way to end it, and no failure. */
static enum cli_exit
follow(struct reading *r)
{
	struct cli *cli = r->cli;
	int signals;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	if ((signals = signalfd(-1, &ends, SFD_CLOEXEC)) < 0) {
		ak_fail_errno(&cli->error, "signalfd", "");
		return cli_fail(cli);
	}
	while (fflush(stdout) == 0 && wait_on(signals)) {
		if (!cli_tick(cli) || !usage_fold_more(cli) ||
		    !read_events(r, INT64_MAX)) {
			close(signals);
			return cli_fail(cli);
		}
	}
	close(signals);
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct reading reading = { .cli = cli, .since = v->since };
	struct ak_record record;
	int64_t most = v->limit;
	enum cli_exit end;

	if (most == 0)
		most = v->since == AK_NO_TIME ? LIMIT_DEFAULT : INT64_MAX;
	if (!cli_open(cli))
		return cli_fail(cli);
	if (arguments[0] != NULL) {
		if ((end = pick_one(cli, arguments[0], &record)) != EXIT_DONE)
			return end;
		reading.key_id = record.key.id;
	}
	if (!usage_open(cli))
		return cli_fail(cli);
	cli->out.stream = v->follow;
	out_begin(&cli->out, &answer);
	if (!read_events(&reading, most))
		return cli_fail(cli);
	out_end(&cli->out);
	if (v->follow)
		return follow(&reading);
	if (cli->out.rows == 0)
		cli_say(cli, "No event fits.");
	return EXIT_DONE;
}

const struct command cmd_log = {
	.name = "log",
	.group = GROUP_LOGINS,
	.arguments = "[KEY]",
	.summary = "list what became of presented tokens, one by one",
	.about =
	    "The oldest first, for as long as authkey config retention keeps them. "
	    "BY is the user whose processes say so. Ids that no key has are only "
	    "counted: authkey stats.",
	.example = "authkey log deploy --since 2h\n"
		   "authkey log -f --json",
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
