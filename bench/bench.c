/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: bench [-k KEYS] [-n ROUNDS] [-c CSV] MODULE FOLDER
 *
 * How long a whole PAM transaction takes: start, authenticate, acct_mgmt, end, in one
 * process, one service after the other in each round so that all meet the same weather.
 * Each round has an order of its own: libpam unloads pam_permit after use, the next
 * transaction is slower for that, and it must not always be the same one's.
 * Prints medians and their ratios to pam_permit, and what recording adds. FOLDER is
 * empty and belongs to the caller; `make bench` makes it and takes it away.
 */
#include <gnu/libc-version.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_appl.h>
#include <sodium.h>

#include "authkey.h"
#include "master.h"
#include "record.h"

#define PASSWORD "correct horse battery staple"
#define PASSWORD_MD5 "$1$bench$YH8cAkvr9prlnZ4VHQE7M."

enum credential { A_KEY, A_DISABLED_KEY, A_PASSWORD };

/* Each is a service of its own; the first is the measure of all, and the next two show
 * what recording adds. */
enum { MEASURE, RECORDED, UNRECORDED };
static const struct work {
	const char *service, *what;
	const char *module; /* a file that must be there; NULL: ours */
	enum credential credential;
	int answer;
	const char *options; /* of our module, besides those of all */
} works[] = {
	{ "permit", "pam_permit", "pam_permit.so", A_PASSWORD, PAM_SUCCESS, "" },
	{ "valid", "a key that opens", NULL, A_KEY, PAM_SUCCESS, "usage=required" },
	{ "unrecorded", "the same with usage=off", NULL, A_KEY, PAM_SUCCESS,
	    "usage=off" },
	{ "refused", "a key that is disabled", NULL, A_DISABLED_KEY, PAM_AUTH_ERR, "" },
	{ "passed", "a password passed on", NULL, A_PASSWORD, PAM_AUTH_ERR, "" },
	{ "pwdfile", "pam_pwdfile, MD5", "pam_pwdfile.so", A_PASSWORD, PAM_SUCCESS,
	    "" },
};
#define WORKS (sizeof(works) / sizeof(works[0]))

struct bench {
	const char *module, *folder, *csv;
	size_t keys, rounds;
	char (*tokens)[AK_TOKEN_MAX + 1]; /* the last one's key is disabled */
	double *us[WORKS]; /* NULL: not measured here */
};

static void
die(const char *what, const char *which)
{
	fprintf(stderr, "bench: %s%s\n", what, which);
	exit(1);
}

static void *
need(void *memory)
{
	if (memory == NULL)
		die("out of memory", "");
	return memory;
}

static struct ak_record
new_record(size_t number, enum ak_state state, int64_t now)
{
	struct ak_record record;

	ak_record_init(&record, now);
	record.key.state = state;
	snprintf(record.key.name, sizeof(record.key.name), "key %zu", number);
	strcpy(record.key.owner, "alice");
	strcpy(record.prefix, AK_PREFIX_DEFAULT);
	strcpy(record.created_by, "bench");
	return record;
}

/* An installation in FOLDER/authkey with KEYS keys, and one that is disabled. */
static void
make_store(struct bench *b, int64_t now)
{
	struct ak_installation wanted = { .prefix = "" };
	struct group *group = getgrgid(getegid());
	struct ak_master *master = NULL;
	struct ak_record record;
	struct ak_error error;
	char root[3000];
	bool made;

	if (group == NULL)
		die("the group of this process has no name", "");
	b->tokens = need(calloc(b->keys + 1, sizeof(*b->tokens)));
	snprintf(wanted.unix_group, sizeof(wanted.unix_group), "%s", group->gr_name);
	snprintf(root, sizeof(root), "%s/authkey", b->folder);
	if (ak_master_init(root, &wanted, now, &made, &error) != AK_OK ||
	    ak_master_open(root, &master, &error) != AK_OK ||
	    ak_master_begin(master, &error) != AK_OK)
		die(error.text, "");
	for (size_t i = 0; i <= b->keys; i++) {
		record = new_record(i, i < b->keys ? AK_ENABLED : AK_SWITCHED_OFF, now);
		if (ak_record_issue(master, &record, b->tokens[i], &error) != AK_OK)
			die(error.text, "");
	}
	if (ak_master_commit(master, now, &error) != AK_OK)
		die(error.text, "");
	ak_master_close(&master);
}

/* FOLDER/NAME with this text. */
static void
write_file(const struct bench *b, const char *name, const char *text)
{
	char path[3000];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", b->folder, name);
	file = fopen(path, "w");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		die("cannot write ", path);
}

/* The stack of each work: its module alone; pam_pwdfile has no account phase. */
static void
make_services(struct bench *b)
{
	char line[7000], stack[15000];

	write_file(b, "passwords", "alice:" PASSWORD_MD5 "\n");
	for (const struct work *w = works; w < works + WORKS; w++) {
		bool peer = strcmp(w->service, "pwdfile") == 0;

		if (w->module == NULL)
			snprintf(line, sizeof(line),
			    "%s store=%s/authkey/keys.db store_owner=%u quiet %s",
			    b->module, b->folder, (unsigned)geteuid(), w->options);
		else if (peer)
			snprintf(line, sizeof(line), "%s pwdfile=%s/passwords",
			    w->module, b->folder);
		else
			snprintf(line, sizeof(line), "%s", w->module);
		snprintf(stack, sizeof(stack),
		    "auth required %s\naccount required %s\n", line,
		    peer ? "pam_permit.so" : line);
		write_file(b, w->service, stack);
	}
}

