/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "module_mark.h"

#define MODULE_MAX (16 << 20) /* bytes that are searched for the version */

const char *
doctor_place(const struct ak_pam_line *line, char place[AK_PAM_PATH + 16])
{
	snprintf(place, AK_PAM_PATH + 16, "%s:%u", line->file, line->number);
	return place;
}

/* Where libpam looks for a module that is named without a folder. */
static bool
find_module(const char *name, char path[PATH_MAX])
{
	static const char *const folders[] = { "/lib/*-linux-gnu*/security",
		"/usr/lib/*-linux-gnu*/security", "/lib64/security",
		"/usr/lib64/security", "/lib/security", "/usr/lib/security" };
	char pattern[PATH_MAX];
	glob_t found;
	bool there = false;

	if (name[0] == '/') {
		snprintf(path, PATH_MAX, "%s", name);
		return access(path, F_OK) == 0;
	}
	for (size_t i = 0; !there && i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s/%s", folders[i], name);
		if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0) {
			snprintf(path, PATH_MAX, "%s", found.gl_pathv[0]);
			there = true;
		}
		globfree(&found);
	}
	return there;
}

/* The version that a module says it is of, or "" when it says none. */
static void
version_of(const char *path, char version[32])
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char *bytes = malloc(MODULE_MAX);
	const char *mark = NULL;
	ssize_t n = 0;

	version[0] = '\0';
	if (fd >= 0 && bytes != NULL)
		n = read(fd, bytes, MODULE_MAX);
	if (n > 0)
		mark = memmem(bytes, (size_t)n, MODULE_MARK, strlen(MODULE_MARK));
	if (mark != NULL)
		snprintf(version, 32, "%.*s",
		    (int)strnlen(mark + strlen(MODULE_MARK),
			(size_t)(bytes + n - mark) - strlen(MODULE_MARK)),
		    mark + strlen(MODULE_MARK));
	free(bytes);
	if (fd >= 0)
		close(fd);
}

/* Where the package has the module, make leaves it alone. */
#define INSTALL "the packages libpam-authkey and authkey, or make install"

static void
look_at_module(struct doctor *d, const char *path)
{
	char version[32], reason[128];
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		doctor_report(d, DOCTOR_ERROR, path, "is not a regular file",
		    "install it: " INSTALL);
		return;
	}
	if (st.st_uid != 0 && st.st_uid != d->owner)
		doctor_report(d, DOCTOR_ERROR, path,
		    "belongs to somebody who could put anything into every login",
		    doctor_command(d, "chown 0 %s", path));
	if ((st.st_mode & 022) != 0)
		doctor_report(d, DOCTOR_ERROR, path,
		    "group or others could put anything into every login",
		    doctor_command(d, "chmod go-w %s", path));
	if ((st.st_mode & 044) != 044)
		doctor_report(d, DOCTOR_WARNING, path,
		    "services that do not run as root cannot load it",
		    doctor_command(d, "chmod go+r %s", path));
	version_of(path, version);
	if (strcmp(version, AK_VERSION) == 0 || access(path, R_OK) != 0)
		return;
	snprintf(reason, sizeof(reason), "is of version %s, and authkey of " AK_VERSION,
	    version[0] != '\0' ? version : "(none)");
	doctor_report(d, DOCTOR_WARNING, path, reason,
	    "install both anew, and restart the services: " INSTALL);
}

void
doctor_each_line(struct doctor *d, doctor_line_fn *fn)
{
	const struct ak_pam_line *line;
	const struct ak_pam_stack *stack;
	size_t at;

	for (size_t i = 0; i < d->host.count; i++)
		for (unsigned p = 0; p < AK_PAM_PHASES; p++) {
			stack = &d->host.at[i].stacks.own[p];
			at = 0;
			while ((line = pam_next_ours(stack, &at)) != NULL)
				fn(d, line);
		}
}

#define SEEN_MAX 256
bool
doctor_is_new(const char *text)
{
	static char *seen[SEEN_MAX];
	static size_t count;

	for (size_t i = 0; i < count; i++)
		if (strcmp(seen[i], text) == 0)
			return false;
	if (count < SEEN_MAX && (seen[count] = strdup(text)) != NULL)
		count++;
	return true;
}

/* The module that a line asks for is not there, and what to do about it. */
static void
report_missing(struct doctor *d, const struct ak_pam_line *line, const char *fix)
{
	char place[AK_PAM_PATH + 16], reason[AK_PAM_PATH + 96];

	snprintf(reason, sizeof(reason),
	    "is not where libpam looks for it, and %s asks for it",
	    doctor_place(line, place));
	doctor_report(d, DOCTOR_ERROR, line->module, reason, fix);
}

static void
look_for_module(struct doctor *d, const struct ak_pam_line *line)
{
	char path[PATH_MAX];

	if (!doctor_is_new(line->module))
		return;
	if (find_module(line->module, path))
		look_at_module(d, path);
	else
		report_missing(d, line,
		    "install it where the system's pam_permit.so is: " INSTALL);
}

/* Whether a line of another module matters here: it may be ours, with a slip. */
static bool
is_missed(const struct ak_pam_line *line, bool beside_ours)
{
	int action = line->actions[AK_PAM_MODULE_UNKNOWN];
	char path[PATH_MAX];

	if (line->kind != AK_PAM_MODULE || ak_pam_who(line) == AK_PAM_OURS)
		return false;
	return ((beside_ours && (action == AK_PAM_DO_BAD || action == AK_PAM_DO_DIE)) ||
		   strstr(line->module, "pam_auth") != NULL) &&
	       !find_module(line->module, path);
}

/* Modules that are not there, beside ours or under a name like it. */
static void
look_for_others(struct doctor *d, const struct pam_service *service)
{
	bool beside_ours =
	    pam_has_ours(service, AK_PAM_AUTH) || pam_has_ours(service, AK_PAM_ACCOUNT);

	for (unsigned p = 0; p < AK_PAM_PHASES; p++)
		for (size_t i = 0; i < service->stacks.own[p].count; i++) {
			const struct ak_pam_line *line =
			    &service->stacks.own[p].lines[i];

			if (is_missed(line, beside_ours) && doctor_is_new(line->module))
				report_missing(
				    d, line, "mend the module's name, or install it");
		}
}

void
doctor_module(struct doctor *d)
{
	doctor_each_line(d, look_for_module);
	for (size_t i = 0; i < d->host.count; i++)
		look_for_others(d, &d->host.at[i]);
}
