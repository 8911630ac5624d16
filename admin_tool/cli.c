/* SPDX-License-Identifier: BSD-2-Clause */
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "command.h"
#include "store.h"
#include "text.h"

#define MESSAGE_MAX 4096

bool
cli_tick(struct cli *cli)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return false;
	cli->now = now.tv_sec;
	cli->out.now = now.tv_sec;
	return true;
}

/* How wide a terminal at stderr is, or 0. */
static size_t
columns(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/*
 * A copy of a message in which each command has --dir as it was given: what is copied
 * from a message works on the same installation.
 */
static void
name_folder(const struct cli *cli, const char *text, char out[MESSAGE_MAX])
{
	char folder[MESSAGE_MAX];
	const char *tool, *end;
	size_t n = 0;
	bool named;

	text_shell_word(folder, sizeof(folder), cli->dir);
	text_hide_tokens(folder);
	while (n < MESSAGE_MAX && (tool = strstr(text, "authkey ")) != NULL) {
		end = tool + strlen("authkey ");
		named = command_begins(end);
		n += (size_t)snprintf(out + n, MESSAGE_MAX - n, "%.*s%s%s%s",
		    (int)(end - text), text, named ? "--dir " : "", named ? folder : "",
		    named ? " " : "");
		text = end;
	}
	if (n < MESSAGE_MAX)
		snprintf(out + n, MESSAGE_MAX - n, "%s", text);
}

/*
 * One line of text for people, behind "authkey: create: " when it is a warning. No
 * token is in it, whatever was typed: SECURITY R40.
 */
static void __attribute__((format(printf, 3, 0)))
put_message(const struct cli *cli, bool warning, const char *format, va_list args)
{
	const char *name = cli->command != NULL ? cli->command->name : NULL;
	char message[MESSAGE_MAX] = "", named[MESSAGE_MAX], *cut;
	size_t n = 0;

	if (warning)
		n = (size_t)snprintf(message, sizeof(message), "authkey: %s%s",
		    name != NULL ? name : "", name != NULL ? ": " : "");
	/* A token that is cut is none any more: then the last word goes, too. */
	if ((size_t)vsnprintf(message + n, sizeof(message) - n, format, args) >=
		sizeof(message) - n &&
	    (cut = strrchr(message, ' ')) != NULL)
		*cut = '\0';
	text_hide_tokens(message);
	if (cli->dir_given)
		name_folder(cli, message, named);
	text_put_folded(stderr, cli->dir_given ? named : message, columns());
	fputc('\n', stderr);
}

void
cli_say(const struct cli *cli, const char *format, ...)
{
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	put_message(cli, false, format, args);
	va_end(args);
}

void
cli_warn(const struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put_message(cli, true, format, args);
	va_end(args);
}

enum cli_exit
cli_usage(const struct cli *cli, const char *format, ...)
{
	const char *name = cli->command != NULL ? cli->command->name : NULL;
	char message[MESSAGE_MAX];
	size_t len;
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	len = strlen(message);
	cli_warn(cli, "%s%s: authkey help%s%s", message,
	    len > 0 && message[len - 1] == '?' ? " See" : "; see",
	    name != NULL ? " " : "", name != NULL ? name : "");
	return EXIT_USAGE;
}

enum cli_exit
cli_fail(const struct cli *cli)
{
	if (cli->error.code == AK_E_USAGE)
		return cli_usage(cli, "%s", cli->error.text);
	cli_warn(cli, "%s", cli->error.text);
	switch (cli->error.code) {
	case AK_E_NOT_FOUND:
		return EXIT_NOT_FOUND;
	case AK_E_PERMISSION:
		return EXIT_PERMISSION;
	case AK_E_CONFLICT:
		return EXIT_CONFLICT;
	case AK_OK:
	case AK_E_USAGE:
	case AK_E_STORE:
	case AK_E_NOMEM:
		break;
	}
	if (cli->at_stake != NULL)
		cli_warn(cli, "%s", cli->at_stake);
	return EXIT_STORE;
}

bool
cli_may_ask(const struct cli *cli)
{
	return !cli->quiet && isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* What is wrong with a store that has to be published again. */
static const char *
ailment(const struct cli *cli)
{
	const char *path = ak_master_paths(cli->master)->store;
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_error why;
	struct ak_key key;
	bool readable;

	if (access(path, F_OK) != 0)
		return "was missing";
	if (ak_store_open(path, geteuid(), &store, &why) != AK_OK)
		return "could not be used";
	readable = ak_store_find(&store, "", &key, &meta, &why) == AK_OK;
	ak_store_close(&store);
	return readable ? "was behind the master" : "was damaged";
}

void
cli_say_kept(const struct cli *cli, const char *kept)
{
	if (kept[0] != '\0')
		cli_warn(cli,
		    "the master was of an older version and is brought up to date; as "
		    "it was, it is kept in %s",
		    kept);
}

bool
cli_open(struct cli *cli)
{
	struct ak_error why, older;
	const char *found;
	bool healed;

	if (ak_master_open(cli->dir, &cli->master, &cli->error) != AK_OK)
		return false;
	cli_say_kept(cli, ak_master_kept(cli->master));
	found = ailment(cli);
	if (ak_master_heal(cli->master, cli->now, &healed, &why) == AK_OK) {
		if (healed)
			cli_say(cli, "The store %s; it is published again.", found);
	} else if (ak_master_not_older(cli->master, &older) != AK_OK)
		cli_warn(cli, "%s", older.text);
	else
		cli_warn(cli,
		    "the store is behind the master, and logins obey the store; "
		    "publishing failed: %s",
		    why.text);
	cli_check_published(cli);
	return true;
}

bool
cli_check_published(const struct cli *cli)
{
	char id[AK_ID_LEN + 1];
	int64_t count = ak_master_left_out(cli->master, id);

	if (count > 0)
		cli_warn(cli,
		    "the records of %lld keys are damaged, first %s: they are not "
		    "published and open nothing; bring them back: authkey restore FILE",
		    (long long)count, id[0] != '\0' ? id : "one without an id");
	return count == 0;
}

void
cli_actor(char name[AK_OWNER_MAX + 1])
{
	const char *sudo = geteuid() == 0 ? secure_getenv("SUDO_USER") : NULL;
	const struct passwd *user;

	if (sudo != NULL && ak_owner_why_not(sudo) == NULL)
		snprintf(name, AK_OWNER_MAX + 1, "%s", sudo);
	else if ((user = getpwuid(getuid())) != NULL)
		snprintf(name, AK_OWNER_MAX + 1, "%s", user->pw_name);
	else
		snprintf(name, AK_OWNER_MAX + 1, "uid %u", (unsigned)getuid());
}
