/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "cli.h"
#include "inspect.h"
#include "pam_host.h"

/* How bad a finding is. */
enum doctor_severity {
	DOCTOR_ERROR, /* something does not work, or lets in who should not be */
	DOCTOR_WARNING, /* it works, but not as one may think */
	DOCTOR_UNSEEN, /* the caller may not look */
};

/* One examination, and what is known of the installation. */
struct doctor {
	struct cli *cli;
	const char *check; /* which check is at work */
	const char *verifier; /* --verifier, or NULL */
	struct ak_paths paths;
	uid_t owner; /* whose everything should be: root, or who made it for himself */
	bool known; /* `installation` is: the master could be read */
	struct ak_installation installation;
	bool busy; /* another command was changing things when it began */
	struct pam_host host;
	bool has_host; /* it was read */
	size_t found, unseen;
};

/* Each check looks at its part and reports; none changes anything. */
typedef void doctor_check_fn(struct doctor *d);

void doctor_folders(struct doctor *d);
void doctor_strays(struct doctor *d);
void doctor_space(struct doctor *d);
void doctor_master(struct doctor *d);
void doctor_recovery(struct doctor *d);
void doctor_audit(struct doctor *d);
void doctor_store(struct doctor *d);
void doctor_clock(struct doctor *d);
void doctor_group(struct doctor *d);
void doctor_usage(struct doctor *d);
void doctor_verifier(struct doctor *d);
void doctor_module(struct doctor *d);
void doctor_stacks(struct doctor *d);
void doctor_keys(struct doctor *d);

/*
 * Report: the thing, the reason, and a way out, which is a command where there is one.
 * `fix` may be NULL; all are borrowed.
 */
void doctor_report(struct doctor *d, enum doctor_severity severity, const char *thing,
    const char *reason, const char *fix);

/* The same for what an error says: one of permission is UNSEEN. */
void doctor_report_error(
    struct doctor *d, const char *thing, const struct ak_error *error, const char *fix);

/* Whether another command is changing things now: it may be in the middle of it. */
bool doctor_is_busy(const struct doctor *d);

/* "FILE:LINE", in the caller's memory. */
const char *doctor_place(const struct ak_pam_line *line, char place[AK_PAM_PATH + 16]);

/* Whether a text is asked about for the first time: a file may be included by many. */
bool doctor_is_new(const char *text);

/* Called with each line of our module on this host, in each stack that has it. */
typedef void doctor_line_fn(struct doctor *d, const struct ak_pam_line *line);
void doctor_each_line(struct doctor *d, doctor_line_fn *fn);

/*
 * A command line, in static memory until the fourth call after it: words are put for
 * %s, quoted for a shell where they must be. %A is authkey with its --dir.
 */
const char *doctor_command(const struct doctor *d, const char *format, ...);

/*
 * The fix for a database that could not be opened: for one of another version what that
 * takes, and `otherwise` for a damaged one.
 */
const char *doctor_mend_database(
    const struct doctor *doctor, const struct ak_error *error, const char *otherwise);

/*
 * The command that puts a file or folder aside, beside the installation, so that a
 * mistake can be undone; `then`, or NULL, is a format of what follows, and `word` what
 * is put for its %s.
 */
const char *doctor_put_aside(
    const struct doctor *d, const char *path, const char *then, const char *word);

#endif
