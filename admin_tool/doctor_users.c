/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "verifier_file.h"

#define GROUPS_MAX 1024

static bool
is_listed(const struct group *group, const char *name)
{
	char *const *member = group->gr_mem;

	while (*member != NULL && strcmp(*member, name) != 0)
		member++;
	return *member != NULL;
}

static bool
is_member(const struct group *group, const struct passwd *user)
{
	return user->pw_gid == group->gr_gid || is_listed(group, user->pw_name);
}

/* What stands in usage.d under a user's number. */
static void
usage_path(const struct doctor *d, uid_t uid, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.4000s/%u", d->paths.usage_folder, (unsigned)uid);
}

/* A verifier without a file records nothing. */
static void
look_for_file(struct doctor *d, const struct passwd *user)
{
	char path[PATH_MAX];
	struct stat st;

	usage_path(d, user->pw_uid, path);
	if (lstat(path, &st) != 0 && errno == ENOENT)
		doctor_report(d, DOCTOR_WARNING, user->pw_name,
		    "checks tokens but has no usage file: nothing is recorded",
		    user->pw_uid == d->owner
			? doctor_command(d, "%A init")
			: doctor_command(d, "%A verifier add %s", user->pw_name));
}

void
doctor_group(struct doctor *d)
{
	const char *name = d->installation.unix_group;
	const struct passwd *user;
	struct group *group;

	if (!d->known)
		return;
	if ((group = getgrnam(name)) == NULL) {
		doctor_report(d, DOCTOR_ERROR, name,
		    "there is no such group; nothing can be published",
		    doctor_command(d, "groupadd --system %s && %A publish", name));
		return;
	}
	for (char *const *member = group->gr_mem; *member != NULL; member++)
		if (getpwnam(*member) == NULL)
			doctor_report(d, DOCTOR_WARNING, *member,
			    "is a member of the group, but no user of this system",
			    doctor_command(d, "groupmems -g %s -d %s", name, *member));
	group = getgrnam(name);
	setpwent();
	while (group != NULL && (user = getpwent()) != NULL)
		if (user->pw_uid == d->owner || is_member(group, user))
			look_for_file(d, user);
	endpwent();
}

/* A file that is not as root has made it. */
static void
look_at_file(struct doctor *d, uid_t uid, const struct passwd *user)
{
	char path[PATH_MAX], reason[96];
	struct stat st;

	usage_path(d, uid, path);
	if (lstat(path, &st) != 0)
		return;
	if (!verifier_file_is_there(d->cli, uid)) {
		if (geteuid() != 0 && geteuid() != uid)
			doctor_report(d, DOCTOR_UNSEEN, path, "is another user's file",
			    "look as root, with sudo");
		else
			doctor_report(d, DOCTOR_ERROR, path,
			    "is no usage file of this user: nothing is recorded",
			    uid == d->owner || user == NULL
				? doctor_put_aside(d, path, "%A init", NULL)
				: doctor_put_aside(
				      d, path, "%A verifier add %s", user->pw_name));
		return;
	}
	if ((st.st_mode & 07777) == 0600)
		return;
	snprintf(reason, sizeof(reason), "has the mode %04o instead of 0600",
	    (unsigned)st.st_mode & 07777);
	doctor_report(
	    d, DOCTOR_WARNING, path, reason, doctor_command(d, "chmod 0600 %s", path));
}

/* Each file has a user, who may check tokens. */
static void
look_at_owner(struct doctor *d, uid_t uid, const struct group *group)
{
	const struct passwd *user = getpwuid(uid);
	char path[PATH_MAX], name[AK_OWNER_MAX + 1];

	usage_path(d, uid, path);
	if (user == NULL)
		doctor_report(d, DOCTOR_WARNING, path,
		    "belongs to no user of this system",
		    doctor_put_aside(d, path, NULL, NULL));
	else if (uid != 0 && uid != d->owner && !is_member(group, user)) {
		snprintf(name, sizeof(name), "%s", user->pw_name);
		doctor_report(d, DOCTOR_WARNING, name,
		    "has a usage file but is no member of the group, and cannot read "
		    "the store",
		    doctor_command(d, "%A verifier add %s", name));
	} else
		look_at_file(d, uid, user);
}

