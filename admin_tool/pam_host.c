/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_host.h"

#define FILE_MAX (1 << 20) /* more than any service file has */
#define PAM_CONF "/etc/pam.conf"

/* Where libpam looks, in its order; Debian's @include looks in the first alone. */
static const char *const folders[] = { "/etc/pam.d", "/usr/lib/pam.d" };
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

/* The text of a regular file, NUL-ended; NULL when it cannot be read. */
static char *
read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	ssize_t n = 1;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (text = malloc(FILE_MAX + 1)) != NULL) {
		while (len < FILE_MAX && (n = read(fd, text + len, FILE_MAX - len)) > 0)
			len += (size_t)n;
		text[len] = '\0';
	}
	if (fd >= 0)
		close(fd);
	if (n >= 0)
		return text;
	free(text);
	return NULL;
}

/* Where a name leads: struct ak_pam_source. */
static char *
find(const char *name, enum ak_pam_named how, char path[AK_PAM_PATH], void *context)
{
	const struct pam_host *host = context;
	size_t last = how == AK_PAM_BY_AT_INCLUDE ? 1 : FOLDERS;
	char *text = NULL;

	if (name[0] == '/')
		snprintf(path, AK_PAM_PATH, "%s", name);
	else if (host->one_file && how == AK_PAM_BY_SERVICE)
		snprintf(path, AK_PAM_PATH, PAM_CONF);
	else if (host->dir != NULL)
		snprintf(path, AK_PAM_PATH, "%s/%s", host->dir, name);
	else {
		for (size_t i = 0; text == NULL && i < last; i++) {
			snprintf(path, AK_PAM_PATH, "%s/%s", folders[i], name);
			text = read_text(path);
		}
		return text;
	}
	return read_text(path);
}

/* Whether a file's name may be a service's: libpam makes each name lower case. */
static bool
may_be_service(const char *name)
{
	static const char *const copies[] = { "~", ".bak", ".orig", ".old", ".rpmnew",
		".rpmsave", ".pam-old" };
	size_t len = strlen(name), end;

	if (ak_service_why_not(name) != NULL || strlen(name) > AK_WORD_MAX ||
	    name[0] == '.' || strstr(name, ".dpkg-") != NULL)
		return false;
	for (const char *s = name; *s != '\0'; s++)
		if (isupper((unsigned char)*s))
			return false;
	for (size_t i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		end = strlen(copies[i]);
		if (len > end && strcmp(name + len - end, copies[i]) == 0)
			return false;
	}
	return true;
}

/* Add a service, once. */
static bool
add(struct cli *cli, struct pam_host *host, const char *name)
{
	struct ak_pam_source source = { find, host, host->one_file };
	struct pam_service *more;

	for (size_t i = 0; i < host->count; i++)
		if (strcmp(host->at[i].name, name) == 0)
			return true;
	if (host->count == host->room) {
		more = reallocarray(host->at, host->room * 2 + 32, sizeof(*more));
		if (more == NULL) {
			ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
			return false;
		}
		host->at = more;
		host->room = host->room * 2 + 32;
	}
	more = &host->at[host->count++];
	snprintf(more->name, sizeof(more->name), "%s", name);
	if (ak_pam_service_read(name, &source, &more->stacks))
		return true;
	ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	return false;
}

/* The services that have a file in a folder. A missing folder has none. */
static bool
add_folder(struct cli *cli, struct pam_host *host, const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool done = true;

	if (dir == NULL && (errno != ENOENT || host->dir != NULL)) {
		ak_fail_errno(&cli->error, folder, "");
		cli->error.code = errno == ENOENT || errno == ENOTDIR ? AK_E_NOT_FOUND
								      : cli->error.code;
		return false;
	}
	if (dir == NULL)
		return true;
	while (done && (entry = readdir(dir)) != NULL)
		if (may_be_service(entry->d_name))
			done = add(cli, host, entry->d_name);
	closedir(dir);
	return done;
}

