/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor.h"

/* What a file or folder of an installation must be. */
struct part {
	const char *path;
	mode_t kind, mode;
	bool needed;
	const char *again; /* a command that makes it anew, or NULL */
};

/* What is wrong with what is there. */
static void
look_at(struct doctor *d, const struct part *part, const struct stat *st)
{
	char reason[128], mode[8], owner[16];
	const char *again = part->again != NULL ? doctor_command(d, part->again) : NULL;

	snprintf(mode, sizeof(mode), "%04o", (unsigned)part->mode);
	snprintf(owner, sizeof(owner), "%u", (unsigned)d->owner);
	if ((st->st_mode & S_IFMT) != part->kind) {
		doctor_report(d, DOCTOR_ERROR, part->path,
		    part->kind == S_IFDIR ? "is not a folder" : "is not a regular file",
		    again != NULL ? doctor_put_aside(d, part->path, part->again, NULL)
				  : "put back what was there, or restore a backup");
		return;
	}
	if (st->st_uid != d->owner) {
		snprintf(reason, sizeof(reason), "belongs to uid %u instead of %s",
		    (unsigned)st->st_uid, owner);
		doctor_report(d, DOCTOR_ERROR, part->path, reason,
		    again != NULL && part->kind == S_IFREG
			? again
			: doctor_command(d, "chown %s %s", owner, part->path));
	}
	if ((st->st_mode & 07777) != part->mode) {
		snprintf(reason, sizeof(reason), "has the mode %04o instead of %s",
		    (unsigned)st->st_mode & 07777, mode);
		doctor_report(d, DOCTOR_ERROR, part->path, reason,
		    doctor_command(d, "chmod %s %s", mode, part->path));
	}
	if (part->kind == S_IFREG && st->st_nlink > 1)
		doctor_report(d, DOCTOR_ERROR, part->path, "has more than one name",
		    again != NULL ? again : "find the others: find -samefile");
}

/* The folders above: who may write there may swap the whole installation. */
static void
look_above(struct doctor *d)
{
	char folder[PATH_MAX], *slash;
	char owner[16];
	struct stat st;

	snprintf(owner, sizeof(owner), "%u", (unsigned)d->owner);
	snprintf(folder, sizeof(folder), "%s", d->paths.root);
	while ((slash = strrchr(folder, '/')) != NULL) {
		slash[slash == folder] = '\0';
		if (lstat(folder, &st) == 0 && st.st_uid != 0 && st.st_uid != d->owner)
			doctor_report(d, DOCTOR_ERROR, folder,
			    "belongs to somebody who could swap the store",
			    doctor_command(d, "chown %s %s", owner, folder));
		if (lstat(folder, &st) == 0 && (st.st_mode & 022) != 0 &&
		    !((st.st_mode & S_ISVTX) != 0 && st.st_uid == 0))
			doctor_report(d, DOCTOR_ERROR, folder,
			    "group or others could swap the store",
			    doctor_command(d, "chmod go-w %s", folder));
		if (slash == folder)
			break;
	}
}

/* The delta of the store in place; false when it has none, or cannot be read. */
static bool
delta_of(const struct doctor *d, char *path, size_t size)
{
	struct ak_error ignored;
	struct ak_store store;
	bool has;

	if (ak_store_open_alone(d->paths.store, d->owner, &store, &ignored) != AK_OK)
		return false;
	has = store.meta.delta != 0 &&
	      ak_delta_path(d->paths.store, store.meta.delta, path, size);
	ak_store_close(&store);
	return has;
}

void
doctor_folders(struct doctor *d)
{
	const struct ak_paths *p = &d->paths;
	char delta[PATH_MAX];
	bool has_delta = delta_of(d, delta, sizeof(delta));
	const struct part parts[] = {
		{ p->root, S_IFDIR, 0755, true, NULL },
		{ p->master_folder, S_IFDIR, 0700, true, NULL },
		{ p->usage_folder, S_IFDIR, 0755, true, "%A init" },
		{ p->master, S_IFREG, 0600, true, NULL },
		{ p->usage, S_IFREG, 0600, false, NULL },
		{ p->lock, S_IFREG, 0600, false, NULL },
		{ p->store, S_IFREG, 0640, true, "%A publish" },
		{ has_delta ? delta : p->store, S_IFREG, 0640, true, "%A publish" },
	};
	size_t count = sizeof(parts) / sizeof(parts[0]) - !has_delta;
	struct ak_error error;
	struct stat st;

	look_above(d);
	for (size_t i = 0; i < count; i++) {
		if (lstat(parts[i].path, &st) == 0)
			look_at(d, &parts[i], &st);
		else if (errno == ENOENT && parts[i].needed)
			doctor_report(d, DOCTOR_ERROR, parts[i].path, "is missing",
			    parts[i].again != NULL
				? doctor_command(d, parts[i].again)
				: doctor_command(d, "%A restore BACKUP"));
		else if (errno != ENOENT) {
			ak_fail_errno(&error, parts[i].path, "");
			doctor_report_error(d, parts[i].path, &error, NULL);
		}
	}
}