void
doctor_usage(struct doctor *d)
{
	DIR *dir = d->known ? opendir(d->paths.usage_folder) : NULL;
	const struct dirent *entry;
	const struct group *group;
	unsigned long uid;

	if (dir == NULL)
		return; /* "folders" has said it */
	while ((entry = readdir(dir)) != NULL) {
		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			continue;
		errno = 0;
		uid = strtoul(entry->d_name, NULL, 10);
		group = getgrnam(d->installation.unix_group);
		if (errno == 0 && uid < UINT32_MAX && group != NULL)
			look_at_owner(d, (uid_t)uid, group);
	}
	closedir(dir);
}

/* What a process of the user finds: the first thing that does not work. */
struct trial {
	char thing[PATH_MAX];
	struct ak_error error;
	bool folder; /* it is one that the user may not enter */
};

/* The first folder above the store that this process may not enter. */
static bool
closed_folder(const char *store, struct trial *t)
{
	snprintf(t->thing, sizeof(t->thing), "%s", store);
	for (char *s = t->thing + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		if (access(t->thing, X_OK) != 0) {
			ak_fail_errno(&t->error, t->thing, "; its user may not enter");
			return true;
		}
		*s = '/';
	}
	return false;
}

/* Do what a login does; nothing is written. */
static void
try_as_self(const struct doctor *d, struct trial *t)
{
	struct ak_store_meta meta;
	struct ak_store store;
	struct ak_key key;
	int fd;

	t->error.code = AK_OK;
	if ((t->folder = closed_folder(d->paths.store, t)))
		return;
	if (ak_store_open(d->paths.store, d->owner, &store, &t->error) != AK_OK)
		return;
	if (ak_store_find(&store, "", &key, &meta, &t->error) == AK_OK) {
		usage_path(d, geteuid(), t->thing);
		fd = open(t->thing,
		    O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			ak_fail_errno(&t->error, t->thing, "");
		else
			close(fd);
	}
	ak_store_close(&store);
}

/* Become the user for good, with the groups that a new process of his has. */
static bool
become(const struct passwd *user)
{
	gid_t groups[GROUPS_MAX];
	int count = GROUPS_MAX;

	return getgrouplist(user->pw_name, user->pw_gid, groups, &count) >= 0 &&
	       setgroups((size_t)count, groups) == 0 && setgid(user->pw_gid) == 0 &&
	       setuid(user->pw_uid) == 0 && geteuid() == user->pw_uid;
}

/* Try it in another process, which tells through a pipe. */
static bool
try_as(const struct doctor *d, const struct passwd *user, struct trial *t)
{
	int ends[2];
	pid_t child;
	ssize_t n;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	if ((child = fork()) == 0) {
		if (!become(user))
			_exit(1);
		try_as_self(d, t);
		_exit(write(ends[1], t, sizeof(*t)) == (ssize_t)sizeof(*t) ? 0 : 1);
	}
	close(ends[1]);
	n = child > 0 ? read(ends[0], t, sizeof(*t)) : -1;
	close(ends[0]);
	if (child > 0)
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	return n == (ssize_t)sizeof(*t);
}

static void
report_trial(struct doctor *d, const char *name, const struct trial *t)
{
	if (t->error.code != AK_OK)
		doctor_report(d, DOCTOR_ERROR, name, t->error.text,
		    t->folder ? doctor_command(d, "chmod o+x %s", t->thing)
			      : doctor_command(d, "%A verifier add %s", name));
}

void
doctor_verifier(struct doctor *d)
{
	const struct passwd *user;
	struct trial trial = { .thing = "" };
	char name[AK_OWNER_MAX + 1];

	if (d->verifier == NULL)
		return;
	if (strlen(d->verifier) > AK_OWNER_MAX ||
	    (user = getpwnam(d->verifier)) == NULL) {
		doctor_report(d, DOCTOR_ERROR, d->verifier,
		    "there is no such user on this system", NULL);
		return;
	}
	snprintf(name, sizeof(name), "%s", user->pw_name);
	if (geteuid() == user->pw_uid)
		try_as_self(d, &trial);
	else if (geteuid() != 0) {
		doctor_report(d, DOCTOR_UNSEEN, name,
		    "only root can try what another user may do",
		    "look as root, with sudo");
		return;
	} else if (!try_as(d, user, &trial)) {
		doctor_report(d, DOCTOR_ERROR, name,
		    "it could not be tried: no process of this user can be made", NULL);
		return;
	}
	report_trial(d, name, &trial);
}
