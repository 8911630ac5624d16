/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a host can see of itself is the same before and after a login, whatever
 * became of the login: SECURITY R12 and R13. It is written down as lines of text.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "../host.h"
#include "crc32.h"

extern char **environ;

#define EXPORT __attribute__((visibility("default"), used))

/* What a host has told syslog() about itself is asked for here: libc has no way to. */
static unsigned log_calls;

EXPORT void
openlog(const char *name, int options, int facility)
{
	(void)name;
	(void)options;
	(void)facility;
	log_calls++;
}

EXPORT void
closelog(void)
{
	log_calls++;
}

EXPORT int
setlogmask(int mask)
{
	log_calls += mask != 0;
	return LOG_UPTO(LOG_DEBUG);
}

static void
look_at_signals(FILE *to)
{
	struct sigaction action;
	sigset_t blocked, pending;
	stack_t stack;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (int sig = 1; sig <= 64; sig++) {
		if (sigaction(sig, NULL, &action) != 0)
			continue; /* the C library's own */
		fprintf(to, "signal %d: %p flags %x%s%s\n", sig,
		    (void *)(uintptr_t)action.sa_handler, (unsigned)action.sa_flags,
		    sigismember(&blocked, sig) == 1 ? " blocked" : "",
		    sigismember(&pending, sig) == 1 ? " pending" : "");
	}
	sigaltstack(NULL, &stack);
	fprintf(to, "signal stack: %p %zu\n", stack.ss_sp, stack.ss_size);
}

static void
look_at_limits(FILE *to)
{
	struct itimerval timer;
	struct rlimit limit;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		getrlimit((__rlimit_resource_t)i, &limit);
		fprintf(to, "limit %d: %llu %llu\n", i,
		    (unsigned long long)limit.rlim_cur,
		    (unsigned long long)limit.rlim_max);
	}
	for (int i = ITIMER_REAL; i <= ITIMER_PROF; i++) {
		getitimer((__itimer_which_t)i, &timer);
		fprintf(to, "timer %d: %ld%s\n", i, (long)timer.it_interval.tv_sec,
		    timer.it_value.tv_sec > 0 ? " runs" : "");
	}
	fprintf(to, "nice: %d\n", getpriority(PRIO_PROCESS, 0));
}

static void
look_at_process(FILE *to)
{
	static const int questions[] = { PR_GET_DUMPABLE, PR_GET_KEEPCAPS,
		PR_GET_NO_NEW_PRIVS, PR_GET_SECUREBITS, PR_GET_TIMERSLACK };
	char folder[PATH_MAX], name[17] = "";
	mode_t mask = umask(077);
	uid_t u[3];
	gid_t g[3];

	umask(mask);
	getresuid(&u[0], &u[1], &u[2]);
	getresgid(&g[0], &g[1], &g[2]);
	prctl(PR_GET_NAME, name);
	fprintf(to, "umask: %o\nfolder: %s\nname: %s\n", (unsigned)mask,
	    getcwd(folder, sizeof(folder)), name);
	fprintf(to, "users: %u %u %u, groups: %u %u %u and %d\n", u[0], u[1], u[2],
	    g[0], g[1], g[2], getgroups(0, NULL));
	for (size_t i = 0; i < FX_COUNT(questions); i++)
		fprintf(to, "prctl %d: %d\n", questions[i],
		    prctl(questions[i], 0, 0, 0, 0));
	fprintf(to, "locale: %s, of the thread: %p\n", setlocale(LC_ALL, NULL),
	    (void *)uselocale((locale_t)0));
	fprintf(to, "log set up: %u\n", log_calls);
	for (char **e = environ; *e != NULL; e++)
		fprintf(to, "environment: %s\n", *e);
}

/* What the entries of a folder of /proc are, but for the one that reads it. */
static void
look_at_entries(FILE *to, const char *folder, bool files)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char target[PATH_MAX];

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		int fd = atoi(entry->d_name);
		ssize_t n;

		if (entry->d_name[0] == '.' || (files && fd == dirfd(dir)))
			continue;
		fprintf(to, "%s/%s", folder, entry->d_name);
		n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (files && n > 0)
			fprintf(to, ": %.*s %x %x at %ld", (int)n, target,
			    (unsigned)fcntl(fd, F_GETFD), (unsigned)fcntl(fd, F_GETFL),
			    (long)lseek(fd, 0, SEEK_CUR));
		fputc('\n', to);
	}
	closedir(dir);
}

/* Libraries whose own memory a login has no business to change. */
static const char *const still[] = { "/pam_authkey.so", "/libsodium.so", "/libpam.so" };