/* A name of this form may be there; # is a number, ? may be left out. */
struct known {
	const char *name;
	const char *const *endings; /* what may stand behind it; the first is "" */
};

static const char *const alone[] = { "", NULL };
static const char *const database[] = { "", "-wal", "-shm", "-journal", NULL };
static const char *const usage_file[] = { "", ".new", ".old", ".init", NULL };
static const struct known in_root[] = { { "master", alone }, { "usage.d", alone },
	{ "keys.db", alone }, { NULL, NULL } };
static const struct known in_master[] = { { "master.db", database },
	{ "usage.db", database }, { "lock", alone }, { NULL, NULL } };
static const struct known in_usage[] = { { "#", usage_file }, { NULL, NULL } };

/* How much of `name` a known one is, "#" being a number; 0 when it is not. */
static size_t
begins(const char *name, const char *known)
{
	size_t len = strlen(known);

	if (strcmp(known, "#") == 0)
		return strspn(name, "0123456789");
	return strncmp(name, known, len) == 0 ? len : 0;
}

static bool
is_known(const char *name, const struct known *list)
{
	size_t len;

	for (; list->name != NULL; list++)
		for (const char *const *e = list->endings; *e != NULL; e++)
			if ((len = begins(name, list->name)) > 0 &&
			    strcmp(name + len, *e) == 0)
				return true;
	return false;
}

/* What a command that was killed leaves. */
static bool
is_left_over(const char *name)
{
	static const char *const endings[] = { "-journal", "-wal", "-shm", ".new",
		".kept" };
	size_t len = strlen(name), end;

	if (ak_delta_is_name(name))
		return true; /* of a store that is gone */
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if ((end = strlen(endings[i])) < len &&
		    strcmp(name + len - end, endings[i]) == 0)
			return true;
	return false;
}

static void
look_for_strays(struct doctor *d, const char *folder, const struct known *known)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	char path[PATH_MAX + NAME_MAX + 2], delta[PATH_MAX] = "";
	struct ak_error error;
	bool left_over;

	if (dir == NULL) {
		if (errno == EACCES) {
			ak_fail_errno(&error, folder, "");
			doctor_report_error(d, folder, &error, NULL);
		}
		return; /* otherwise "folders" has said it */
	}
	if (known == in_root)
		delta_of(d, delta, sizeof(delta));
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0 ||
		    is_known(entry->d_name, known) ||
		    (known == in_master && ak_is_aside(entry->d_name)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (strcmp(path, delta) == 0)
			continue;
		left_over = is_left_over(entry->d_name);
		if (left_over && d->busy)
			continue; /* it is being made */
		doctor_report(d, DOCTOR_WARNING, path,
		    left_over ? "is left over from a command that did not end; no "
				"login looks at it"
			      : "is none of authkey's files",
		    left_over ? doctor_command(d, "rm -- %s", path)
			      : doctor_put_aside(d, path, NULL, NULL));
	}
	closedir(dir);
}

void
doctor_strays(struct doctor *d)
{
	look_for_strays(d, d->paths.root, in_root);
	look_for_strays(d, d->paths.master_folder, in_master);
	look_for_strays(d, d->paths.usage_folder, in_usage);
}

/* A publish writes the whole store anew, and the log of the master grows meanwhile. */
void
doctor_space(struct doctor *d)
{
	unsigned long long need = 10ULL << 20, left;
	const char *const files[] = { d->paths.store, d->paths.master, d->paths.usage };
	char reason[160];
	struct statvfs fs;
	struct stat st;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (stat(files[i], &st) == 0)
			need += (unsigned long long)st.st_size;
	if (statvfs(d->paths.root, &fs) != 0)
		return;
	left = (unsigned long long)fs.f_bavail * fs.f_frsize;
	if (left < need) {
		snprintf(reason, sizeof(reason),
		    "%llu KiB are free on its file system, and a change may need %llu",
		    left >> 10, need >> 10);
		doctor_report(d, DOCTOR_WARNING, d->paths.root, reason,
		    doctor_command(
			d, "make room; df -h %s shows where", d->paths.root));
	}
	if (fs.f_files > 0 && fs.f_favail < 16)
		doctor_report(d, DOCTOR_WARNING, d->paths.root,
		    "its file system has hardly any inodes left",
		    doctor_command(
			d, "make room; df -i %s shows where", d->paths.root));
}
