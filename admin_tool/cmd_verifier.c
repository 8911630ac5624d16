/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "change.h"
#include "command.h"
#include "spawn.h"
#include "usage_access.h"
#include "verifier_file.h"

#define GPASSWD "/usr/bin/gpasswd"
#define VERIFIERS_MAX 1024

enum { USER, UID, MEMBER, USAGE_FILE, FIELDS };
static const struct out_field fields[FIELDS] = {
	[USER] = { "user", "USER", OUT_TEXT, NULL },
	[UID] = { "uid", "UID", OUT_NUMBER, NULL },
	[MEMBER] = { "member", "IN GROUP", OUT_BOOL, NULL },
	[USAGE_FILE] = { "usage_file", "USAGE FILE", OUT_BOOL, NULL },
};
static const struct out_shape verifier_sheet = { fields, FIELDS, false, NULL };
static const struct out_shape verifier_list = { fields, FIELDS, true, NULL };

/* A user and what the installation has of it. */
struct verifier {
	char name[AK_OWNER_MAX + 1];
	uid_t uid;
	gid_t gid;
	bool member;
};

/* The group whose members may read the store. */
static bool
get_group(struct cli *cli, struct ak_installation *is, struct group **group)
{
	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, is, &cli->error) != AK_OK)
		return false;
	if ((*group = getgrnam(is->unix_group)) == NULL)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no group %s on this system; run: groupadd --system %s",
		    is->unix_group, is->unix_group);
	return *group != NULL;
}

static bool
is_member(const struct group *group, const char *name, gid_t gid)
{
	char *const *member = group->gr_mem;

	while (*member != NULL && strcmp(*member, name) != 0)
		member++;
	return *member != NULL || gid == group->gr_gid;
}

static bool
find_user(struct cli *cli, const char *name, const struct group *group,
    struct verifier *verifier)
{
	bool too_long = strlen(name) > AK_OWNER_MAX;
	const struct passwd *user = too_long ? NULL : getpwnam(name);

	if (user == NULL) {
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no user %s on this system",
		    too_long ? "of such a long name" : name);
		return false;
	}
	snprintf(verifier->name, sizeof(verifier->name), "%s", user->pw_name);
	verifier->uid = user->pw_uid;
	verifier->gid = user->pw_gid;
	verifier->member = is_member(group, user->pw_name, user->pw_gid);
	return true;
}

/* gpasswd knows how to lock and rewrite the group file. */
static bool
change_group(struct cli *cli, const char *how, const char *user, const char *group)
{
	const char *const argv[] = { GPASSWD, how, user, group, NULL };

	if (geteuid() == 0)
		return spawn(cli, argv);
	ak_fail(&cli->error, AK_E_PERMISSION,
	    "the group %s is root's to change; run: sudo %s %s %s %s", group, GPASSWD,
	    how, user, group);
	return false;
}

static void
view(const struct cli *cli, const struct verifier *v, struct out_cell cells[FIELDS])
{
	cells[USER] = (struct out_cell){ .text = v->name };
	cells[UID] = (struct out_cell){ .number = (int64_t)v->uid };
	cells[MEMBER] = (struct out_cell){ .number = v->member };
	cells[USAGE_FILE] =
	    (struct out_cell){ .number = verifier_file_is_there(cli, v->uid) };
}

static void
row(struct cli *cli, const struct verifier *v)
{
	struct out_cell cells[FIELDS];

	view(cli, v, cells);
	out_row(&cli->out, cells);
}

/* A user, and what is to become of what the installation has of it. */
struct verifier_work {
	const char *group;
	struct verifier *verifier;
	bool (*work)(struct cli *cli, struct verifier *verifier, const char *group);
};

static enum ak_code
work_on_verifier(struct cli *cli, void *context)
{
	const struct verifier_work *work = context;
	struct out_cell was[FIELDS], is[FIELDS];

	view(cli, work->verifier, was);
	if (!work->work(cli, work->verifier, work->group))
		return cli->error.code;
	view(cli, work->verifier, is);
	return change_note(cli, work->verifier->name, &verifier_sheet, was, is);
}

