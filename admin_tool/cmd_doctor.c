/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "doctor.h"
#include "text.h"

struct values {
	const char *verifier, *pam_dir;
};

#define AT(field) offsetof(struct values, field)
static const struct option_spec options[] = {
	{ "verifier", 0, OPTION_TEXT, AT(verifier), "USER",
	    "try, as this user, what its processes must be able to do" },
	PAM_HOST_OPTION(AT(pam_dir)),
	OPTION_END,
};
#undef AT

enum { SEVERITY, CHECK, THING, REASON, FIX, FIELDS };
static const struct out_field fields[FIELDS] = {
	[SEVERITY] = { "severity", "SEVERITY", OUT_STATUS, NULL },
	[CHECK] = { "check", "CHECK", OUT_TEXT, NULL },
	[THING] = { "thing", "THING", OUT_TEXT, NULL },
	[REASON] = { "reason", "REASON", OUT_TEXT, NULL },
	[FIX] = { "fix", "FIX", OUT_TEXT, NULL },
};
static const struct out_shape answer = { fields, FIELDS, true, NULL };

/* In the order in which things should be mended. */
static const struct {
	const char *name;
	bool needs_installation;
	doctor_check_fn *check;
} checks[] = {
	{ "folders", true, doctor_folders },
	{ "strays", true, doctor_strays },
	{ "space", true, doctor_space },
	{ "master", true, doctor_master },
	{ "recovery", true, doctor_recovery },
	{ "audit", true, doctor_audit },
	{ "store", true, doctor_store },
	{ "clock", true, doctor_clock },
	{ "group", true, doctor_group },
	{ "usage", true, doctor_usage },
	{ "verifier", true, doctor_verifier },
	{ "module", false, doctor_module },
	{ "stacks", false, doctor_stacks },
	{ "keys", true, doctor_keys },
};

void
doctor_report(struct doctor *d, enum doctor_severity severity, const char *thing,
    const char *reason, const char *fix)
{
	static const char *const words[] = { "error", "warning", "unseen" };

	*(severity == DOCTOR_UNSEEN ? &d->unseen : &d->found) += 1;
	out_row(
	    &d->cli->out, (struct out_cell[FIELDS]){ [SEVERITY].text = words[severity],
			      [CHECK].text = d->check,
			      [THING].text = thing,
			      [REASON].text = reason,
			      [FIX].text = fix });
}

void
doctor_report_error(
    struct doctor *d, const char *thing, const struct ak_error *error, const char *fix)
{
	bool unseen = error->code == AK_E_PERMISSION && geteuid() != 0;
	char text[sizeof(error->text)];
	const char *reason = text;
	size_t len = strlen(thing);
	char *way_out;

	snprintf(text, sizeof(text), "%s", error->text);
	if ((way_out = strstr(text, "; run: authkey ")) != NULL)
		*way_out = '\0'; /* the fix tells it */
	if (strncmp(reason, thing, len) == 0 && strncmp(reason + len, ": ", 2) == 0)
		reason += len + 2;

	doctor_report(d, unseen ? DOCTOR_UNSEEN : DOCTOR_ERROR, thing, reason,
	    unseen ? "look as root, with sudo" : fix);
}

/* "authkey", with the folder where it is not the usual one. */
static size_t
put_tool(const struct doctor *d, char *to, size_t size)
{
	bool usual = strcmp(d->cli->dir, CLI_DIR_DEFAULT) == 0;
	size_t n = (size_t)snprintf(to, size, usual ? "authkey" : "authkey --dir ");

	if (usual || n >= size)
		return n;
	return n + text_shell_word(to + n, size - n,
		       d->paths.root[0] != '\0' ? d->paths.root : d->cli->dir);
}

#define COMMAND_MAX 9000
#define COMMANDS 4

const char *
doctor_command(const struct doctor *d, const char *format, ...)
{
	static char ring[COMMANDS][COMMAND_MAX];
	static unsigned turn;
	char *command = ring[turn++ % COMMANDS], *to = command;
	char *end = command + COMMAND_MAX - 8;
	va_list args;

	va_start(args, format);
	for (const char *s = format; *s != '\0' && to < end; s++)
		if (s[0] == '%' && s[1] == 's') {
			to += text_shell_word(
			    to, (size_t)(end - to), va_arg(args, const char *));
			s++;
		} else if (s[0] == '%' && s[1] == 'A') {
			to += put_tool(d, to, (size_t)(end - to));
			s++;
		} else
			*to++ = *s;
	va_end(args);
	if (to > end)
		to = end; /* a name that is too long to be printed whole */
	*to = '\0';
	return command;
}

