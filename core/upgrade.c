/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copy.h"

#define NAMES_MAX 1000 /* backups of one version */

/* Whether two files hold the same; false when one cannot be read. */
static bool
are_same(const char *one, const char *other)
{
	char a[32768], b[sizeof(a)];
	int fd = open(one, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int fd2 = open(other, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool same = fd >= 0 && fd2 >= 0;
	ssize_t n = 1;

	while (same && n > 0) {
		n = read(fd, a, sizeof(a));
		same = n >= 0 && read(fd2, b, sizeof(b)) == n &&
		       memcmp(a, b, (size_t)n) == 0;
	}
	if (fd >= 0)
		close(fd);
	if (fd2 >= 0)
		close(fd2);
	return same;
}

/*
 * Give a backup its name. What has that name already is of an earlier upgrade, and the
 * administrator may want it still; or it is the same, of one that was killed.
 */
static enum ak_code
place(struct ak_master *m, const char *made, int version, struct ak_error *error)
{
	struct stat st;
	int end = snprintf(m->kept, sizeof(m->kept), "%s/master-schema-%d.db",
	    m->paths.master_folder, version);

	for (int n = 1; n <= NAMES_MAX; n++) {
		if (are_same(made, m->kept)) {
			unlink(made);
			return ak_sync_folder_of(m->kept, error);
		}
		if (lstat(m->kept, &st) != 0) {
			if (errno != ENOENT || rename(made, m->kept) != 0)
				return ak_fail_errno(error, m->kept, "");
			return ak_sync_folder_of(m->kept, error);
		}
		snprintf(m->kept + end, sizeof(m->kept) - (size_t)end, ".%d", n);
	}
	return ak_fail(error, AK_E_STORE,
	    "%s: there are too many backups of this version; take old ones away",
	    m->kept);
}

/*
 * Keep the master as it is. The handle that is about to migrate has the right to write,
 * so that nobody changes it meanwhile; SQLite copies through another one.
 */
static enum ak_code
keep(int64_t version, void *context, struct ak_error *error)
{
	struct ak_master *m = context;
	struct ak_database present = { .handle = NULL };
	struct ak_error why;
	char made[4200];
	enum ak_code code;

	snprintf(made, sizeof(made), "%s.kept", m->paths.master);
	if ((code = ak_database_open(&present, m->paths.master, &why)) == AK_OK)
		code = ak_copy_aside(&present, made, &why);
	ak_database_close(&present);
	if (code == AK_OK && (code = place(m, made, (int)version, &why)) != AK_OK)
		unlink(made);
	if (code != AK_OK)
		ak_fail(error, code,
		    "%s: is of an older version, and is not migrated without a backup: "
		    "%.400s",
		    m->paths.master, why.text);
	return code;
}

enum ak_code
ak_master_upgrade(struct ak_master *m, struct ak_error *error)
{
	enum ak_code code =
	    ak_database_migrate(&m->db, &ak_master_kind, keep, m, error);

	if (code != AK_OK)
		m->kept[0] = '\0';
	return code;
}
