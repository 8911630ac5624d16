/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "spawn.h"

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
	const struct passwd *user = getpwnam(name);

	if (user == NULL || strlen(name) > AK_OWNER_MAX) {
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no user %.128s on this system", name);
		return false;
	}
	snprintf(verifier->name, sizeof(verifier->name), "%s", user->pw_name);
	verifier->uid = user->pw_uid;
	verifier->gid = user->pw_gid;
	verifier->member = is_member(group, user->pw_name, user->pw_gid);
	return true;
}

static void
usage_path(struct cli *cli, uid_t uid, char path[4200])
{
	snprintf(path, 4200, "%s/%u", ak_master_paths(cli->master)->usage_folder,
	    (unsigned)uid);
}

static bool
has_usage_file(struct cli *cli, uid_t uid)
{
	char path[4200];
	struct stat st;

	usage_path(cli, uid, path);
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
	       st.st_nlink == 1;
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

/* The verifier's own file, which nobody else can open. */
static bool
make_usage_file(struct cli *cli, const struct verifier *v)
{
	char path[4200];
	int fd;

	if (has_usage_file(cli, v->uid))
		return true;
	usage_path(cli, v->uid, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		ak_fail_errno(&cli->error, path,
		    errno == EEXIST ? ", and is not the verifier's own; move it away"
				    : "");
		return false;
	}
	if (fchmod(fd, 0600) == 0 && fchown(fd, v->uid, v->gid) == 0) {
		close(fd);
		return true;
	}
	ak_fail_errno(&cli->error, path, "");
	unlink(path);
	close(fd);
	return false;
}

static void
row(struct cli *cli, const struct verifier *v)
{
	out_row(&cli->out, (struct out_cell[FIELDS]){ [USER].text = v->name,
			       [UID].number = (int64_t)v->uid,
			       [MEMBER].number = v->member,
			       [USAGE_FILE].number = has_usage_file(cli, v->uid) });
}

static void
report(struct cli *cli, const struct verifier *v)
{
	if (!out_wants_data(&cli->out))
		return;
	out_begin(&cli->out, &verifier_sheet);
	row(cli, v);
	out_end(&cli->out);
}

static enum cli_exit
run_add(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct verifier v = { .uid = 0 };
	struct group *group;
	bool joins;

	(void)values;
	if (!get_group(cli, &is, &group) || !find_user(cli, arguments[0], group, &v))
		return cli_fail(cli);
	/* Root reads every store; nobody else does without the group. */
	joins = !v.member && v.uid != 0;
	if (!joins && has_usage_file(cli, v.uid)) {
		cli_say(cli, "%s checks tokens already; nothing to do.", v.name);
	} else {
		if ((joins && !change_group(cli, "-a", v.name, is.unix_group)) ||
		    !make_usage_file(cli, &v))
			return cli_fail(cli);
		v.member = v.member || joins;
		cli_say(cli,
		    "%s may check tokens. Restart its service: processes that run keep "
		    "the groups that they started with.",
		    v.name);
	}
	report(cli, &v);
	return EXIT_DONE;
}

static enum cli_exit
run_remove(struct cli *cli, const void *values, char **arguments)
{
	struct ak_installation is;
	struct verifier v = { .uid = 0 };
	struct group *group;
	char path[4200];
	bool had_file;

	(void)values;
	if (!get_group(cli, &is, &group) || !find_user(cli, arguments[0], group, &v))
		return cli_fail(cli);
	had_file = has_usage_file(cli, v.uid);
	if (!v.member && !had_file) {
		cli_say(cli, "%s does not check tokens; nothing to do.", v.name);
		report(cli, &v);
		return EXIT_DONE;
	}
	if (v.gid == group->gr_gid) {
		ak_fail(&cli->error, AK_E_CONFLICT,
		    "%s is the user's own group; give the user another one: usermod -g",
		    is.unix_group);
		return cli_fail(cli);
	}
	if (v.member && !change_group(cli, "-d", v.name, is.unix_group))
		return cli_fail(cli);
	usage_path(cli, v.uid, path);
	if (had_file && unlink(path) != 0) {
		ak_fail_errno(&cli->error, path, "");
		return cli_fail(cli);
	}
	v.member = false;
	cli_say(cli,
	    "%s may no longer check tokens. Restart its service: processes that run "
	    "keep "
	    "the groups that they started with.",
	    v.name);
	report(cli, &v);
	return EXIT_DONE;
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
		    uid < UINT32_MAX && has_usage_file(cli, (uid_t)uid))
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
	ONE_USER,
	.summary = "take it back: group membership and usage file",
	.answer = &verifier_sheet,
	.run = run_remove,
};

const struct command cmd_verifier_list = {
	.name = "verifier list",
	.arguments = "",
	.summary = "list the users whose processes check tokens",
	.answer = &verifier_list,
	.run = run_list,
};
