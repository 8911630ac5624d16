/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * authkey: the administrator's tool. The table of commands, and main(), which walks it.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "command.h"
#include "text.h"

/* clang-format off */
const struct command *const commands[] = {
	&cmd_init,
	&cmd_verifier_add,
	&cmd_verifier_remove,
	&cmd_verifier_list,
	&cmd_config,
	&cmd_doctor,
	&cmd_publish,

	&cmd_create,
	&cmd_list,
	&cmd_show,
	&cmd_edit,
	&cmd_enable,
	&cmd_disable,
	&cmd_rotate,
	&cmd_expiring,
	&cmd_revoke,
	&cmd_purge,
	&cmd_prune,

	&cmd_owner_set,
	&cmd_owner_show,
	&cmd_owner_list,
	&cmd_owner_suspend,
	&cmd_owner_resume,
	&cmd_owner_verify,

	&cmd_verify,
	&cmd_explain,
	&cmd_access,
	&cmd_stats,
	&cmd_log,
	&cmd_fold,

	&cmd_scan,
	&cmd_audit,

	&cmd_recovery_init,
	&cmd_recovery_status,
	&cmd_recovery_off,
	&cmd_reveal,

	&cmd_backup,
	&cmd_restore,
	&cmd_export,
	&cmd_import,
	&cmd_apply,

	&cmd_completion,
	&cmd_help,

	NULL
};
/* clang-format on */

#define AT(field) offsetof(struct cli, field)
const struct option_spec global_options[] = {
	{ "dir", 0, OPTION_TEXT, AT(dir), "DIR",
	    "the installation's folder (AUTHKEY_DIR, or " CLI_DIR_DEFAULT ")" },
	{ "json", 0, OPTION_FLAG, AT(json), NULL, "answer in JSON: --format json" },
	{ "format", 0, OPTION_TEXT, AT(format), "table|json|csv", "how to answer" },
	{ "field", 0, OPTION_TEXT, AT(out.field), "NAME",
	    "answer with this field alone, one value a line" },
	{ "quiet", 'q', OPTION_FLAG, AT(quiet), NULL,
	    "no notices and no questions; where a token is shown, it alone" },
	{ "yes", 'y', OPTION_FLAG, AT(yes), NULL, "answer yes to every question" },
	{ "color", 0, OPTION_TEXT, AT(color), "auto|always|never",
	    "colours: at a terminal (auto), unless NO_COLOR is set" },
	{ "help", 'h', OPTION_FLAG, AT(help), NULL, "explain the command" },
	{ "version", 0, OPTION_FLAG, AT(version), NULL, "print the version" },
	OPTION_END,
};
#undef AT

static const struct option_spec no_options[] = { OPTION_END };

/* A core file or a debugger would show a token: SECURITY R44. Best effort. */
static void
guard_process(void)
{
	static const struct rlimit none = { 0, 0 };

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error, not an end */
	signal(SIGXFSZ, SIG_IGN);
	unsetenv("POSIXLY_CORRECT"); /* options stand behind arguments, too */
	umask(077);
}

/*
 * A standard stream that is closed would be the number of the next file that is
 * opened, and the token would be written into the master. Each gets a descriptor that
 * fails in the direction in which it is used.
 */
static bool
guard_streams(void)
{
	static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless[fd]) != fd)
			return false;
	return true;
}

/* One of the words in "a|b|c". */
static bool
one_of(const char *word, const char *choices)
{
	size_t len = strlen(word);

	for (const char *c = choices; c != NULL; c = strchr(c, '|')) {
		c += *c == '|';
		if (strncmp(c, word, len) == 0 && (c[len] == '|' || c[len] == '\0'))
			return len > 0;
	}
	return false;
}

