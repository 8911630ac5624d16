/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CLI_H
#define CLI_H

#include "authkey.h"
#include "master.h"
#include "out.h"
#include "usage.h"

/* Where an installation is when nobody says otherwise. */
#define CLI_DIR_DEFAULT AK_DIR_DEFAULT

/* What commands that take something away have at stake. */
#define CLI_STILL_LIVE "take it that the keys are STILL LIVE until a command succeeds"

/* The exit codes, a contract: authkey(8). */
enum cli_exit {
	EXIT_DONE = 0, /* done, or valid */
	EXIT_NO = 1, /* the answer is no */
	EXIT_USAGE = 2,
	EXIT_NOT_FOUND = 3,
	EXIT_PERMISSION = 4,
	EXIT_STORE = 5,
	EXIT_CONFLICT = 6,
};

struct command;

/* One run of the tool: what was asked for, and what is open. */
struct cli {
	const char *dir;
	const char *format; /* table, json or csv */
	const char *color; /* auto, always or never */
	bool json;
	bool quiet; /* no text for people, no questions */
	bool yes; /* answer yes to every question */
	bool dir_given; /* with --dir, and so not by the environment */
	bool help;
	bool version;
	const struct command *command;
	const char
	    *at_stake; /* said when the store fails: what goes on to be in force */
	int64_t now; /* of its beginning, or its last change; s since 1970 UTC */
	struct out out;
	struct ak_master *master; /* NULL: not open */
	struct ak_usage *usage; /* NULL: not open; see usage_access.h */
	bool usage_tried; /* opened, or in vain */
	size_t notes; /* how much the change at hand changes; see change.h */
	bool in_force; /* something was changed, and logins obey it */
	struct ak_error error;
};

/*
 * Take the time anew, into cli->now: a question may have stood for hours. False when
 * there is none; it stays as it was then.
 */
bool cli_tick(struct cli *cli);

/* Text for people, to stderr, one line; not with -q. Control characters are escaped. */
void cli_say(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, with -q too: "authkey: create: ..." */
void cli_warn(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Words that are off: says so and where the help is. EXIT_USAGE. */
enum cli_exit cli_usage(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what cli->error holds, and what is at stake; the exit code that goes with it. */
enum cli_exit cli_fail(const struct cli *cli);

/* Whether there is somebody to ask: a terminal at stdin and stderr, and no -q. */
bool cli_may_ask(const struct cli *cli);

/*
 * Open the master and publish it if an earlier command could not. When that fails
 * again, a warning says so, and the command goes on. False with cli->error set.
 */
bool cli_open(struct cli *cli);

/*
 * Say where an older master is kept, ak_master_kept(), if opening it has migrated it.
 * With -q too: it is said once, mostly to the log of a timer or of a package.
 */
void cli_say_kept(const struct cli *cli, const char *kept);

/*
 * After something was published: say which keys were left out because their records are
 * damaged. False when there are any.
 */
bool cli_check_published(const struct cli *cli);

/* Who acts: SUDO_USER behind sudo, otherwise the user; "uid 7" for one without a name.
 */
void cli_actor(char name[AK_OWNER_MAX + 1]);

#endif