/* Writable segments, without what the loader has made read-only. */
static int
look_at_object(struct dl_phdr_info *info, size_t size, void *to)
{
	bool is_still = false;
	uintptr_t relro_end = 0;

	(void)size;
	for (size_t i = 0; i < FX_COUNT(still); i++)
		is_still = is_still ||
			   (!FX_SANITIZED && strstr(info->dlpi_name, still[i]) != NULL);
	fprintf(to, "object %s\n", info->dlpi_name);
	for (int i = 0; is_still && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_GNU_RELRO)
			relro_end = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr +
				    info->dlpi_phdr[i].p_memsz;
	for (int i = 0; is_still && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + ph->p_vaddr;
		uintptr_t end = from + ph->p_memsz;

		if (ph->p_type != PT_LOAD || (ph->p_flags & PF_W) == 0)
			continue;
		if (relro_end > from && relro_end <= end)
			from = relro_end;
		fprintf(to, "memory %s %lx %zu bytes: %08x\n", info->dlpi_name,
		    (unsigned long)from, (size_t)(end - from),
		    ak_crc32((const void *)from, end - from));
	}
	return 0;
}

/* The caller frees it. */
static char *
look(void)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	look_at_signals(to);
	look_at_limits(to);
	look_at_process(to);
	look_at_entries(to, "/proc/self/fd", true);
	look_at_entries(to, "/proc/self/task", false);
	dl_iterate_phdr(look_at_object, to);
	fclose(to);
	return text;
}

/* The first line that differs is told. */
static void
assert_same(const char *before, const char *after, const char *when)
{
	while (*before != '\0' || *after != '\0') {
		size_t a = strcspn(before, "\n"), b = strcspn(after, "\n");

		if (a != b || memcmp(before, after, a) != 0)
			fail_msg("%s: \"%.*s\" was \"%.*s\"", when, (int)b, after,
			    (int)a, before);
		before += a + (before[a] != '\0');
		after += b + (after[b] != '\0');
	}
}

enum which { PLAIN, OFF, ENDED, LATER, OVER, SSHD, NETWORK, CAROL, DECOY, KEYS };

static const char *tokens[KEYS];

static void
issue_all(struct host *h)
{
	struct ak_record r[KEYS];

	for (int i = 0; i < KEYS; i++)
		r[i] = fx_record(i == CAROL ? "carol" : "alice");
	r[OFF].key.state = AK_SWITCHED_OFF;
	r[LATER].key.not_before = FX_NOW + 1;
	r[OVER].key.expires_at = FX_NOW;
	r[DECOY].key.decoy = true;
	ak_words_add(r[SSHD].key.services, "sshd");
	ak_words_add(r[NETWORK].key.networks, "192.0.2.0/24");
	for (int i = 0; i < KEYS; i++) {
		tokens[i] = fx_issue(h->fx, &r[i]);
		if (i == KEYS / 2) /* the other half is in the delta of the store */
			fx_delta(h->fx, 1, KEYS);
	}
	fx_set_state(h->fx, tokens[ENDED], AK_ENDED);
	fx_set_owner(h->fx, "carol", true, true);
}

#define NO_STORE "store unavailable"

static const struct verdict {
	const char *reason, *user, *rhost, *options;
	enum which key;
	enum { WHOLE, SECRET, TYPO, PASSWORD } spoilt;
	int64_t now;
	int code;
} verdicts[] = {
	{ "VALID", "alice", NULL, "", PLAIN, WHOLE, 0, PAM_SUCCESS },
	{ "VALID", NULL, "192.0.2.7", "user=set expiry_notice=9", NETWORK, WHOLE, 0,
	    PAM_SUCCESS },
	{ "MALFORMED", "alice", NULL, "debug", PLAIN, PASSWORD, 0, PAM_AUTH_ERR },
	{ "BAD_CHECKSUM", "alice", NULL, "", PLAIN, TYPO, 0, PAM_AUTH_ERR },
	{ "BAD_SECRET", "alice", NULL, "", PLAIN, SECRET, 0, PAM_AUTH_ERR },
	{ "NOT_FOUND", "alice", NULL, "", KEYS, WHOLE, 0, PAM_AUTH_ERR },
	{ "REVOKED", "alice", NULL, "", ENDED, WHOLE, 0, PAM_AUTH_ERR },
	{ "DISABLED", "alice", NULL, "", OFF, WHOLE, 0, PAM_AUTH_ERR },
	{ "DECOY", "alice", NULL, "", DECOY, WHOLE, 0, PAM_AUTH_ERR },
	{ "CLOCK_BEHIND", "alice", NULL, "", OVER, WHOLE, FX_NOW - 9999,
	    PAM_AUTHINFO_UNAVAIL },
	{ "NOT_YET_VALID", "alice", NULL, "", LATER, WHOLE, 0, PAM_AUTH_ERR },
	{ "EXPIRED", "alice", NULL, "", OVER, WHOLE, 0, PAM_AUTH_ERR },
	{ "OWNER_SUSPENDED", "carol", NULL, "", CAROL, WHOLE, 0, PAM_AUTH_ERR },
	{ "OWNER_UNVERIFIED", "alice", NULL, "require_verified_owner", PLAIN, WHOLE, 0,
	    PAM_AUTH_ERR },
	{ "SERVICE_MISMATCH", "alice", NULL, "", SSHD, WHOLE, 0, PAM_AUTH_ERR },
	{ "USER_MISMATCH", "bob", NULL, "", PLAIN, WHOLE, 0, PAM_AUTH_ERR },
	{ "NO_RHOST", "alice", NULL, "", NETWORK, WHOLE, 0, PAM_AUTH_ERR },
	{ "FORBIDDEN_IP", "alice", "198.51.100.7", "", NETWORK, WHOLE, 0,
	    PAM_AUTH_ERR },
	{ "SCOPE_MISSING", "alice", NULL, "scope=read", PLAIN, WHOLE, 0, PAM_AUTH_ERR },
	{ "option", "alice", NULL, "bad_option", PLAIN, WHOLE, 0, PAM_SERVICE_ERR },
	{ NO_STORE, "alice", NULL, "", PLAIN, WHOLE, 0, PAM_AUTHINFO_UNAVAIL },
};