/* The services that lines of /etc/pam.conf begin with. */
static bool
add_one_file(struct cli *cli, struct pam_host *host)
{
	char *text = read_text(PAM_CONF), *rest = text, *line, *name;
	bool done = true;

	host->one_file = true;
	while (done && rest != NULL && (line = strsep(&rest, "\n")) != NULL)
		if ((name = strtok(line, " \t")) != NULL && may_be_service(name))
			done = add(cli, host, name);
	free(text);
	return done;
}

/* Whether any other service includes the file of this one. */
static bool
is_included(const struct pam_host *host, const struct pam_service *service)
{
	const struct ak_pam_service *other, *own = &service->stacks;

	for (size_t i = 0; i < host->count; i++) {
		other = &host->at[i].stacks;
		for (size_t f = 1; other != own && f < other->file_count; f++)
			if (strcmp(other->files[f], own->files[0]) == 0)
				return true;
	}
	return false;
}

/* A file such as common-auth: made to be included, and no service. */
static bool
is_fragment(const struct pam_host *host, const struct pam_service *service)
{
	const struct ak_pam_service *s = &service->stacks;
	bool whole = s->own[AK_PAM_AUTH].count > 0 && s->own[AK_PAM_ACCOUNT].count > 0;

	return !host->one_file && !whole && strcmp(service->name, "other") != 0 &&
	       s->file_count > 0 && is_included(host, service);
}

static int
by_name(const void *a, const void *b)
{
	const struct pam_service *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Leave out what is no service; all must be known before one can be told. */
static bool
drop_fragments(struct cli *cli, struct pam_host *host)
{
	bool *drop = calloc(host->count + 1, sizeof(*drop));
	size_t kept = 0;

	if (drop == NULL) {
		ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
		return false;
	}
	for (size_t i = 0; i < host->count; i++)
		drop[i] = is_fragment(host, &host->at[i]);
	for (size_t i = 0; i < host->count; i++)
		if (drop[i])
			ak_pam_service_free(&host->at[i].stacks);
		else
			host->at[kept++] = host->at[i];
	host->count = kept;
	free(drop);
	if (kept > 0)
		qsort(host->at, kept, sizeof(*host->at), by_name);
	return true;
}

bool
pam_host_read(struct cli *cli, const char *dir, struct pam_host *host)
{
	bool read = true;

	*host = (struct pam_host){ .dir = dir };
	if (dir != NULL)
		read = add_folder(cli, host, dir);
	else if (access(folders[0], F_OK) != 0 && access(folders[1], F_OK) != 0)
		read = add_one_file(cli, host);
	else
		for (size_t i = 0; read && i < FOLDERS; i++)
			read = add_folder(cli, host, folders[i]);
	return read && drop_fragments(cli, host);
}

void
pam_host_free(struct pam_host *host)
{
	for (size_t i = 0; i < host->count; i++)
		ak_pam_service_free(&host->at[i].stacks);
	free(host->at);
	*host = (struct pam_host){ .at = NULL };
}

const struct ak_pam_line *
pam_next_ours(const struct ak_pam_stack *stack, size_t *at)
{
	while (*at < stack->count)
		if (ak_pam_who(&stack->lines[(*at)++]) == AK_PAM_OURS)
			return &stack->lines[*at - 1];
	return NULL;
}

bool
pam_has_ours(const struct pam_service *service, enum ak_pam_phase phase)
{
	size_t at = 0;

	return pam_next_ours(ak_pam_stack_of(&service->stacks, phase), &at) != NULL;
}

static bool
user_number(const char *name, uid_t *uid, void *context)
{
	const struct passwd *user = getpwnam(name);

	(void)context;
	if (user != NULL)
		*uid = user->pw_uid;
	return user != NULL;
}

const char *
pam_line_options(const struct ak_pam_line *line, struct ak_module_options *options,
    const char **wrong)
{
	return ak_module_options_parse(
	    line->argc, line->argv, user_number, NULL, options, wrong);
}

bool
pam_gives_no_address(const char *service)
{
	/* As their servers were seen to do, under Debian's names of their services. */
	static const char *const services[] = { "atd", "chfn", "chsh", "cron", "login",
		"passwd", "radiusd", "runuser", "runuser-l", "smtp", "squid", "su",
		"su-l", "sudo", "sudo-i" };

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(services[i], service) == 0)
			return true;
	return false;
}
