/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "command.h"

static json_t *
options_json(const struct option_spec *options)
{
	json_t *array = json_array(), *option;

	for (; options != NULL && options->name != NULL; options++) {
		option = json_pack("{s:s, s:s?, s:s, s:b}", "option", options->name,
		    "argument", options->argument, "summary", options->help,
		    "repeatable", options->kind == OPTION_TEXTS);
		json_object_set_new(option, "letter",
		    options->letter != 0 ? json_stringn(&options->letter, 1)
					 : json_null());
		json_array_append_new(array, option);
	}
	return array;
}

static json_t *
command_json(const struct command *c)
{
	json_t *fields = json_array();

	for (size_t i = 0; c->answer != NULL && i < c->answer->count; i++)
		json_array_append_new(fields, json_string(c->answer->fields[i].name));
	return json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?, s:o, s:o}", "command",
	    c->name, "group", c->group, "arguments", c->arguments, "summary",
	    c->summary, "about", c->about, "example", c->example, "options",
	    options_json(c->options), "fields", fields);
}

/* Everything that the tool understands: documents are held against it. */
static json_t *
all_json(void)
{
	json_t *array = json_array();

	for (const struct command *const *c = commands; *c != NULL; c++)
		json_array_append_new(array, command_json(*c));
	return json_pack("{s:s, s:o, s:o}", "version", AK_VERSION, "options",
	    options_json(global_options), "commands", array);
}

/* Text in lines of at most 78 columns, each behind `indent` spaces. */
static void
put_text(const char *text, int indent, int column)
{
	size_t len;

	for (text += strspn(text, " "); *text != '\0'; text += strspn(text, " ")) {
		len = strcspn(text, " ");
		if (column > indent && column + 1 + (int)len > 78) {
			printf("\n%*s", indent, "");
			column = indent;
		}
		column += printf("%s%.*s", column > indent ? " " : "", (int)len, text);
		text += len;
	}
	putchar('\n');
}

static void
put_options(const struct option_spec *options)
{
	char names[64];
	int n;

	for (; options != NULL && options->name != NULL; options++) {
		n = snprintf(names, sizeof(names), "  %s%c%s--%s%s%s",
		    options->letter != 0 ? "-" : " ",
		    options->letter != 0 ? options->letter : ' ',
		    options->letter != 0 ? ", " : "  ", options->name,
		    options->argument != NULL ? " " : "",
		    options->argument != NULL ? options->argument : "");
		if (n > 26)
			printf("%s\n%28s", names, "");
		else
			printf("%-28s", names);
		put_text(options->help, 28, 28);
	}
}

static void
put_example(const char *example)
{
	size_t len;

	for (; *example != '\0'; example += len + (example[len] == '\n')) {
		len = strcspn(example, "\n");
		printf("  %.*s\n", (int)len, example);
	}
}

static void
put_fields(const struct out_shape *answer)
{
	int column = 0, len;

	puts("\nFields:");
	for (size_t i = 0; i < answer->count; i++) {
		len = (int)strlen(answer->fields[i].name);
		if (i > 0 && column + 1 + len > 78)
			column = printf("\n") - 1;
		column +=
		    printf("%s%s", column == 0 ? "  " : " ", answer->fields[i].name);
	}
	putchar('\n');
}

static void
put_command(const struct command *c)
{
	printf("authkey %s%s%s%s\n\n", c->name, c->arguments[0] != '\0' ? " " : "",
	    c->arguments, c->options != NULL ? " [OPTION]..." : "");
	put_text(c->summary, 0, 0);
	if (c->about != NULL) {
		putchar('\n');
		put_text(c->about, 0, 0);
	}
	if (c->options != NULL) {
		puts("\nOptions:");
		put_options(c->options);
	}
	puts("\nOptions of every command:");
	put_options(global_options);
	if (c->answer != NULL)
		put_fields(c->answer);
	if (c->example != NULL) {
		puts("\nExample:");
		put_example(c->example);
	}
}

static void
put_all(void)
{
	puts("authkey [OPTION]... COMMAND ...\n\n"
	     "API auth keys for every service that speaks PAM.\n");
	command_print(stdout, NULL);
	puts("\nOptions of every command:");
	put_options(global_options);
	puts("\nKEY is an id, also as lists show it, a name, or OWNER/NAME. WHEN is "
	     "90d, 12h\nor 30m from now (with --since and --unused-since: ago), "
	     "2027-01-31, or\n2027-01-31T23:59:59Z.\nMore: authkey help COMMAND, "
	     "authkey(8).");
}

static enum cli_exit
run(struct cli *cli, const void *values, char **words)
{
	const struct command *found;
	char *const name[2] = { words[0], words[0] != NULL ? words[1] : NULL };
	char whole[64];

	(void)values;
	/* A caller may give both words of a name in one. */
	snprintf(whole, sizeof(whole), "%s%s%s", name[0] != NULL ? name[0] : "",
	    name[1] != NULL ? " " : "", name[1] != NULL ? name[1] : "");
	found = command_named(whole);
	if (name[0] == NULL && cli->out.format == OUT_JSON)
		out_json(&cli->out, all_json());
	else if (name[0] == NULL)
		put_all();
	else if (found != NULL && cli->out.format == OUT_JSON)
		out_json(&cli->out, command_json(found));
	else if (found != NULL)
		put_command(found);
	else if (name[1] == NULL && command_is_family(name[0]))
		command_print(stdout, name[0]);
	else {
		cli->command = NULL; /* what helps is the list of commands */
		return command_unknown(cli, name[0], name[1]);
	}
	return EXIT_DONE;
}

const struct command cmd_help = {
	.name = "help",
	.group = GROUP_HELP,
	.arguments = "[COMMAND]",
	.summary = "explain the tool or a command",
	.about = "With --json: every command with its arguments, options and fields.",
	.example = "authkey help create",
	.most = 2,
	.run = run,
};
