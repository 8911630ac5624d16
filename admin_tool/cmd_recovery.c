/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "change.h"
#include "command.h"
#include "passphrase.h"
#include "prompt.h"

#define HEX_LEN (2 * AK_RECOVERY_KEY_LEN + 1)

enum { ON, PUBLIC_KEY, SEALED, FIELDS };
static const struct out_field fields[FIELDS] = {
	[ON] = { "recovery", "RECOVERY", OUT_STATUS, NULL },
	[PUBLIC_KEY] = { "public_key", "PUBLIC KEY", OUT_TEXT, NULL },
	[SEALED] = { "sealed", "SEALED TOKENS", OUT_NUMBER, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };
/* What the audit keeps of a change. */
static const struct out_shape noted = { fields, PUBLIC_KEY + 1, false, NULL };

/* The public key, which is no secret, as text; "" when recovery is off. */
static void
cells_of(
    const struct ak_installation *is, char hex[HEX_LEN], struct out_cell cells[FIELDS])
{
	hex[0] = '\0';
	if (is->recovery)
		sodium_bin2hex(
		    hex, HEX_LEN, is->recovery_key, sizeof(is->recovery_key));
	memset(cells, 0, FIELDS * sizeof(cells[0]));
	cells[ON].text = is->recovery ? "on" : "off";
	cells[PUBLIC_KEY].text = hex;
}

/* Set the key within a change, NULL: none; noted for the audit. */
static enum ak_code
put_key(struct cli *cli, const uint8_t *public)
{
	struct out_cell was[FIELDS], now[FIELDS];
	char hexes[2][HEX_LEN];
	struct ak_installation is;

	if (ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli->error.code;
	if (is.recovery && public != NULL)
		return ak_fail(&cli->error, AK_E_CONFLICT,
		    "recovery is on already; to change the pair, first: authkey "
		    "recovery off");
	cells_of(&is, hexes[0], was);
	is.recovery = public != NULL;
	if (public != NULL)
		memcpy(is.recovery_key, public, sizeof(is.recovery_key));
	cells_of(&is, hexes[1], now);
	if (ak_recovery_set(cli->master, public, &cli->error) != AK_OK)
		return cli->error.code;
	return change_note(cli, "recovery", &noted, was, now);
}

/* A new file of mode 0600 with the line in it, on disk under its name. */
static enum ak_code
write_file(struct cli *cli, const char *path, const char *line)
{
	size_t len = strlen(line);
	char folder[4096];
	int fd, above;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return ak_fail_errno(&cli->error, path,
		    errno == EEXIST ? "; name a file that is not there yet" : "");
	cli->error.code = AK_OK;
	if (fchmod(fd, 0600) != 0 || write(fd, line, len) != (ssize_t)len ||
	    fsync(fd) != 0)
		ak_fail_errno(&cli->error, path, "");
	close(fd);
	snprintf(folder, sizeof(folder), "%s", path);
	above = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (above >= 0) {
		fsync(above);
		close(above);
	}
	if (cli->error.code != AK_OK)
		unlink(path);
	return cli->error.code;
}

static enum ak_code
work_on_init(struct cli *cli, void *context)
{
	return put_key(cli, context);
}

/* The file first: a public key whose private half is nowhere would seal for nobody. */
static enum cli_exit
make_pair(struct cli *cli, const char *path, const struct passphrase *p)
{
	uint8_t public[AK_RECOVERY_KEY_LEN];
	char line[AK_RECOVERY_LINE];
	enum cli_exit end;

	if (ak_recovery_make(p->text, p->len, public, line, &cli->error) != AK_OK ||
	    write_file(cli, path, line) != AK_OK)
		return cli_fail(cli);
	if ((end = change_run(cli, work_on_init, public)) != EXIT_DONE)
		unlink(path);
	return end;
}

static enum cli_exit
run_init(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct passphrase p;
	enum cli_exit end;

	(void)values;
	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (is.recovery) {
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "recovery is on already; to change the pair, first: authkey "
		    "recovery off");
		return cli_fail(cli);
	}
	if (access(arguments[0], F_OK) == 0) {
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s: is there already; name a file that is not", arguments[0]);
		return cli_fail(cli);
	}
	if ((end = passphrase_new(cli, &p)) == EXIT_DONE)
		end = make_pair(cli, arguments[0], &p);
	passphrase_wipe(&p);
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
	struct out_cell cells[FIELDS];
	struct ak_installation is;
	char hex[HEX_LEN];

	(void)values;
	(void)arguments;
	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	cells_of(&is, hex, cells);
	if (ak_recovery_count(cli->master, &cells[SEALED].number, &cli->error) != AK_OK)
		return cli_fail(cli);
	out_one(&cli->out, &answer, cells);
	if (!is.recovery && !out_wants_data(&cli->out))
		cli_say(cli, "To keep the tokens of keys to come, sealed: authkey "
			     "recovery init FILE");
	return EXIT_DONE;
}

static enum ak_code
work_on_off(struct cli *cli, void *context)
{
	(void)context;
	if (ak_recovery_forget(cli->master, &cli->error) != AK_OK)
		return cli->error.code;
	return put_key(cli, NULL);
}

static enum cli_exit
run_off(struct cli *cli, const void *values, char **arguments)
{
	char question[128];
	enum cli_exit end;
	int64_t sealed;

	(void)values;
	(void)arguments;
	if (!cli_open(cli) ||
	    ak_recovery_count(cli->master, &sealed, &cli->error) != AK_OK)
		return cli_fail(cli);
	snprintf(question, sizeof(question),
	    "Delete %lld sealed tokens and switch recovery off? [y/N] ",
	    (long long)sealed);
	if (sealed > 0 && !cli->yes && !cli_may_ask(cli))
		return cli_usage(cli,
		    "it would delete %lld sealed tokens for good; say yes with -y",
		    (long long)sealed);
	if (sealed > 0 && !prompt_sure(cli, question)) {
		cli_say(cli, "Nothing was changed.");
		return EXIT_NO;
	}
	if ((end = change_run(cli, work_on_off, NULL)) == EXIT_DONE)
		cli_say(cli, cli->notes > 0 ? "Recovery is off; no token is kept."
					    : "Recovery is off already.");
	return end;
}

const struct command cmd_recovery_init = {
	.name = "recovery init",
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
	.arguments = "",
	.summary = "tell whether tokens are kept, and how many",
	.answer = &answer,
	.run = run_status,
};

const struct command cmd_recovery_off = {
	.name = "recovery off",
	.arguments = "",
	.summary = "delete the sealed tokens and keep none any more",
	.about = "The keys work as before. At a terminal it asks first; -y says yes.",
	.run = run_off,
};
