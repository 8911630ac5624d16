/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>

#include "cli.h"
#include "options.h"

/* What commands are for, as the list of them says it. */
#define GROUP_SETUP "Installation"
#define GROUP_KEYS "Keys"
#define GROUP_OWNERS "Owners"
#define GROUP_LOGINS "Logins and usage"
#define GROUP_SAFETY "Safety"
#define GROUP_RECOVERY "Recovery of tokens"
#define GROUP_FILES "Backups and other hosts"
#define GROUP_HELP "Help"

/*
 * All that there is to know about a command. Parsing, help and the list that
 * `make check-docs` reads are made from it.
 */
struct command {
	const char *name; /* "create", "owner set" */
	const char *group; /* one of the above */
	const char *arguments; /* "KEY..." */
	const char *summary;
	const char *about; /* more, for `authkey help`; or NULL */
	const char *example; /* or NULL */
	int least, most; /* how many arguments; most -1: any number */
	const struct option_spec *options;
	size_t values_size; /* of the struct that the options fill */
	const struct out_shape *answer; /* what it prints, or NULL */
	const char *at_stake; /* what a failing store leaves in force, or NULL */
	enum cli_exit (*run)(struct cli *cli, const void *values, char **arguments);
};

/* Each file cmd_NAME.c has its commands. Lists end with a NULL. */
extern const struct command cmd_init, cmd_create, cmd_list, cmd_show, cmd_edit;
extern const struct command cmd_enable, cmd_disable, cmd_revoke, cmd_purge;
extern const struct command cmd_verify, cmd_explain, cmd_access, cmd_doctor,
    cmd_publish, cmd_help;
extern const struct command cmd_stats, cmd_log, cmd_audit, cmd_config, cmd_fold;
extern const struct command cmd_owner_set, cmd_owner_show, cmd_owner_list;
extern const struct command cmd_owner_suspend, cmd_owner_resume, cmd_owner_verify;
extern const struct command cmd_recovery_init, cmd_recovery_status, cmd_recovery_off;
extern const struct command cmd_reveal, cmd_rotate;
extern const struct command cmd_verifier_add, cmd_verifier_remove, cmd_verifier_list;
extern const struct command cmd_export, cmd_import, cmd_apply, cmd_backup, cmd_restore;

extern const struct command cmd_scan, cmd_expiring, cmd_prune;

extern const struct command cmd_completion;

/* Those of a group stand together. */
extern const struct command *const commands[];

/* The options that every command takes. */
extern const struct option_spec global_options[];

/*
 * Find the command that `words` begin with and say how many words its name has.
 * NULL when there is none.
 */
const struct command *command_find(char *const *words, int count, int *used);

/* The command of this whole name, "owner set", or NULL. */
const struct command *command_named(const char *name);

/* Say that there is no command of these words, and which was meant. EXIT_USAGE. */
enum cli_exit command_unknown(struct cli *cli, const char *first, const char *second);

/*
 * Print the commands with what they do: all by groups, or those whose first word is
 * `family`.
 */
void command_print(FILE *to, const char *family);

/* Whether a text begins with a command that works on an installation. */
bool command_begins(const char *text);

/* Whether there are commands of two words whose first is `word`. */
bool command_is_family(const char *word);

#endif
