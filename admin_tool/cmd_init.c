/* SPDX-License-Identifier: BSD-2-Clause */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "spawn.h"

struct values {
	const char *prefix, *group;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "prefix", 0, OPTION_TEXT, AT(prefix), "P",
	    "what tokens begin with: 1 to 6 of a-z 0-9 (" AK_PREFIX_DEFAULT ")" },
	{ "group", 0, OPTION_TEXT, AT(group), "G",
	    "the group whose members check tokens; made when it is missing "
	    "(" AK_GROUP_DEFAULT "; without root, your own)" },
	OPTION_END,
};

enum { DIR, PREFIX, GROUP, MADE, FIELDS };
static const struct out_field fields[FIELDS] = {
	[DIR] = { "dir", "FOLDER", OUT_TEXT, NULL },
	[PREFIX] = { "prefix", "PREFIX", OUT_TEXT, NULL },
	[GROUP] = { "group", "GROUP", OUT_TEXT, NULL },
	[MADE] = { "made", "MADE NOW", OUT_BOOL, NULL },
};
static const struct out_shape answer = { fields, FIELDS, false, NULL };

/* As groupadd(8) takes it; never anything that looks like an option. */
static bool
may_be_group(const char *name)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz_";

	return *name != '\0' && strchr(lower, *name) != NULL && strlen(name) <= 32 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789-") == strlen(name);
}

/* The group must be there. Root makes it; others take their own for the default. */
static bool
settle_group(struct cli *cli, struct ak_installation *wanted)
{
	const char *name =
	    wanted->unix_group[0] != '\0' ? wanted->unix_group : AK_GROUP_DEFAULT;
	const char *const groupadd[] = { "/usr/sbin/groupadd", "--system", name, NULL };
	const struct group *own = getgrgid(getegid());

	if (geteuid() != 0) {
		if (wanted->unix_group[0] == '\0' && own != NULL)
			snprintf(wanted->unix_group, sizeof(wanted->unix_group), "%s",
			    own->gr_name);
		return true;
	}
	if (getgrnam(name) != NULL)
		return true;
	if (!may_be_group(name)) {
		ak_fail(&cli->error, AK_E_USAGE,
		    "there is no such group, and none may be called so: a group has 1 "
		    "to 32 of the characters a-z 0-9 _ -");
		return false;
	}
	if (!spawn(cli, groupadd))
		return false;
	cli_say(cli, "Made the group %s.", name);
	return true;
}

/* Whether there is an installation: then nothing is made, the group neither. */
static bool
is_there(const struct cli *cli)
{
	struct ak_paths paths;
	struct ak_error ignored;

	return ak_paths_of(cli->dir, &paths, &ignored) == AK_OK &&
	       access(paths.master, F_OK) == 0;
}

/* What is wrong with an installation is found, and said, when it is looked at below. */
static void
migrate(const struct cli *cli)
{
	struct ak_master *master;
	struct ak_error ignored;

	if (ak_master_open(cli->dir, &master, &ignored) == AK_OK)
		cli_say_kept(cli, ak_master_kept(master));
	ak_master_close(&master);
}

static enum cli_exit
report(struct cli *cli, bool made)
{
	struct ak_installation is;
	const struct ak_paths *paths;

	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	paths = ak_master_paths(cli->master);
	if (made)
		cli_say(cli,
		    "Made an installation in %s; members of the group %s check tokens: "
		    "authkey verifier add USER; the first key: authkey create NAME",
		    paths->root, is.unix_group);
	else
		cli_say(cli,
		    "There is an installation in %s already; nothing was changed.",
		    paths->root);
	if (out_wants_data(&cli->out))
		out_one(&cli->out, &answer,
		    (struct out_cell[FIELDS]){ [DIR].text = paths->root,
			[PREFIX].text = is.prefix,
			[GROUP].text = is.unix_group,
			[MADE].number = made });
	return EXIT_DONE;
}

/* What the system forbids has its way out in sudo, as everywhere. */
static enum cli_exit
fail(struct cli *cli)
{
	struct ak_error why = cli->error;

	if (why.code == AK_E_PERMISSION && geteuid() != 0 &&
	    strstr(why.text, "sudo") == NULL)
		ak_fail(&cli->error, why.code,
		    "%.400s; run the command as root, with sudo", why.text);
	return cli_fail(cli);
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct ak_installation wanted = { .generation = 0 };
	const char *why;
	bool made;

	(void)arguments;
	if (v->prefix != NULL && (why = ak_prefix_why_not(v->prefix)) != NULL)
		return cli_usage(cli, "--prefix: %s", why);
	if (v->group != NULL && (*v->group == '\0' || strlen(v->group) >= AK_GROUP_MAX))
		return cli_usage(cli, "--group: there is no such group");
	snprintf(wanted.prefix, sizeof(wanted.prefix), "%s",
	    v->prefix != NULL ? v->prefix : "");
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s",
	    v->group != NULL ? v->group : "");
	if (is_there(cli))
		migrate(cli);
	else if (!settle_group(cli, &wanted))
		return cli_fail(cli);
	if (ak_master_init(cli->dir, &wanted, cli->now, &made, &cli->error) != AK_OK)
		return fail(cli);
	return report(cli, made);
}

const struct command cmd_init = {
	.name = "init",
	.group = GROUP_SETUP,
	.arguments = "",
	.summary = "make an installation: folder, group and empty master",
	.about = "Repeated, it changes nothing and says so.",
	.example = "authkey init\nauthkey init --prefix kalp",
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