/* Bring what the global options say into the form that out.h wants. */
static bool
settle(struct cli *cli)
{
	const char *no_color = secure_getenv("NO_COLOR");
	const char *dir = secure_getenv("AUTHKEY_DIR");

	if (cli->dir != NULL && *cli->dir == '\0') {
		cli_usage(cli, "--dir needs its DIR");
		return false;
	}
	cli->dir_given = cli->dir != NULL;
	if (!cli->dir_given)
		cli->dir = dir != NULL && *dir != '\0' ? dir : CLI_DIR_DEFAULT;
	if (cli->format == NULL)
		cli->format = cli->json ? "json" : "table";
	else if (cli->json && strcmp(cli->format, "json") != 0) {
		cli_usage(
		    cli, "--json and --format %s contradict each other", cli->format);
		return false;
	}
	if (cli->out.field != NULL && strcmp(cli->format, "table") != 0) {
		cli_usage(cli, "--field and %s contradict each other",
		    cli->json ? "--json" : "--format");
		return false;
	}
	if (!one_of(cli->format, "table|json|csv")) {
		cli_usage(cli, "--format is table, json or csv");
		return false;
	}
	if (cli->color == NULL)
		cli->color = "auto";
	if (!one_of(cli->color, "auto|always|never")) {
		cli_usage(cli, "--color is auto, always or never");
		return false;
	}
	cli->out.format = strcmp(cli->format, "json") == 0  ? OUT_JSON
			  : strcmp(cli->format, "csv") == 0 ? OUT_CSV
							    : OUT_TABLE;
	cli->out.terminal = isatty(STDOUT_FILENO);
	cli->out.utf8 = text_locale_is_utf8();
	cli->out.color = strcmp(cli->color, "always") == 0 ||
			 (strcmp(cli->color, "auto") == 0 && cli->out.terminal &&
			     (no_color == NULL || *no_color == '\0'));
	return true;
}

/* --field must be known before anything is done. */
static bool
check_field(const struct cli *cli)
{
	const struct out_shape *answer = cli->command->answer;
	char known[512] = "";
	size_t n = 0;

	if (cli->out.field == NULL)
		return true;
	if (answer == NULL) {
		cli_usage(cli, "this command has no fields");
		return false;
	}
	if (out_field_find(answer, cli->out.field) >= 0)
		return true;
	for (size_t i = 0; i < answer->count && n < sizeof(known); i++)
		n += (size_t)snprintf(
		    known + n, sizeof(known) - n, " %s", answer->fields[i].name);
	cli_usage(
	    cli, "there is no field %s; the fields are:%s", cli->out.field, known);
	return false;
}

static bool
check_count(const struct cli *cli, int count, char *const *arguments)
{
	const struct command *c = cli->command;

	if (count < c->least) {
		cli_usage(cli, "%s is missing", c->arguments);
		return false;
	}
	if (c->most < 0 || count <= c->most)
		return true;
	/* What is too much is not repeated: it may be a secret. */
	if (text_has_token(arguments[c->most]))
		cli_usage(cli, "tokens are read from stdin, never from arguments");
	else if (c->most == 0)
		cli_usage(cli, "it takes no arguments");
	else if (c->most == 1)
		cli_usage(cli,
		    "too many arguments: it takes %s alone; put what has blanks in "
		    "quotes",
		    c->arguments);
	else
		cli_usage(cli,
		    "too many arguments: it takes %s, %d words at most; put what has "
		    "blanks in quotes",
		    c->arguments, c->most);
	return false;
}

static enum cli_exit
print_version(void)
{
	puts("authkey " AK_VERSION);
	return EXIT_DONE;
}

/* Read a command's own words, and run it. argv[0] is the command's last word. */
static enum cli_exit
run_command(struct cli *cli, int argc, char **argv)
{
	const struct command *c = cli->command;
	const struct option_spec *own = c->options != NULL ? c->options : no_options;
	void *values = calloc(1, c->values_size + 1);
	struct option_set sets[2] = { { own, values }, { global_options, cli } };
	enum cli_exit end = EXIT_USAGE;
	int first;

	if (values == NULL) {
		ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
		return cli_fail(cli);
	}
	options_reset(&sets[0], c->values_size);
	cli->at_stake = c->at_stake;
	if ((first = options_parse(cli, argc, argv, sets, false)) >= 0 && settle(cli)) {
		if (cli->version)
			end = print_version();
		else if (cli->help)
			end = cmd_help.run(
			    cli, NULL, (char *[]){ (char *)(uintptr_t)c->name, NULL });
		else if (check_field(cli) &&
			 check_count(cli, argc - first, argv + first))
			end = c->run(cli, values, argv + first);
	}
	free(values);
	return end;
}

