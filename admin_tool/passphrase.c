/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "passphrase.h"
#include "prompt.h"

/* The words by which it is asked for, and missed. */
#define FIRST "passphrase"
#define AGAIN "passphrase, once more"

#define RULE                                                                          \
	"%c passphrase has at least %d characters: some words that nobody else says " \
	"together"

static enum cli_exit
ask(struct cli *cli, const char *what, struct passphrase *p)
{
	sodium_mlock(p, sizeof(*p));
	if (!prompt_secret(cli, what, p->text, sizeof(p->text), &p->len))
		return cli_fail(cli);
	if (p->len > sizeof(p->text))
		return cli_usage(
		    cli, "a passphrase has at most %d bytes", AK_PASSPHRASE_MOST);
	return EXIT_DONE;
}

/* So many characters of UTF-8: all bytes but those that continue one. */
static size_t
characters(const struct passphrase *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->len; i++)
		n += ((unsigned char)p->text[i] & 0xc0) != 0x80;
	return n;
}

enum cli_exit
passphrase_ask(struct cli *cli, struct passphrase *p)
{
	return ask(cli, FIRST, p);
}

enum cli_exit
passphrase_new(struct cli *cli, struct passphrase *p)
{
	struct passphrase again;
	enum cli_exit end;

	if (isatty(STDIN_FILENO))
		cli_say(cli, RULE ".", 'A', AK_PASSPHRASE_LEAST);
	if ((end = ask(cli, FIRST, p)) != EXIT_DONE)
		return end;
	if (characters(p) < AK_PASSPHRASE_LEAST)
		return cli_usage(cli, RULE, 'a', AK_PASSPHRASE_LEAST);
	if (!isatty(STDIN_FILENO))
		return EXIT_DONE;
	if ((end = ask(cli, AGAIN, &again)) == EXIT_DONE &&
	    (again.len != p->len || memcmp(again.text, p->text, p->len) != 0))
		end = cli_usage(cli, "the two passphrases differ; nothing was changed");
	passphrase_wipe(&again);
	return end;
}

void
passphrase_wipe(struct passphrase *p)
{
	sodium_munlock(p, sizeof(*p)); /* wipes it */
}