/* The token as this verdict wants it. */
static void
spoil(const struct verdict *v, char text[128])
{
	snprintf(text, 128, "%s",
	    v->key == KEYS          ? "ak_7QxR2mNdA1b2C3d4E5f6G7h8J9k2LmNoPqR7MhWNX"
	    : v->spoilt == PASSWORD ? "an ordinary password"
				    : tokens[v->key]);
	if (v->spoilt == SECRET || v->spoilt == TYPO)
		text[30] = text[30] == 'x' ? 'y' : 'x';
	if (v->spoilt == SECRET)
		ak_token_checksum(text, strlen(text) - AK_CHECKSUM_LEN,
		    text + strlen(text) - AK_CHECKSUM_LEN);
}

/* A whole transaction, with all phases. */
static void
transact(struct host *h, const struct verdict *v)
{
	pam_handle_t *pamh;
	char text[128];
	int rc;

	spoil(v, text);
	h->rhost = v->rhost;
	h->talk.answer.text = text;
	h->talk.user = "alice";
	host_set_time(v->now != 0 ? v->now : FX_NOW);
	host_log_clear();
	pamh = host_start(h, "test", v->user);
	assert_pam(rc = pam_authenticate(pamh, 0), v->code);
	if (rc == PAM_SUCCESS)
		assert_pam(rc = pam_acct_mgmt(pamh, 0), PAM_SUCCESS);
	pam_setcred(pamh, PAM_ESTABLISH_CRED);
	pam_open_session(pamh, 0);
	pam_close_session(pamh, 0);
	pam_end(pamh, rc);
	if (!host_log_has(v->reason))
		fail_msg(
		    "the log does not say %s: %s", v->reason, host_log_at(0)->text);
}

/* Nothing of this is what a program starts with. */
static void
set_up_a_host(struct host *h)
{
	struct itimerval timer = { { 100000, 0 }, { 100000, 0 } };
	sigset_t set;

	umask(0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGXFSZ);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR2);
	raise(SIGXFSZ); /* one of the host's own, which must stay */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
	setlocale(LC_ALL, "C.UTF-8");
	prctl(PR_SET_NAME, "a host");
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	assert_int_equal(chdir(h->fx->folder), 0);
}

/* Last in this program: what is set up here stays. */
static void
a_host_finds_itself_as_it_was_after_each_verdict_R12_R13(void **state)
{
	struct host *h = *state;

	issue_all(h);
	set_up_a_host(h);
	for (size_t i = 0; i < FX_COUNT(verdicts); i++) {
		const struct verdict *v = &verdicts[i];
		char *before, *after;

		if (strcmp(v->reason, NO_STORE) == 0)
			assert_int_equal(unlink(h->fx->store), 0);
		host_options(h, "required", v->options);
		transact(h, v); /* the first one loads the libraries */
		before = look();
		transact(h, v);
		transact(h, v);
		after = look();
		assert_same(before, after, v->reason);
		free(before);
		free(after);
	}
}

static void
a_change_of_the_host_is_seen(void **state)
{
	char *before, *after;
	mode_t mask;

	(void)state;
	before = look();
	mask = umask(0123);
	after = look();
	umask(mask);
	assert_string_not_equal(before, after);
	free(after);
	after = look();
	assert_same(before, after, "as before");
	free(before);
	free(after);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(a_change_of_the_host_is_seen),
		HOST_TEST(a_host_finds_itself_as_it_was_after_each_verdict_R12_R13),
	};

	return cmocka_run_group_tests_name("traces", tests, NULL, NULL);
}
