/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usage.h"
#include "verifier_file.h"

#define PATH_SIZE 4200

static void
path_of(const struct cli *cli, uid_t uid, const char *ending, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%u%s", ak_master_paths(cli->master)->usage_folder,
	    (unsigned)uid, ending);
}

/* What has the name of a user's usage file. */
enum kind { NOTHING, STRANGER, NO_USAGE_FILE, USAGE_FILE };

static enum kind
kind_of(const struct cli *cli, uid_t uid)
{
	uint8_t bytes[AK_USAGE_LEN];
	enum kind kind = STRANGER;
	struct ak_usage_head head;
	char path[PATH_SIZE];
	struct stat st;
	int fd;

	path_of(cli, uid, "", path);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? NOTHING : STRANGER;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
	    st.st_nlink == 1)
		kind = pread(fd, bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
			       ak_usage_head_unpack(bytes, &head)
			   ? USAGE_FILE
			   : NO_USAGE_FILE;
	close(fd);
	return kind;
}

bool
verifier_file_is_there(const struct cli *cli, uid_t uid)
{
	return kind_of(cli, uid) == USAGE_FILE;
}

bool
verifier_file_make(struct cli *cli, uid_t uid)
{
	char path[PATH_SIZE], init[PATH_SIZE];
	struct ak_installation is;
	enum kind kind = kind_of(cli, uid);
	bool made;

	path_of(cli, uid, "", path);
	/* Where a new file is built, what is there gives way: it may be the other name
	 * of the one in place, of who was killed between them. */
	path_of(cli, uid, ".init", init);
	if (kind == STRANGER && unlink(init) == 0)
		kind = kind_of(cli, uid);
	if (kind == USAGE_FILE)
		return true;
	if (kind == STRANGER) {
		ak_fail(&cli->error, AK_E_STORE,
		    "%s: is not the verifier's own file; move it away", path);
		return false;
	}
	if (kind == NO_USAGE_FILE && rename(path, init) != 0) {
		ak_fail_errno(&cli->error, path, "");
		return false;
	}
	return ak_master_installation(cli->master, &is, &cli->error) == AK_OK &&
	       ak_usage_file_make(ak_master_paths(cli->master), uid,
		   (uint64_t)is.usage_cap, &made, &cli->error) == AK_OK;
}

bool
verifier_file_remove(struct cli *cli, uid_t uid)
{
	/* UID.new alone is one that lacks its name, and a fold would give it that. */
	static const char *const endings[] = { ".new", ".old", "" };
	char path[PATH_SIZE];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		path_of(cli, uid, endings[i], path);
		if (unlink(path) != 0 && errno != ENOENT) {
			ak_fail_errno(&cli->error, path, "");
			return false;
		}
	}
	return true;
}
