/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PAM_HOST_H
#define PAM_HOST_H

#include "cli.h"
#include "options.h"
#include "pam_judge.h"

/* The PAM services of this host, from the files that libpam reads. */
struct pam_service {
	char name[AK_WORD_MAX + 1];
	struct ak_pam_service stacks;
};

struct pam_host {
	const char *dir; /* one folder in place of libpam's, or NULL; borrowed */
	bool one_file; /* /etc/pam.conf, as there is no folder */
	struct pam_service *at;
	size_t count, room;
};

/* --pam-dir, for the commands that read stacks: one const char * at `offset`. */
#define PAM_HOST_OPTION(offset)                                                       \
	{                                                                             \
		"pam-dir", 0, OPTION_TEXT, (offset), "DIR",                           \
		    "the folder of the service files (/etc/pam.d and /usr/lib/pam.d)" \
	}

/*
 * Read the stacks of all services: of each file in libpam's folders whose name may be
 * a service's, but for those that others include and that have but one phase.
 *
 *   dir   the folder to read alone, also for what files include; NULL: libpam's
 *   host  out: the caller gives it to pam_host_free(), on an error too
 *
 * False with cli->error set.
 */
bool pam_host_read(struct cli *cli, const char *dir, struct pam_host *host);

void pam_host_free(struct pam_host *host);

/* The next line of our module from *at on, or NULL; *at is then behind it. */
const struct ak_pam_line *pam_next_ours(const struct ak_pam_stack *stack, size_t *at);

/* Whether the stack of a phase has our module. */
bool pam_has_ours(const struct pam_service *service, enum ak_pam_phase phase);

/*
 * The options of a line of our module, borrowed from it. NULL, or why `wrong` cannot
 * be one, as ak_module_options_parse() says it.
 */
const char *pam_line_options(const struct ak_pam_line *line,
    struct ak_module_options *options, const char **wrong);

/* Whether clients of a service are known to give no address, PAM_RHOST. */
bool pam_gives_no_address(const char *service);

#endif
