/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "change.h"
#include "command.h"
#include "config_setting.h"

#define TEXT_SIZE 96
#define MINUTE 60
#define HOUR 3600
#define DAY 86400

/* The shortest and longest time that single events are kept for. */
#define RETENTION_LEAST HOUR
#define RETENTION_MOST (INT64_C(3650) * DAY)
/* A usage file holds at least some records, and is read in one go. */
#define CAP_LEAST (INT64_C(64) << 10)
#define CAP_MOST (INT64_C(4) << 30)

/* What an installation decides. */
struct setting {
	const char *name, *summary;
	/* NULL, or why the value cannot be; no function: it can only be read. */
	const char *(*take)(const char *value, struct ak_installation *is);
	void (*show)(const struct ak_installation *is, char text[TEXT_SIZE]);
	const char *note; /* said when it is set, or NULL */
};

static const char *
take_prefix(const char *value, struct ak_installation *is)
{
	const char *why = ak_prefix_why_not(value);

	if (why == NULL)
		snprintf(is->prefix, sizeof(is->prefix), "%s", value);
	return why;
}

static void
show_prefix(const struct ak_installation *is, char text[TEXT_SIZE])
{
	snprintf(text, TEXT_SIZE, "%s", is->prefix);
}

static void
show_length(int64_t seconds, char text[TEXT_SIZE])
{
	int64_t unit = seconds % DAY == 0 ? DAY : seconds % HOUR == 0 ? HOUR : MINUTE;

	snprintf(text, TEXT_SIZE, "%lld%c", (long long)(seconds / unit),
	    unit == DAY    ? 'd'
	    : unit == HOUR ? 'h'
			   : 'm');
}

static const char *
take_expiry(const char *value, struct ak_installation *is)
{
	const char *why;
	int64_t length;

	if (strcmp(value, "none") == 0) {
		is->default_expiry = AK_NO_TIME;
		return NULL;
	}
	if ((why = ak_duration_why_not(value, &length)) != NULL)
		return why;
	/* A key's end must be a time that can be written down. */
	if (length < MINUTE || length > 100 * INT64_C(365) * DAY)
		return "keys live from a minute to a hundred years: 90d, or none";
	is->default_expiry = length;
	return NULL;
}

static void
show_expiry(const struct ak_installation *is, char text[TEXT_SIZE])
{
	if (is->default_expiry == AK_NO_TIME)
		snprintf(text, TEXT_SIZE, "none");
	else
		show_length(is->default_expiry, text);
}

static const char *
take_retention(const char *value, struct ak_installation *is)
{
	int64_t length;
	const char *why = ak_duration_why_not(value, &length);

	if (why != NULL)
		return why;
	if (length < RETENTION_LEAST || length > RETENTION_MOST)
		return "events are kept from an hour to ten years: 1h to 3650d";
	is->retention = length;
	return NULL;
}

static void
show_retention(const struct ak_installation *is, char text[TEXT_SIZE])
{
	show_length(is->retention, text);
}

static const char units[] = "KMG";

static const char *
take_cap(const char *value, struct ak_installation *is)
{
	const char *unit;
	int64_t n = 0;

	for (; *value >= '0' && *value <= '9'; value++)
		if ((n = n * 10 + (*value - '0')) > CAP_MOST)
			break;
	if (*value != '\0' && (unit = strchr(units, *value)) != NULL) {
		n <<= 10 * (unit - units + 1);
		value++;
	}
	if (*value != '\0' || n < CAP_LEAST || n > CAP_MOST)
		return "a cap is a number of bytes from 64K to 4G: 512K, 64M, 1G";
	is->usage_cap = n;
	return NULL;
}

static void
show_cap(const struct ak_installation *is, char text[TEXT_SIZE])
{
	int64_t n = is->usage_cap;
	int i = 0;

	for (; i < 3 && n % 1024 == 0; i++)
		n /= 1024;
	snprintf(text, TEXT_SIZE, "%lld%.*s", (long long)n, i > 0,
	    i > 0 ? &units[i - 1] : "");
}

static void
show_group(const struct ak_installation *is, char text[TEXT_SIZE])
{
	snprintf(text, TEXT_SIZE, "%s", is->unix_group);
}

