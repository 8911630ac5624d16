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
#include "usage_access.h"

struct page {
	struct cli *cli;
	FILE *to;
	const struct metric *metric; /* that is being written */
	bool failed; /* cli->error says why */
};

/* A metric: who writes its samples, and where the number stands that they have. */
struct metric {
	const char *name, *type, *help;
	void (*put)(struct page *page);
	size_t at;
};

static int64_t
number_at(const void *structure, size_t at)
{
	int64_t number;

	memcpy(&number, (const char *)structure + at, sizeof(number));
	return number;
}

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

static void
put_sample(const struct page *page, const struct ak_record *record, int64_t value)
{
	fprintf(page->to, "%s{", page->metric->name);
	put_label(page->to, "id", record->key.id);
	putc(',', page->to);
	put_label(page->to, "name", record->key.name);
	putc(',', page->to);
	put_label(page->to, "owner", record->key.owner);
	fprintf(page->to, "} %lld\n", (long long)value);
}

static bool
put_key(const struct ak_record *record, void *context)
{
	struct page *page = context;
	struct ak_key_usage usage;
	int64_t value;

	page->failed = ak_key_usage_get(page->cli->usage, record->key.id, &usage,
			   &page->cli->error) != AK_OK;
	if (!page->failed &&
	    (value = number_at(&usage, page->metric->at)) != AK_NO_TIME)
		put_sample(page, record, value);
	return !page->failed;
}

static bool
put_decoy(const struct ak_record *record, void *context)
{
	struct page *page = context;
	int64_t alarms;

	if (!record->key.decoy)
		return true;
	page->failed = !usage_of_decoy(page->cli, record->key.id, &alarms);
	if (!page->failed)
		put_sample(page, record, alarms);
	return !page->failed;
}

static void
put_decoys(struct page *page)
{
	struct cli *cli = page->cli;

	if (ak_record_all(cli->master, put_decoy, page, &cli->error) != AK_OK)
		page->failed = true;
}

static void
put_keys(struct page *page)
{
	struct cli *cli = page->cli;

	if (ak_record_all(cli->master, put_key, page, &cli->error) != AK_OK)
		page->failed = true;
}

static bool
put_source(const struct ak_usage_source *source, void *context)
{
	const struct page *page = context;

	fprintf(page->to, "%s{uid=\"%lld\"} %lld\n", page->metric->name,
	    (long long)source->uid, (long long)number_at(source, page->metric->at));
	return true;
}

static void
put_sources(struct page *page)
{
	struct cli *cli = page->cli;

	page->failed =
	    ak_usage_sources(cli->usage, put_source, page, &cli->error) != AK_OK;
}

/* Ids that no key has share one count. */
static void
put_unknown(struct page *page)
{
	struct ak_key_usage usage;

	page->failed =
	    ak_key_usage_get(page->cli->usage, "", &usage, &page->cli->error) != AK_OK;
	fprintf(page->to, "%s %lld\n", page->metric->name,
	    (long long)number_at(&usage, page->metric->at));
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

#define OF_KEYS(field) .put = put_keys, .at = offsetof(struct ak_key_usage, field)
#define OF_SOURCES(field) \
	.put = put_sources, .at = offsetof(struct ak_usage_source, field)

static const struct metric metrics[] = {
	{ "authkey_key_uses_total", "counter", "Logins that a key was let in with.",
	    OF_KEYS(uses) },
	{ "authkey_key_refusals_total", "counter",
	    "Logins that were refused although a key of this id exists.",
	    OF_KEYS(refusals) },
	{ "authkey_key_last_use_timestamp_seconds", "gauge",
	    "When a key was last let in; missing when never.", OF_KEYS(last_at) },
	{ "authkey_decoy_uses_total", "counter",
	    "Logins that were tried with a decoy: an intruder's.", put_decoys, 0 },
	{ "authkey_unknown_refusals_total", "counter",
	    "Logins that were refused because no key has the id.", put_unknown,
	    offsetof(struct ak_key_usage, refusals) },
	{ "authkey_keys", "gauge", "Keys by status.", put_states, 0 },
	{ "authkey_usage_dropped_total", "counter",
	    "Usage records that found their file full.", OF_SOURCES(dropped) },
	{ "authkey_usage_strange_total", "counter",
	    "Bytes in a usage file that are no record.", OF_SOURCES(strange) },
	{ "authkey_usage_clamped_total", "counter",
	    "Usage records that claimed a time that cannot be.", OF_SOURCES(clamped) },
};

static bool
put_page(struct page *page)
{
	for (size_t i = 0; !page->failed && i < sizeof(metrics) / sizeof(metrics[0]);
	     i++) {
		const struct metric *m = page->metric = &metrics[i];

		fprintf(page->to, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help,
		    m->name, m->type);
		m->put(page);
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