/* The words begin no command: they may begin several, or nearly one. */
static enum cli_exit
no_command(struct cli *cli, char *const *words, int count)
{
	const char *second = count > 1 ? words[1] : NULL;
	bool help = second != NULL &&
		    (strcmp(second, "--help") == 0 || strcmp(second, "-h") == 0);

	if (text_has_token(words[0]))
		return cli_usage(cli, "a token is not a command");
	if (!command_is_family(words[0]))
		return command_unknown(cli, words[0], NULL);
	if (second != NULL && !help)
		return command_unknown(cli, words[0], second);
	command_print(help ? stdout : stderr, words[0]);
	return help ? EXIT_DONE
		    : cli_usage(
			  cli, "%s: what is to be done with it is missing", words[0]);
}

static enum cli_exit
run(struct cli *cli, int argc, char **argv)
{
	struct option_set sets[2] = { { global_options, cli }, { no_options, NULL } };
	int first, used;

	if ((first = options_parse(cli, argc, argv, sets, true)) < 0)
		return EXIT_USAGE;
	if (cli->version)
		return print_version();
	if (first == argc && !cli->help) {
		command_print(stderr, NULL);
		return cli_usage(cli, "a command is missing");
	}
	if (first == argc) {
		cli->command = &cmd_help;
		cli->help = false; /* of the tool, and not of the command help */
		return run_command(cli, 1, (char *[]){ argv[0], NULL });
	}
	cli->command = command_find(argv + first, argc - first, &used);
	if (cli->command == NULL)
		return no_command(cli, argv + first, argc - first);
	first += used - 1;
	return run_command(cli, argc - first, argv + first);
}

/*
 * The change is in force, and said, whatever else the exit code tells. What is left can
 * be interrupted, and holds up no other command; the change that would meet a full
 * delta holds them up much longer.
 */
static void
merge_when_crowded(struct cli *cli)
{
	bool merged;

	if (!cli->in_force || !ak_master_is_crowded(cli->master))
		return;
	cli_say(cli,
	    "The change is in force. Much has changed since the store was written, "
	    "and is merged into it now, which takes a moment; authkey fold does it "
	    "sooner, and so does its timer.");
	if (ak_master_merge(cli->master, cli->now, &merged, &cli->error) != AK_OK)
		cli_warn(cli,
		    "the change is in force, but what has changed could not be merged "
		    "into the store: %s",
		    cli->error.text);
	else if (merged)
		cli_check_published(cli);
}

/* Said, but where EXIT_STORE says that something was said already; the exit code. */
static enum cli_exit
not_whole(const struct cli *cli, enum cli_exit end)
{
	if (end != EXIT_STORE)
		fputs(cli->out.starved
			  ? "authkey: out of memory: the answer is not whole\n"
			  : "authkey: the answer could not be written to stdout\n",
		    stderr);
	return end == EXIT_DONE || (end == EXIT_NO && cli->out.starved) ? EXIT_STORE
									: end;
}

int
main(int argc, char **argv)
{
	struct cli cli = { .master = NULL };
	enum cli_exit end;
	bool whole;

	guard_process();
	if (!guard_streams() || !cli_tick(&cli))
		return EXIT_STORE;
	setlocale(LC_CTYPE, "");
	if (sodium_init() < 0) {
		fputs("authkey: the system gives no random numbers\n", stderr);
		return EXIT_STORE;
	}
	ak_master_one_thread();
	out_prepare();
	end = run(&cli, argc, argv);
	ak_usage_close(&cli.usage);
	whole = out_finish(&cli.out);
	if (!whole)
		end = not_whole(&cli, end);
	merge_when_crowded(&cli);
	ak_master_close(&cli.master);
	return (int)end;
}