const char *
doctor_put_aside(
    const struct doctor *d, const char *path, const char *then, const char *word)
{
	char aside[sizeof(d->paths.root) + 8], format[128];

	snprintf(aside, sizeof(aside), "%s.aside", d->paths.root);
	snprintf(format, sizeof(format),
	    "mkdir -p -m 700 %%s && mv --backup=t -- %%s %%s/%s%s",
	    then != NULL ? " && " : "", then != NULL ? then : "");
	return doctor_command(d, format, aside, path, aside, word);
}

/* By its lock, or that of a merge, which is another one on the same file. */
bool
doctor_is_busy(const struct doctor *d)
{
	struct flock merge = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(d->paths.lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool busy =
	    fd >= 0 &&
	    (flock(fd, LOCK_SH | LOCK_NB) != 0 ||
		(fcntl(fd, F_OFD_GETLK, &merge) == 0 && merge.l_type != F_UNLCK));

	if (fd >= 0)
		close(fd);
	return busy;
}

/* Whether nothing in the folder is an installation's: then nothing in it is stray. */
static bool
is_another_folder(const struct doctor *d)
{
	struct stat st;

	return lstat(d->paths.master_folder, &st) != 0 && errno != EACCES &&
	       lstat(d->paths.store, &st) != 0;
}

/* What there is to look at. False when there is no installation. */
static bool
begin(struct doctor *d)
{
	struct ak_error error;
	struct stat st;

	d->check = "folders";
	if (ak_paths_of(d->cli->dir, &d->paths, &error) == AK_OK &&
	    is_another_folder(d))
		ak_fail(&error, AK_E_NOT_FOUND, "%s: there is no installation",
		    d->cli->dir);
	else if (d->paths.root[0] != '\0')
		error.code = AK_OK;
	if (error.code != AK_OK) {
		doctor_report_error(
		    d, d->cli->dir, &error, doctor_command(d, "%A init"));
		return false;
	}
	if (geteuid() != 0 && stat(d->paths.root, &st) == 0 && st.st_uid == geteuid())
		d->owner = geteuid();
	d->busy = doctor_is_busy(d);
	return true;
}

static enum cli_exit
say_end(const struct doctor *d)
{
	if (d->found > 0)
		return EXIT_NO;
	if (d->unseen > 0) {
		cli_say(d->cli, "Nothing is wrong with what could be looked at.");
		return EXIT_PERMISSION;
	}
	cli_say(d->cli, "Nothing found.");
	return EXIT_DONE;
}

static enum cli_exit
run(struct cli *cli, const void *given, char **arguments)
{
	const struct values *v = given;
	struct doctor d = { .cli = cli, .verifier = v->verifier };
	bool installed;

	(void)arguments;
	d.has_host = pam_host_read(cli, v->pam_dir, &d.host);
	if (!d.has_host && v->pam_dir != NULL) {
		pam_host_free(&d.host);
		return cli_fail(cli);
	}
	cli->out.sheets = true; /* a fix is there to be copied, whole */
	out_begin(&cli->out, &answer);
	installed = begin(&d);
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (installed || !checks[i].needs_installation) {
			d.check = checks[i].name;
			checks[i].check(&d);
		}
	out_end(&cli->out);
	pam_host_free(&d.host);
	return say_end(&d);
}

const struct command cmd_doctor = {
	.name = "doctor",
	.group = GROUP_SETUP,
	.arguments = "",
	.summary = "look for what is wrong, and say how to mend it",
	.about =
	    "Looks at folders, modes, owners, stray files, space, master, "
	    "recovery, audit, store, clock, group, usage files, the module, PAM stacks "
	    "and keys, and changes "
	    "nothing. Each finding has its fix. Exits 0 when nothing is found, 1 when "
	    "something is, and 4 when nothing is but not all could be looked at.",
	.example = "sudo authkey doctor --verifier www-data",
	.options = options,
	.values_size = sizeof(struct values),
	.answer = &answer,
	.run = run,
};
