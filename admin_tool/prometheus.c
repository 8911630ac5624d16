/* SPDX-License-Identifier: BSD-2-Clause */
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "prometheus.h"
#include "record.h"
#include "stats.h"

struct page {
	struct cli *cli;
	FILE *to;
	const struct metric *metric; /* that is being written */
	bool failed; /* cli->error says why */
};

/* What a metric has of each key, and of each user's usage file. One is set, or none. */
struct metric {
	const char *name, *type, *help;
	int64_t (*of_key)(const struct ak_key_usage *usage);
	int64_t (*of_source)(const struct ak_usage_source *source);
	void (*other)(struct page *page);
};

static void
put_label(FILE *to, const char *name, const char *value)
{
	fprintf(to, "%s=\"", name);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			putc('\\', to);
		if (*value == '\n')
			fputs("\\n", to);
		else
			putc(*value, to);
	}
	putc('"', to);
}

static bool
put_key(const struct ak_record *record, void *context)
{
	struct page *page = context;
	struct ak_key_usage usage;
	int64_t value;

	page->failed = ak_key_usage_get(page->cli->usage, record->key.id, &usage,
			   &page->cli->error) != AK_OK;
	if (page->failed || (value = page->metric->of_key(&usage)) == AK_NO_TIME)
		return !page->failed;
	fprintf(page->to, "%s{", page->metric->name);
	put_label(page->to, "id", record->key.id);
	putc(',', page->to);
	put_label(page->to, "name", record->key.name);
	putc(',', page->to);
	put_label(page->to, "owner", record->key.owner);
	fprintf(page->to, "} %lld\n", (long long)value);
	return true;
}

static bool
put_source(const struct ak_usage_source *source, void *context)
{
	const struct page *page = context;

	fprintf(page->to, "%s{uid=\"%lld\"} %lld\n", page->metric->name,
	    (long long)source->uid, (long long)page->metric->of_source(source));
	return true;
}

static void
put_unknown(struct page *page)
{
	struct ak_key_usage usage;

	page->failed =
	    ak_key_usage_get(page->cli->usage, "", &usage, &page->cli->error) != AK_OK;
	fprintf(page->to, "%s %lld\n", page->metric->name, (long long)usage.refusals);
}

/* How many keys are in which state. */
struct states {
	const struct cli *cli;
	int64_t counts[5];
};
static const char *const states[] = { "enabled", "disabled", "revoked", "expired",
	"pending" };
#define STATES (sizeof(states) / sizeof(states[0]))

static bool
count_state(const struct ak_record *record, void *context)
{
	struct states *s = context;

	for (size_t i = 0; i < STATES; i++)
		s->counts[i] +=
		    strcmp(ak_record_status(record, s->cli->now), states[i]) == 0;
	return true;
}

static void
put_states(struct page *page)
{
	struct states s = { .cli = page->cli };

	page->failed = ak_record_all(page->cli->master, count_state, &s,
			   &page->cli->error) != AK_OK;
	for (size_t i = 0; i < STATES; i++)
		fprintf(page->to, "%s{status=\"%s\"} %lld\n", page->metric->name,
		    states[i], (long long)s.counts[i]);
}

static int64_t
uses(const struct ak_key_usage *usage)
{
	return usage->uses;
}

static int64_t
refusals(const struct ak_key_usage *usage)
{
	return usage->refusals;
}

static int64_t
last_use(const struct ak_key_usage *usage)
{
	return usage->last_at;
}

static int64_t
dropped(const struct ak_usage_source *source)
{
	return source->dropped;
}

static int64_t
strange(const struct ak_usage_source *source)
{
	return source->strange;
}

static int64_t
clamped(const struct ak_usage_source *source)
{
	return source->clamped;
}

static const struct metric metrics[] = {
	{ .name = "authkey_key_uses_total",
	    .type = "counter",
	    .help = "Logins that a key was let in with.",
	    .of_key = uses },
	{ .name = "authkey_key_refusals_total",
	    .type = "counter",
	    .help = "Logins that were refused although a key of this id exists.",
	    .of_key = refusals },
	{ .name = "authkey_key_last_use_timestamp_seconds",
	    .type = "gauge",
	    .help = "When a key was last let in; missing when never.",
	    .of_key = last_use },
	{ .name = "authkey_unknown_refusals_total",
	    .type = "counter",
	    .help = "Logins that were refused because no key has the id.",
	    .other = put_unknown },
	{ .name = "authkey_keys",
	    .type = "gauge",
	    .help = "Keys by status.",
	    .other = put_states },
	{ .name = "authkey_usage_dropped_total",
	    .type = "counter",
	    .help = "Usage records that found their file full.",
	    .of_source = dropped },
	{ .name = "authkey_usage_strange_total",
	    .type = "counter",
	    .help = "Bytes in a usage file that are no record.",
	    .of_source = strange },
	{ .name = "authkey_usage_clamped_total",
	    .type = "counter",
	    .help = "Usage records that claimed a time in the future.",
	    .of_source = clamped },
};

static bool
put_page(struct page *page)
{
	struct cli *cli = page->cli;

	for (size_t i = 0; !page->failed && i < sizeof(metrics) / sizeof(metrics[0]);
	     i++) {
		const struct metric *m = page->metric = &metrics[i];

		fprintf(page->to, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help,
		    m->name, m->type);
		if (m->of_key != NULL &&
		    ak_record_all(cli->master, put_key, page, &cli->error) != AK_OK)
			page->failed = true;
		if (m->of_source != NULL && ak_usage_sources(cli->usage, put_source,
						page, &cli->error) != AK_OK)
			page->failed = true;
		if (m->other != NULL)
			m->other(page);
	}
	return !page->failed;
}

/* Whether the file is complete on the disk, under its own name. */
static bool
settle(FILE *file, const char *temporary, const char *path)
{
	char folder[4096];
	int fd;

	if (fflush(file) != 0 || fsync(fileno(file)) != 0 ||
	    fchmod(fileno(file), 0644) != 0 || rename(temporary, path) != 0)
		return false;
	snprintf(folder, sizeof(folder), "%s", path);
	if ((fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		fsync(fd);
		close(fd);
	}
	return true;
}

enum cli_exit
prometheus_write(struct cli *cli, const char *path)
{
	struct page page = { .cli = cli, .to = stdout };
	char temporary[4096];
	bool done;
	int fd;

	if (strcmp(path, "-") == 0)
		return put_page(&page) ? EXIT_DONE : cli_fail(cli);
	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    (int)sizeof(temporary))
		return cli_usage(cli, "--prometheus: the path is too long");
	if ((fd = mkostemp(temporary, O_CLOEXEC)) < 0 ||
	    (page.to = fdopen(fd, "w")) == NULL) {
		ak_fail_errno(&cli->error, path, "");
		return cli_fail(cli);
	}
	if ((done = put_page(&page)) && !(done = settle(page.to, temporary, path)))
		ak_fail_errno(&cli->error, path, "");
	fclose(page.to);
	if (done)
		return EXIT_DONE;
	unlink(temporary);
	return cli_fail(cli);
}
