/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "change.h"
#include "command.h"
#include "deliver.h"
#include "key_view.h"
#include "passphrase.h"

struct values {
	const char *file;
	bool copy;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "recovery-key", 0, OPTION_TEXT, AT(file), "FILE",
	    "the file that authkey recovery init made" },
	DELIVER_COPY(AT(copy)),
	OPTION_END,
};

/* Why there is nothing to reveal, with the way out. */
static enum cli_exit
check_sealed(
    struct cli *cli, const struct ak_installation *is, const struct ak_record *r)
{
	if (r->sealed_len > 0)
		return EXIT_DONE;
	if (r->key.state == AK_ENDED)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "the key is revoked, and its token not kept any more");
	else if (!is->recovery)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "the token is not kept: recovery is off; for keys to come: authkey "
		    "recovery init FILE");
	else
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "the token of this key is not kept, since %s; a new one: authkey "
		    "rotate %s",
		    r->no_recovery ? "--no-recovery was asked for"
				   : "it is older than recovery, or was imported",
		    r->key.id);
	return cli_fail(cli);
}

/* The line of a recovery file: a regular file, and a short one. */
static enum ak_code
read_file(struct cli *cli, const char *path, char line[AK_RECOVERY_LINE])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd < 0 && errno == ENOENT)
		return ak_fail(
		    &cli->error, AK_E_NOT_FOUND, "%s: there is no such file", path);
	if (fd < 0)
		return ak_fail_errno(&cli->error, path, "");
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		n = read(fd, line, AK_RECOVERY_LINE);
	close(fd);
	if (n < 0 || n >= AK_RECOVERY_LINE || memchr(line, '\0', (size_t)n) != NULL)
		return ak_fail(
		    &cli->error, AK_E_STORE, "%s: it is no recovery file", path);
	line[n] = '\0';
	return AK_OK;
}

/* The passphrase and both halves, which leave no trace behind. */
static enum cli_exit
unseal(struct cli *cli, const char *path, const struct ak_installation *is,
    const struct ak_record *r, char token[AK_TOKEN_MAX + 1])
{
	char line[AK_RECOVERY_LINE];
	struct ak_recovery_pair pair;
	struct passphrase p;
	enum cli_exit end;

	if (read_file(cli, path, line) != AK_OK)
		return cli_fail(cli);
	sodium_mlock(&pair, sizeof(pair));
	if ((end = passphrase_ask(cli, &p)) == EXIT_DONE) {
		if (ak_recovery_unwrap(line, p.text, p.len, &pair, &cli->error) !=
		    AK_OK) {
			cli_warn(cli, "%s: %s", path, cli->error.text);
			end = cli->error.code == AK_E_PERMISSION ? EXIT_NO : EXIT_STORE;
		} else if (memcmp(pair.public, is->recovery_key, sizeof(pair.public)) !=
			   0) {
			cli_warn(
			    cli, "%s: it is the file of another recovery key", path);
			end = EXIT_NO;
		} else if (!ak_recovery_open(&pair, r, token)) {
			cli_warn(cli, "the sealed token is damaged");
			end = EXIT_STORE;
		}
	}
	passphrase_wipe(&p);
	sodium_munlock(&pair, sizeof(pair)); /* wipes it */
	return end;
}

/* That a token was shown stands in the audit before it is. */
static enum ak_code
note(struct cli *cli, void *context)
{
	static const struct out_field field = { "token", NULL, OUT_TEXT, NULL };
	static const struct out_shape shape = { &field, 1, false, NULL };
	const struct ak_record *r = context;
	struct ak_record now;
	bool found;

	if (ak_record_by_id(cli->master, r->key.id, &now, &found, &cli->error) != AK_OK)
		return cli->error.code;
	/* While the passphrase was asked for, somebody may have seen to it. */
	if (!found || now.sealed_len == 0)
		return ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "the token is not kept any more, since just now");
	return change_note(cli, r->key.id, &shape,
	    &(struct out_cell){ .text = "sealed" },
	    &(struct out_cell){ .text = "revealed" });
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	char token[AK_TOKEN_MAX + 1];
	struct ak_installation is;
	struct ak_record r;
	enum cli_exit end;

	if ((end = deliver_check(cli, v->copy)) != EXIT_DONE)
		return end;
	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	if ((end = pick_one(cli, arguments[0], &r)) != EXIT_DONE ||
	    (end = check_sealed(cli, &is, &r)) != EXIT_DONE)
		return end;
	if (v->file == NULL)
		return cli_usage(cli, "--recovery-key is missing");
	sodium_mlock(token, sizeof(token));
	if ((end = unseal(cli, v->file, &is, &r, token)) == EXIT_DONE &&
	    (end = change_run(cli, note, &r)) == EXIT_DONE)
		end = deliver(cli, &r, token, v->copy, false);
	sodium_munlock(token, sizeof(token)); /* wipes it */
	return end;
}

const struct command cmd_reveal = {
	.name = "reveal",
	.group = GROUP_RECOVERY,
	.arguments = "KEY",
	.summary = "show a token again, where recovery is on",
	.about =
	    "Asks for the passphrase of the recovery file, or reads it from stdin. "
	    "Each reveal stands in the audit.",
	.example =
	    "authkey reveal alice/deploy --recovery-key /media/stick/recovery.key\n"
	    "authkey reveal alice/deploy --recovery-key recovery.key --copy",
	.least = 1,
	.most = 1,
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &key_notice,
	.run = run,
};