/* Root reads every store; nobody else does without the group. */
static bool
add(struct cli *cli, struct verifier *v, const char *group)
{
	bool joins = !v->member && v->uid != 0;

	if (joins && !change_group(cli, "-a", v->name, group))
		return false;
	v->member = v->member || joins;
	return verifier_file_make(cli, v->uid);
}

static bool
leave(struct cli *cli, struct verifier *v, const char *group)
{
	if (v->member && !change_group(cli, "-d", v->name, group))
		return false;
	v->member = false;
	return true;
}

static bool
remove_file(struct cli *cli, struct verifier *v, const char *group)
{
	(void)group;
	return verifier_file_remove(cli, v->uid);
}

#define RESTART                                                              \
	"Restart its service: processes that run keep the groups that they " \
	"started with"

/* The group and usage.d know nothing of transactions. */
static void
warn_of_what_stays(
    struct cli *cli, const struct verifier *v, const struct out_cell was[FIELDS])
{
	struct out_cell is[FIELDS];

	view(cli, v, is);
	if (is[MEMBER].number != was[MEMBER].number ||
	    is[USAGE_FILE].number != was[USAGE_FILE].number)
		cli_warn(cli,
		    "the change is made all the same, of the group or of usage.d; the "
		    "audit does not have it");
}

static enum cli_exit
change(struct cli *cli, struct verifier_work *work)
{
	struct out_cell was[FIELDS];
	enum cli_exit end;

	view(cli, work->verifier, was);
	if ((end = change_run(cli, work_on_verifier, work)) != EXIT_DONE)
		warn_of_what_stays(cli, work->verifier, was);
	return end;
}

/* Say what was done, and answer with how it is now. */
static enum cli_exit
report(struct cli *cli, const struct verifier *v, const char *done, const char *already)
{
	if (cli->notes > 0)
		cli_say(cli, "%s %s.", v->name, done);
	else
		cli_say(cli, "%s %s; nothing to do.", v->name, already);
	if (!out_wants_data(&cli->out))
		return EXIT_DONE;
	out_begin(&cli->out, &verifier_sheet);
	row(cli, v);
	out_end(&cli->out);
	return EXIT_DONE;
}

/*
 * Out of the group at once. What the user's file holds is counted between two changes:
 * who fills it faster than it is read must hold up nobody's change, and his own
 * removal least of all (SECURITY R26).
 */
static enum cli_exit
take_back(struct cli *cli, struct verifier *v, const char *group)
{
	struct verifier_work work = { group, v, leave };
	enum cli_exit end = change(cli, &work);
	size_t notes = cli->notes;
	int64_t records;

	if (end != EXIT_DONE)
		return end;
	if (usage_fold_all(cli, &records)) {
		work.work = remove_file;
		end = change(cli, &work);
		cli->notes += notes;
	} else
		end = cli_fail(cli);
	if (end != EXIT_DONE && notes > 0)
		cli_warn(cli,
		    "%s is out of the group %s, and only the usage file stays; when "
		    "the cause is mended: authkey verifier remove %s",
		    v->name, group, v->name);
	return end;
}

static enum cli_exit
run_add(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct verifier v = { .uid = 0 };
	struct verifier_work work = { is.unix_group, &v, add };
	struct group *group;
	enum cli_exit end;

	(void)values;
	if (!get_group(cli, &is, &group) || !find_user(cli, arguments[0], group, &v))
		return cli_fail(cli);
	if ((end = change(cli, &work)) != EXIT_DONE)
		return end;
	return report(cli, &v, "may check tokens. " RESTART, "checks tokens already");
}

