/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "change.h"
#include "command.h"
#include "inspect.h"
#include "passphrase.h"
#include "prompt.h"

enum { ON, PUBLIC_KEY, SEALED, FIELDS };
static const struct out_field fields[FIELDS] = {
	[ON] = { "recovery", "RECOVERY", OUT_STATUS, NULL },
	[PUBLIC_KEY] = { "public_key", "PUBLIC KEY", OUT_TEXT, NULL },
	[SEALED] = { "sealed", "SEALED TOKENS", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

/* How things stand. The public key is no secret, and "" when recovery is off. */
struct standing {
	struct ak_installation is;
	char hex[2 * AK_RECOVERY_KEY_LEN + 1];
	struct out_cell cells[FIELDS];
};

static enum ak_code
look(struct cli *cli, struct standing *now)
{
	memset(now, 0, sizeof(*now));
	if (ak_master_installation(cli->master, &now->is, &cli->error) != AK_OK ||
	    ak_recovery_count(cli->master, &now->cells[SEALED].number, &cli->error) !=
		AK_OK)
		return cli->error.code;
	if (now->is.recovery)
		sodium_bin2hex(now->hex, sizeof(now->hex), now->is.recovery_key,
		    sizeof(now->is.recovery_key));
	now->cells[ON].text = now->is.recovery ? "on" : "off";
	now->cells[PUBLIC_KEY].text = now->hex;
	return AK_OK;
}

static enum ak_code
fail_on_already(struct cli *cli)
{
	return ak_fail(&cli->error, AK_E_CONFLICT,
	    "recovery is on already; to change the pair, first: authkey recovery off");
}

/* Set the key, or without one take it and all sealed tokens away. */
static enum ak_code
put_key(struct cli *cli, void *context)
{
	const uint8_t *public = context;
	struct standing was, now;

	if (look(cli, &was) != AK_OK)
		return cli->error.code;
	if (was.is.recovery && public != NULL)
		return fail_on_already(cli);
	if ((public == NULL && ak_recovery_forget(cli->master, &cli->error) != AK_OK) ||
	    ak_recovery_set(cli->master, public, &cli->error) != AK_OK ||
	    look(cli, &now) != AK_OK)
		return cli->error.code;
	return change_note(cli, "recovery", &answer, was.cells, now.cells);
}

/*
 * Where the file is to be. The folder is opened once, so that nobody who can rename
 * something above it sends a later step elsewhere.
 */
struct place {
	const char *path, *name;
	int folder;
};

static enum ak_code
place_open(struct cli *cli, const char *path, struct place *p)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	struct stat st;

	*p = (struct place){ path, slash != NULL ? slash + 1 : path, -1 };
	if (*p->name == '\0' || strlen(path) >= sizeof(folder))
		return ak_fail(
		    &cli->error, AK_E_USAGE, "FILE must be the name of a file");
	if (slash != NULL)
		snprintf(folder, sizeof(folder), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	p->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->folder < 0 && errno == ENOENT)
		return ak_fail(
		    &cli->error, AK_E_NOT_FOUND, "%s: there is no such folder", folder);
	if (p->folder < 0)
		return ak_fail_errno(&cli->error, folder, "");
	if (fstatat(p->folder, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s: is there already; name a file that is not", path);
	return AK_OK;
}

static void
place_close(struct place *p)
{
	if (p->folder >= 0)
		close(p->folder);
}

/* A new file with the line in it, on disk under its name, or none. Its mode is 0600
 * minus an umask of 077, and some file systems of sticks have none.
 */
static enum ak_code
write_file(struct cli *cli, const struct place *p, const char *line)
{
	size_t len = strlen(line);
	bool done;
	int fd;

	fd = openat(p->folder, p->name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ak_fail_errno(&cli->error, p->path, "");
	done = write(fd, line, len) == (ssize_t)len && fsync(fd) == 0;
	/* EINVAL: a file system that does not know it for folders */
	done = done && (fsync(p->folder) == 0 || errno == EINVAL);
	if (!done)
		ak_fail_errno(&cli->error, p->path, "");
	if (close(fd) != 0 && done) {
		ak_fail_errno(&cli->error, p->path, "");
		done = false;
	}
	if (done)
		return AK_OK;
	unlinkat(p->folder, p->name, 0);
	return cli->error.code;
}

/* Whether the master may have this key; then its file must stay. */
static bool
may_be_in_force(struct cli *cli, const uint8_t public[AK_RECOVERY_KEY_LEN])
{
	struct standing now;

	return look(cli, &now) != AK_OK ||
	       (now.is.recovery &&
		   memcmp(now.is.recovery_key, public, AK_RECOVERY_KEY_LEN) == 0);
}

/* The file first: a public key whose private half is nowhere would seal for nobody. */
static enum cli_exit
make_pair(struct cli *cli, const struct place *place, const struct passphrase *p)
{
	uint8_t public[AK_RECOVERY_KEY_LEN];
	char line[AK_RECOVERY_LINE];
	enum cli_exit end;

	if (ak_recovery_make(p->text, p->len, public, line, &cli->error) != AK_OK ||
	    write_file(cli, place, line) != AK_OK)
		return cli_fail(cli);
	if ((end = change_run(cli, put_key, public)) == EXIT_DONE)
		return end;
	if (may_be_in_force(cli, public))
		cli_warn(cli,
		    "recovery may be on nevertheless, so %s stays: authkey recovery "
		    "status",
		    place->path);
	else
		unlinkat(place->folder, place->name, 0);
	return end;
}

static enum cli_exit
run_init(struct cli *cli, const void *values, char **arguments)
{
	struct place place = { .folder = -1 };
	struct standing now;
	struct passphrase p;
	enum cli_exit end;

	(void)values;
	if (!cli_open(cli) || look(cli, &now) != AK_OK ||
	    (now.is.recovery && fail_on_already(cli) != AK_OK) ||
	    place_open(cli, arguments[0], &place) != AK_OK) {
		place_close(&place);
		return cli_fail(cli);
	}
	if ((end = passphrase_new(cli, &p)) == EXIT_DONE)
		end = make_pair(cli, &place, &p);
	passphrase_wipe(&p);
	place_close(&place);
	if (end == EXIT_DONE)
		cli_say(cli,
		    "Recovery is on for keys to come. Take %s off this host now, and "
		    "keep the passphrase elsewhere: both together read every token "
		    "that is made from now on.",
		    arguments[0]);
	return end;
}

static enum cli_exit
run_status(struct cli *cli, const void *values, char **arguments)
{
	struct standing now;

	(void)values;
	(void)arguments;
	if (!cli_open(cli) || look(cli, &now) != AK_OK)
		return cli_fail(cli);
	out_one(&cli->out, &answer, now.cells);
	if (!now.is.recovery && !out_wants_data(&cli->out))
		cli_say(cli, "To keep the tokens of keys to come, sealed: authkey "
			     "recovery init FILE");
	return EXIT_DONE;
}

struct aside {
	struct cli *cli;
	bool any;
};

static void
warn_of_aside(const char *path, int64_t count, void *context)
{
	struct aside *aside = context;

	aside->any = true;
	cli_warn(aside->cli,
	    "%s %s sealed tokens; delete it when nobody goes back to it: "
	    "rm -- %s",
	    path, count < 0 ? "cannot be read and may hold" : "still holds", path);
}

/* What restore and upgrades have put aside is of before. */
static enum cli_exit
say_off(struct cli *cli)
{
	struct aside aside = { cli, false };
	struct ak_paths paths;

	if (ak_paths_of(cli->dir, &paths, &cli->error) != AK_OK ||
	    ak_sealed_aside(&paths, warn_of_aside, &aside, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (cli->notes == 0)
		cli_say(cli, "Recovery is off already.");
	else
		cli_say(cli, aside.any ? "Recovery is off; the master keeps no token."
				       : "Recovery is off; no token is kept.");
	return EXIT_DONE;
}

static enum cli_exit
run_off(struct cli *cli, const void *values, char **arguments)
{
	char what[64], question[128];
	struct standing now;
	enum cli_exit end;
	long long sealed;

	(void)values;
	(void)arguments;
	if (!cli_open(cli) || look(cli, &now) != AK_OK)
		return cli_fail(cli);
	sealed = now.cells[SEALED].number;
	snprintf(what, sizeof(what), "%lld sealed %s", sealed,
	    sealed == 1 ? "token" : "tokens");
	snprintf(question, sizeof(question),
	    "Delete %s and switch recovery off? [y/N] ", what);
	if (sealed > 0 && !cli->yes && !cli_may_ask(cli))
		return cli_usage(
		    cli, "it would delete %s for good; say yes with -y", what);
	if (sealed > 0 && !prompt_sure(cli, question)) {
		cli_say(cli, "Nothing was changed.");
		return EXIT_NO;
	}
	if ((end = change_run(cli, put_key, NULL)) == EXIT_DONE)
		end = say_off(cli);
	return end;
}

const struct command cmd_recovery_init = {
	.name = "recovery init",
	.group = GROUP_RECOVERY,
	.arguments = "FILE",
	.summary = "keep the tokens of keys to come, sealed",
	.about =
	    "Makes a pair of keys. The public half goes into the master, and seals "
	    "each new token; the private half goes into FILE, which is new and which "
	    "a passphrase of 15 characters or more wraps. Take FILE off the host: "
	    "with it and the passphrase, authkey reveal shows a token again. When "
	    "FILE is lost nothing else is: keys work as before.",
	.example = "authkey recovery init /media/stick/recovery.key",
	.least = 1,
	.most = 1,
	.run = run_init,
};

const struct command cmd_recovery_status = {
	.name = "recovery status",
	.group = GROUP_RECOVERY,
	.arguments = "",
	.summary = "tell whether tokens are kept, and how many",
	.example = "authkey recovery status --json",
	.answer = &answer,
	.run = run_status,
};

const struct command cmd_recovery_off = {
	.name = "recovery off",
	.group = GROUP_RECOVERY,
	.arguments = "",
	.summary = "delete the sealed tokens and keep none any more",
	.about = "The keys work as before. At a terminal it asks first; -y says yes.",
	.example = "authkey -y recovery off",
	.run = run_off,
};
