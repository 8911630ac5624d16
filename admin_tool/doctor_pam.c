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

/* "FILE:LINE" */
static const char *
place_of(const struct ak_pam_line *line, char place[AK_PAM_PATH + 16])
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

static void
look_at_module(struct doctor *d, const char *path)
{
	char version[32], reason[128];
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
		doctor_report(d, DOCTOR_ERROR, path, "is not a regular file",
		    "install it: make install");
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
	    "install both anew, and restart the services: make install");
}

/* Called with each line of our module on this host, in each stack that has it. */
typedef void line_fn(struct doctor *d, const struct ak_pam_line *line);

static void
each_line(struct doctor *d, line_fn *fn)
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

/* Each place once: a file may be included by many services. */
#define SEEN_MAX 256
static bool
is_new(const char *text)
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

static void
look_for_module(struct doctor *d, const struct ak_pam_line *line)
{
	char path[PATH_MAX], place[AK_PAM_PATH + 16], reason[AK_PAM_PATH + 96];

	if (!is_new(line->module))
		return;
	if (find_module(line->module, path)) {
		look_at_module(d, path);
		return;
	}
	snprintf(reason, sizeof(reason),
	    "is not where libpam looks for it, and %s asks for it",
	    place_of(line, place));
	doctor_report(d, DOCTOR_ERROR, line->module, reason,
	    "install it where the system's pam_permit.so is: make install");
}

void
doctor_module(struct doctor *d)
{
	each_line(d, look_for_module);
}

/* Options that the module refuses, and stores that it cannot ask. */
static void
look_at_options(struct doctor *d, const struct ak_pam_line *line)
{
	char place[AK_PAM_PATH + 16], reason[256];
	struct ak_module_options o;
	const char *wrong, *why;
	struct ak_error error;
	struct ak_store store;

	if (!is_new(place_of(line, place)))
		return;
	if ((why = pam_line_options(line, &o, &wrong)) != NULL) {
		snprintf(reason, sizeof(reason),
		    "option %.100s: %s; nobody gets in until it is mended", wrong, why);
		doctor_report(d, DOCTOR_ERROR, place, reason,
		    "mend or remove it; pam_authkey(8) has the options");
	} else if (ak_store_open(o.store, o.store_owner, &store, &error) != AK_OK) {
		if (error.code != AK_E_PERMISSION)
			doctor_report(d, DOCTOR_ERROR, place, error.text,
			    "name the store that there is, or make it: authkey init");
	} else
		ak_store_close(&store);
}

/* How our module answers; where it is told to step aside, it does. */
static ak_pam_set
give(const struct ak_pam_line *line, void *context)
{
	const enum ak_pam_code *code = context;
	struct ak_module_options o;
	const char *wrong;

	if (*code == AK_PAM_AUTHINFO_UNAVAIL &&
	    pam_line_options(line, &o, &wrong) == NULL && o.ignore_authinfo_unavail)
		return AK_PAM_BIT(AK_PAM_IGNORE);
	return AK_PAM_BIT(*code);
}

static bool
may_succeed(
    const struct ak_pam_stack *stack, enum ak_pam_code code, enum ak_pam_others others)
{
	return (ak_pam_outcomes_for(stack, give, &code, others) &
		   AK_PAM_BIT(AK_PAM_SUCCESS)) != 0;
}

/* Whether somebody without any key or password gets in, and when. */
static void
look_for_open_doors(struct doctor *d, const struct pam_service *service)
{
	static const struct {
		enum ak_pam_code code;
		const char *reason;
	} cases[] = {
		{ AK_PAM_AUTH_ERR, "lets everyone in, with any password" },
		{ AK_PAM_AUTHINFO_UNAVAIL,
		    "lets everyone in whenever the store cannot answer" },
		{ AK_PAM_SERVICE_ERR,
		    "lets everyone in once an option of its line is off" },
		{ AK_PAM_CONV_ERR, "lets everyone in who gives no password at all" },
		{ AK_PAM_MODULE_UNKNOWN,
		    "lets everyone in once pam_authkey.so cannot be loaded" },
	};
	const struct ak_pam_stack *stack =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (may_succeed(stack, cases[i].code, AK_PAM_OTHERS_REFUSE)) {
			doctor_report(d, DOCTOR_ERROR, service->name, cases[i].reason,
			    "behind a sufficient line, refuse what is left: auth "
			    "required pam_deny.so; otherwise make the line required");
			return;
		}
}

/* Whether nobody gets in, whatever he has. */
static void
look_for_closed_doors(struct doctor *d, const struct pam_service *service)
{
	const struct ak_pam_stack *auth =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);
	const struct ak_pam_stack *account =
	    ak_pam_stack_of(&service->stacks, AK_PAM_ACCOUNT);

	if (!may_succeed(auth, AK_PAM_SUCCESS, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_ERROR, service->name,
		    "lets nobody in with a key: its auth stack refuses valid ones too",
		    "count the lines that a number skips, and what fails before");
	if (!may_succeed(account, AK_PAM_SUCCESS, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_ERROR, service->name,
		    "lets nobody in with a key: its account stack refuses everyone",
		    "account required pam_authkey.so, and the usual account lines");
	else if (may_succeed(auth, AK_PAM_AUTH_ERR, AK_PAM_OTHERS_ANY) &&
		 !may_succeed(account, AK_PAM_IGNORE, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_WARNING, service->name,
		    "lets nobody in without a key: in its account stack all ignore a "
		    "password's login",
		    "keep the usual account lines beside the module's");
}

/* Lines of a service that libpam cannot read. */
static void
look_for_broken_lines(struct doctor *d, const struct pam_service *service)
{
	char place[AK_PAM_PATH + 16];

	for (unsigned p = 0; p < AK_PAM_PHASES; p++)
		for (size_t i = 0; i < service->stacks.own[p].count; i++) {
			const struct ak_pam_line *line =
			    &service->stacks.own[p].lines[i];

			if (line->kind == AK_PAM_BROKEN &&
			    is_new(place_of(line, place)))
				doctor_report(d, DOCTOR_WARNING, place, line->text,
				    "mend the line; libpam takes it for a refusal");
		}
}

void
doctor_stacks(struct doctor *d)
{
	const struct pam_service *service;

	if (!d->has_host) {
		doctor_report_error(d, "PAM", &d->cli->error, NULL);
		return;
	}
	each_line(d, look_at_options);
	for (size_t i = 0; i < d->host.count; i++) {
		service = &d->host.at[i];
		if (!pam_has_ours(service, AK_PAM_AUTH) &&
		    !pam_has_ours(service, AK_PAM_ACCOUNT))
			continue;
		if (service->stacks.broken) {
			doctor_report(d, DOCTOR_ERROR, service->name,
			    service->stacks.why, "mend it; libpam refuses everyone");
			continue;
		}
		look_for_broken_lines(d, service);
		if (pam_has_ours(service, AK_PAM_AUTH)) {
			look_for_open_doors(d, service);
			look_for_closed_doors(d, service);
		}
	}
}