static const struct setting settings[] = {
	{ "prefix", "what new tokens begin with", take_prefix, show_prefix,
	    "Tokens that there are keep theirs." },
	{ "default-expiry", "how long a key lives when create is not told; or none",
	    take_expiry, show_expiry, "Keys that there are keep their end." },
	{ "retention", "how long single usage events are kept", take_retention,
	    show_retention, NULL },
	{ "usage-cap", "bytes of a usage file, from where records are dropped",
	    take_cap, show_cap,
	    "It is for new usage files: one that is there keeps its cap until it is "
	    "put aside." },
	{ "group", "whose members may read the store", NULL, show_group, NULL },
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

const char *
config_setting(size_t at, const char **summary)
{
	if (at >= SETTINGS)
		return NULL;
	*summary = settings[at].summary;
	return settings[at].name;
}

enum { NAME, VALUE, SUMMARY, FIELDS };
static const struct out_field fields[FIELDS] = {
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[VALUE] = { "value", "VALUE", OUT_TEXT, NULL },
	[SUMMARY] = { "summary", "MEANS", OUT_TEXT, NULL },
};
static const struct out_shape all = { fields, FIELDS, true, NULL };
static const struct out_shape one = { fields, FIELDS, false, NULL };

static void
row(struct cli *cli, const struct setting *setting, const struct ak_installation *is)
{
	char value[TEXT_SIZE];

	setting->show(is, value);
	out_row(&cli->out, (struct out_cell[FIELDS]){ [NAME].text = setting->name,
			       [VALUE].text = value,
			       [SUMMARY].text = setting->summary });
}

static enum cli_exit
list(struct cli *cli, const struct ak_installation *is)
{
	out_begin(&cli->out, &all);
	for (size_t i = 0; i < SETTINGS; i++)
		row(cli, &settings[i], is);
	out_end(&cli->out);
	return EXIT_DONE;
}

/* The value alone, unless more was asked for. */
static enum cli_exit
show(struct cli *cli, const struct setting *setting, const struct ak_installation *is)
{
	if (!out_wants_data(&cli->out))
		cli->out.field = fields[VALUE].name;
	out_begin(&cli->out, &one);
	row(cli, setting, is);
	out_end(&cli->out);
	return EXIT_DONE;
}

struct config_work {
	const struct setting *setting;
	const char *value;
};

static enum ak_code
work_on_setting(struct cli *cli, void *context)
{
	const struct config_work *work = context;
	const struct out_field field = { work->setting->name, NULL, OUT_TEXT, NULL };
	const struct out_shape shape = { &field, 1, false, NULL };
	char was[TEXT_SIZE], is[TEXT_SIZE];
	struct ak_installation installation;
	const char *why;

	if (ak_master_installation(cli->master, &installation, &cli->error) != AK_OK)
		return cli->error.code;
	work->setting->show(&installation, was);
	if ((why = work->setting->take(work->value, &installation)) != NULL)
		return ak_fail(
		    &cli->error, AK_E_USAGE, "%s: %s", work->setting->name, why);
	work->setting->show(&installation, is);
	if (ak_master_configure(cli->master, &installation, &cli->error) != AK_OK)
		return cli->error.code;
	return change_note(cli, work->setting->name, &shape,
	    &(struct out_cell){ .text = was }, &(struct out_cell){ .text = is });
}

static enum cli_exit
set(struct cli *cli, const struct setting *setting, const char *value)
{
	struct config_work work = { setting, value };
	struct ak_installation is;
	enum cli_exit end;

	if (setting->take == NULL)
		return cli_usage(
		    cli, "%s is settled by init and can only be read", setting->name);
	if ((end = change_run(cli, work_on_setting, &work)) != EXIT_DONE)
		return end;
	if (cli->notes == 0)
		cli_say(cli, "%s is so already; nothing to do.", setting->name);
	else if (setting->note != NULL)
		cli_say(cli, "Set %s to %s. %s", setting->name, value, setting->note);
	else
		cli_say(cli, "Set %s to %s.", setting->name, value);
	if (!out_wants_data(&cli->out))
		return EXIT_DONE;
	if (ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	return show(cli, setting, &is);
}

static const struct setting *
find(struct cli *cli, const char *name)
{
	char known[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < SETTINGS; i++) {
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
		n += (size_t)snprintf(
		    known + n, sizeof(known) - n, " %s", settings[i].name);
	}
	cli_usage(cli, "there is no setting %s; the settings are:%s", name, known);
	return NULL;
}

static enum cli_exit
run(struct cli *cli, const void *values, char **arguments)
{
	const struct setting *setting = NULL;
	struct ak_installation is;

	(void)values;
	if (arguments[0] != NULL && (setting = find(cli, arguments[0])) == NULL)
		return EXIT_USAGE;
	if (!cli_open(cli) ||
	    ak_master_installation(cli->master, &is, &cli->error) != AK_OK)
		return cli_fail(cli);
	if (setting == NULL)
		return list(cli, &is);
	if (arguments[1] == NULL)
		return show(cli, setting, &is);
	return set(cli, setting, arguments[1]);
}

const struct command cmd_config = {
	.name = "config",
	.group = GROUP_SETUP,
	.arguments = "[NAME [VALUE]]",
	.summary = "show or set what the installation decides",
	.about =
	    "The settings: prefix, default-expiry (90d, 12h or none), retention (of "
	    "single usage events; daily counts are kept), usage-cap (512K, 64M, 1G), "
	    "and group, which can only be read.",
	.example = "authkey config default-expiry 90d\n"
		   "authkey config retention",
	.most = 2,
	.answer = &all,
	.run = run,
};