static enum cli_exit
run_remove(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct verifier v = { .uid = 0 };
	struct group *group;
	enum cli_exit end;

	(void)values;
	if (!get_group(cli, &is, &group) || !find_user(cli, arguments[0], group, &v))
		return cli_fail(cli);
	/* Its own group is not what lets root read. */
	if (v.uid == 0 && v.gid == group->gr_gid)
		v.member = false;
	if (v.uid != 0 && v.gid == group->gr_gid) {
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s is the user's own group; give the user another one: usermod -g",
		    is.unix_group);
		return cli_fail(cli);
	}
	if ((end = take_back(cli, &v, is.unix_group)) != EXIT_DONE)
		return end;
	if (v.uid == 0)
		return report(cli, &v,
		    "has no usage file any more; it may always check tokens",
		    "may always check tokens");
	return report(
	    cli, &v, "may no longer check tokens. " RESTART, "does not check tokens");
}

/* The uids that have a file in usage.d, and the members of the group; each once. */
struct uids {
	uid_t at[VERIFIERS_MAX];
	size_t count;
};

static void
add_uid(struct uids *uids, uid_t uid)
{
	for (size_t i = 0; i < uids->count; i++)
		if (uids->at[i] == uid)
			return;
	if (uids->count < VERIFIERS_MAX)
		uids->at[uids->count++] = uid;
}

static bool
collect(struct cli *cli, const struct group *group, struct uids *uids)
{
	const char *folder = ak_master_paths(cli->master)->usage_folder;
	DIR *dir = opendir(folder);
	const struct passwd *user;
	const struct dirent *entry;
	unsigned long uid;
	char *end;

	if (dir == NULL) {
		ak_fail_errno(&cli->error, folder, "");
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		uid = strtoul(entry->d_name, &end, 10);
		if (*entry->d_name >= '0' && *entry->d_name <= '9' && *end == '\0' &&
		    uid < UINT32_MAX && verifier_file_is_there(cli, (uid_t)uid))
			add_uid(uids, (uid_t)uid);
	}
	closedir(dir);
	setpwent();
	while ((user = getpwent()) != NULL)
		if (is_member(group, user->pw_name, user->pw_gid))
			add_uid(uids, user->pw_uid);
	endpwent();
	return true;
}

static enum cli_exit
run_list(struct cli *cli, const void *values, char **arguments)
{
	struct uids uids = { .count = 0 };
	struct ak_installation is;
	const struct passwd *user;
	struct group *group;

	(void)values;
	(void)arguments;
	if (!get_group(cli, &is, &group) || !collect(cli, group, &uids))
		return cli_fail(cli);
	out_begin(&cli->out, &verifier_list);
	for (size_t i = 0; i < uids.count; i++) {
		struct verifier v = { .uid = uids.at[i] };

		if ((user = getpwuid(v.uid)) != NULL) {
			snprintf(v.name, sizeof(v.name), "%s", user->pw_name);
			v.member = is_member(group, v.name, user->pw_gid);
		}
		row(cli, &v);
	}
	out_end(&cli->out);
	if (uids.count == 0)
		cli_say(cli,
		    "Nobody but root checks tokens. For a service that runs as "
		    "www-data: authkey verifier add www-data");
	return EXIT_DONE;
}

#define ONE_USER .arguments = "USER", .least = 1, .most = 1

const struct command cmd_verifier_add = {
	.name = "verifier add",
	.group = GROUP_SETUP,
	ONE_USER,
	.summary = "let a Unix user's processes check tokens",
	.about =
	    "The user joins the group that may read the store, and gets a file for its "
	    "usage records. Its service must be restarted.",
	.example = "sudo authkey verifier add www-data && sudo systemctl restart nginx",
	.answer = &verifier_sheet,
	.run = run_add,
};

const struct command cmd_verifier_remove = {
	.name = "verifier remove",
	.group = GROUP_SETUP,
	ONE_USER,
	.summary = "take it back: group membership and usage file",
	.example = "authkey verifier remove www-data",
	.answer = &verifier_sheet,
	.run = run_remove,
};

const struct command cmd_verifier_list = {
	.name = "verifier list",
	.group = GROUP_SETUP,
	.arguments = "",
	.summary = "list the users whose processes check tokens",
	.example = "authkey verifier list",
	.answer = &verifier_list,
	.run = run_list,
};
