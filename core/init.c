/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "master_private.h"
#include "trusted.h"
#include "usage.h"

/*
 * A folder of this mode, whatever the umask is; one that is there stays as it is, if it
 * is ours alone: nothing is opened or made in a stranger's.
 */
static enum ak_code
make_folder(const char *path, mode_t mode, struct ak_error *error)
{
	if (mkdir(path, mode) != 0)
		return errno == EEXIST ? ak_own_folder(path, error)
				       : ak_fail_errno(error, path, "");
	return chmod(path, mode) == 0 ? AK_OK : ak_fail_errno(error, path, "");
}

/* Fill a new master: the tables and the one row of the installation. */
static enum ak_code
fill(struct ak_master *m, const struct ak_installation *is, struct ak_error *error)
{
	sqlite3_stmt *insert;
	enum ak_code code;
	int rc;

	if ((code = ak_database_migrate(&m->db, &ak_master_kind, NULL, NULL, error)) !=
	    AK_OK)
		return code;
	if ((insert = ak_statement(&m->db, AK_Q_installation_insert, error)) == NULL)
		return error->code;
	if ((rc = ak_bind_text(insert, 1, is->prefix)) == SQLITE_OK)
		rc = ak_bind_text(insert, 2, is->unix_group);
	return ak_run(&m->db, insert, rc, error);
}

/*
 * Make the master beside its place and rename it there when it is whole: an init that
 * is killed leaves no half of one.
 */
static enum ak_code
make_master(const struct ak_paths *paths, const struct ak_installation *is,
    struct ak_error *error)
{
	struct ak_master *m = ak_master_new(error);
	enum ak_code code;

	if (m == NULL)
		return error->code;
	m->paths = *paths;
	if ((code = ak_master_lock(m, error)) == AK_OK &&
	    access(paths->master, F_OK) != 0) {
		if ((code = ak_make_file(paths->master_new, error)) == AK_OK &&
		    (code = ak_database_open(&m->db, paths->master_new, error)) ==
			AK_OK)
			code = fill(m, is, error);
		if (code == AK_OK && rename(paths->master_new, paths->master) != 0)
			code = ak_fail_errno(error, paths->master, "");
	}
	ak_master_close(&m);
	return code;
}

/* The folders of an installation, each safe, and their paths. */
static enum ak_code
make_folders(const char *root, struct ak_paths *paths, struct ak_error *error)
{
	enum ak_code code;

	if ((code = make_folder(root, 0755, error)) != AK_OK ||
	    (code = ak_paths_of(root, paths, error)) != AK_OK ||
	    (code = ak_own_folder(paths->root, error)) != AK_OK ||
	    (code = ak_trusted_folders(paths->store, geteuid(), error)) != AK_OK ||
	    (code = make_folder(paths->master_folder, 0700, error)) != AK_OK)
		return code;
	return make_folder(paths->usage_folder, 0755, error);
}

/* Does what was asked for clash with what is there? */
static enum ak_code
compare(const struct ak_installation *wanted, const struct ak_installation *is,
    struct ak_error *error)
{
	if (wanted->prefix[0] != '\0' && strcmp(wanted->prefix, is->prefix) != 0)
		return ak_fail(error, AK_E_CONFLICT,
		    "the installation is there already, with the prefix %s",
		    is->prefix);
	if (wanted->unix_group[0] != '\0' &&
	    strcmp(wanted->unix_group, is->unix_group) != 0)
		return ak_fail(error, AK_E_CONFLICT,
		    "the installation is there already, with the group %s",
		    is->unix_group);
	return AK_OK;
}

/*
 * A store of before, beside a master that was never published, is of an installation
 * that is gone. An older master is nothing that an init mends: every command says it.
 */
static enum ak_code
publish(struct ak_master *m, int64_t now, bool is_new, struct ak_error *error)
{
	struct ak_error older;
	enum ak_code code;
	bool healed;

	if (!is_new)
		return ak_master_not_older(m, &older) != AK_OK
			   ? AK_OK
			   : ak_master_heal(m, now, &healed, error);
	if ((code = ak_master_lock(m, error)) == AK_OK)
		code = ak_master_publish_locked(m, now, error);
	return code;
}

enum ak_code
ak_master_init(const char *root, const struct ak_installation *wanted, int64_t now,
    bool *made, struct ak_error *error)
{
	struct ak_installation is = *wanted;
	struct ak_master *m = NULL;
	struct ak_paths paths;
	const char *why;
	enum ak_code code;
	bool file_made;
	gid_t gid;

	*made = false;
	if (is.prefix[0] == '\0')
		memcpy(is.prefix, AK_PREFIX_DEFAULT, sizeof(AK_PREFIX_DEFAULT));
	if (is.unix_group[0] == '\0')
		memcpy(is.unix_group, AK_GROUP_DEFAULT, sizeof(AK_GROUP_DEFAULT));
	if ((why = ak_prefix_why_not(is.prefix)) != NULL)
		return ak_fail(error, AK_E_USAGE, "prefix: %s", why);
	if ((code = make_folders(root, &paths, error)) != AK_OK)
		return code;
	if (access(paths.master, F_OK) != 0) {
		if ((code = ak_group_id(is.unix_group, &gid, error)) != AK_OK ||
		    (code = make_master(&paths, &is, error)) != AK_OK)
			return code;
		*made = true;
	}
	if ((code = ak_master_open(root, &m, error)) == AK_OK &&
	    (code = ak_master_installation(m, &is, error)) == AK_OK &&
	    (code = compare(wanted, &is, error)) == AK_OK)
		code = publish(m, now, *made || is.generation == 0, error);
	/* Services that run as who owns the installation, mostly root, record too. */
	if (code == AK_OK)
		code = ak_usage_file_make(
		    &paths, geteuid(), (uint64_t)is.usage_cap, &file_made, error);
	ak_master_close(&m);
	return code;
}