static int
converse(int count, const struct pam_message **messages, struct pam_response **answers,
    void *secret)
{
	struct pam_response *answer = calloc((size_t)count, sizeof(*answer));

	if (answer == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			answer[i].resp = strdup(secret);
	*answers = answer;
	return PAM_SUCCESS;
}

static char *
credential(const struct bench *b, enum credential which)
{
	static char password[] = PASSWORD;

	switch (which) {
	case A_KEY:
		return b->tokens[randombytes_uniform((uint32_t)b->keys)];
	case A_DISABLED_KEY:
		return b->tokens[b->keys];
	case A_PASSWORD:
		break;
	}
	return password;
}

/* One transaction, in microseconds; -1 when its answer is not the expected one. */
static double
transact(const struct bench *b, const struct work *w)
{
	struct pam_conv conversation = { converse, credential(b, w->credential) };
	struct timespec from, to;
	pam_handle_t *pamh = NULL;
	int rc;

	clock_gettime(CLOCK_MONOTONIC, &from);
	rc = pam_start_confdir(w->service, "alice", &conversation, b->folder, &pamh);
	if (rc == PAM_SUCCESS)
		rc = pam_set_item(pamh, PAM_RHOST, "192.0.2.7");
	if (rc == PAM_SUCCESS && (rc = pam_authenticate(pamh, 0)) == PAM_SUCCESS)
		rc = pam_acct_mgmt(pamh, 0);
	pam_end(pamh, rc);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (rc != w->answer)
		return -1;
	return (double)(to.tv_sec - from.tv_sec) * 1e6 +
	       (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

/* A random order, in which each comes after each other one as often. */
static void
shuffle(size_t order[WORKS])
{
	size_t other, kept;

	for (size_t i = WORKS; i > 1; i--) {
		other = randombytes_uniform((uint32_t)i);
		kept = order[i - 1];
		order[i - 1] = order[other];
		order[other] = kept;
	}
}

/* What answers as expected is measured, after one round to warm up; peers may be
 * missing. */
static void
measure(struct bench *b)
{
	size_t order[WORKS];

	for (size_t i = 0; i < WORKS; i++) {
		if (transact(b, &works[i]) >= 0)
			b->us[i] = need(calloc(b->rounds, sizeof(double)));
		else if (works[i].module == NULL || i == MEASURE)
			die("another answer than expected: ", works[i].what);
		order[i] = i;
	}
	for (size_t round = 0; round < b->rounds; round++) {
		shuffle(order);
		for (const size_t *i = order; i < order + WORKS; i++)
			if (b->us[*i] != NULL &&
			    (b->us[*i][round] = transact(b, &works[*i])) < 0)
				die("another answer than expected: ", works[*i].what);
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of what is sorted. */
static double
median_of(const struct bench *b, size_t work)
{
	return b->us[work][b->rounds / 2];
}

static void
report(const struct bench *b)
{
	FILE *csv = b->csv == NULL ? NULL : fopen(b->csv, "w");
	double median, p99, unit = 0;
	struct utsname host;

	if (b->csv != NULL && csv == NULL)
		die("cannot write ", b->csv);
	uname(&host);
	printf("%zu keys, %zu rounds, one process; %s %s, %ld processors, glibc %s,\n"
	       "libsodium %s, %s\n\n",
	    b->keys, b->rounds, host.sysname, host.machine,
	    sysconf(_SC_NPROCESSORS_ONLN), gnu_get_libc_version(),
	    sodium_version_string(),
	    access("/dev/log", F_OK) == 0 ? "syslog listens" : "no syslog");
	printf("%-24s %10s %10s %10s\n", "", "median us", "p99 us", "ratio");
	if (csv != NULL)
		fprintf(csv, "work,keys,rounds,median_us,p99_us,ratio\n");
	for (size_t i = 0; i < WORKS; i++) {
		if (b->us[i] == NULL)
			continue;
		qsort(b->us[i], b->rounds, sizeof(double), compare);
		median = median_of(b, i);
		p99 = b->us[i][b->rounds * 99 / 100];
		if (i == MEASURE)
			unit = median;
		printf("%-24s %10.1f %10.1f %10.2f\n", works[i].what, median, p99,
		    median / unit);
		if (csv != NULL)
			fprintf(csv, "%s,%zu,%zu,%.3f,%.3f,%.4f\n", works[i].service,
			    b->keys, b->rounds, median, p99, median / unit);
	}
	unit = median_of(b, UNRECORDED);
	median = median_of(b, RECORDED) - unit;
	printf(
	    "%-24s %10.1f %9.1f %%\n", "recording adds", median, 100 * median / unit);
	if (csv != NULL && fclose(csv) != 0)
		die("cannot write ", b->csv);
}

static size_t
number(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end != '\0' || n == 0 || n > 10000000)
		die("this is no number of keys or rounds: ", text);
	return n;
}

int
main(int argc, char **argv)
{
	struct bench b = { .keys = 1000, .rounds = 2000 };
	int option;

	while ((option = getopt(argc, argv, "k:n:c:")) != -1)
		switch (option) {
		case 'k':
			b.keys = number(optarg);
			break;
		case 'n':
			b.rounds = number(optarg);
			break;
		case 'c':
			b.csv = optarg;
			break;
		default:
			return 2;
		}
	if (argc - optind != 2 || sodium_init() < 0) {
		fprintf(stderr,
		    "usage: bench [-k KEYS] [-n ROUNDS] [-c CSV] MODULE FOLDER\n");
		return 2;
	}
	b.module = argv[optind];
	b.folder = argv[optind + 1];
	make_store(&b, time(NULL));
	make_services(&b);
	measure(&b);
	report(&b);
	for (size_t i = 0; i < WORKS; i++)
		free(b.us[i]);
	free(b.tokens);
	return 0;
}
