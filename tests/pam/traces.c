/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * All that a host can see of itself is the same before and after a login, whatever
 * became of the login: SECURITY R12 and R13.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <syslog.h>
#include <unistd.h>

#include "../snapshot.h"

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
	{ "usage is not recorded", "alice", NULL, "usage_dir=/nonexistent", PLAIN,
	    WHOLE, 0, PAM_SUCCESS },
	{ "/nonexistent", "alice", NULL, "usage=required usage_dir=/nonexistent", PLAIN,
	    WHOLE, 0, PAM_AUTHINFO_UNAVAIL },
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

/* The first login loads libraries, and changes nothing else. */
static void
load(struct host *h)
{
	char *before = snapshot_take(SNAPSHOT_PROCESS);

	transact(h, &verdicts[0]);
	snapshot_assert_still(SNAPSHOT_PROCESS, before, "the first login");
	free(before);
}

static void
a_host_finds_itself_as_it_was_after_each_verdict_R12_R13(void **state)
{
	struct host *h = *state;
	char *before;

	issue_all(h);
	/* No other module, which libpam would load and unload. */
	host_service(h, "other", "session required @M@\n");
	load(h);
	before = snapshot_take(SNAPSHOT_ALL);
	for (size_t i = 0; i < FX_COUNT(verdicts); i++) {
		const struct verdict *v = &verdicts[i];

		if (strcmp(v->reason, NO_STORE) == 0)
			assert_int_equal(unlink(h->fx->store), 0);
		host_options(h, "required", v->options);
		transact(h, v);
		snapshot_watch(h, before);
		transact(h, v);
		snapshot_unwatch(h);
		snapshot_assert_still(SNAPSHOT_ALL, before, v->reason);
	}
	free(before);
}

/* Last in this program: what is set up here stays. */
static void
a_host_that_has_set_all_of_it_otherwise_finds_it_so_R13(void **state)
{
	snapshot_set_up(*state);
	a_host_finds_itself_as_it_was_after_each_verdict_R12_R13(state);
}

/* What must be seen, or the tests above would hold nothing. */
static bool
take_a_signal(void)
{
	return signal(SIGUSR1, SIG_IGN) != SIG_ERR;
}

static bool
hold_a_signal(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	return sigprocmask(SIG_BLOCK, &set, NULL) == 0;
}

static bool
take_a_signal_stack(void)
{
	static char memory[65536];
	const stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };

	return sigaltstack(&stack, NULL) == 0;
}

static bool
set_umask(void)
{
	umask(0123);
	return true;
}

static bool
change_folder(void)
{
	return chdir("/proc") == 0;
}

static bool
change_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur--;
	return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static bool
change_environment(void)
{
	return setenv("PATH", "/nonexistent", 1) == 0;
}

static bool
start_a_timer(void)
{
	const struct itimerval timer = { { 999, 0 }, { 999, 0 } };

	return setitimer(ITIMER_VIRTUAL, &timer, NULL) == 0;
}

static bool
change_locale(void)
{
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL;
}

static bool
speak_to_syslog(void)
{
	openlog("other", LOG_PID, LOG_USER);
	return true;
}

static bool
open_a_file(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool
change_a_descriptor(void)
{
	return fcntl(STDERR_FILENO, F_SETFD, FD_CLOEXEC) == 0;
}

static bool
close_a_descriptor(void)
{
	return close(STDIN_FILENO) == 0;
}

static void *
wait_for_ever(void *context)
{
	pause();
	return context;
}

static bool
start_a_thread(void)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, wait_for_ever, NULL) == 0;
}

static bool
start_a_child(void)
{
	int pid = fork();

	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool
map_a_file(void)
{
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	void *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	close(fd);
	return at != MAP_FAILED;
}

static bool
load_a_library(void)
{
	return dlopen("libutil.so.1", RTLD_NOW) != NULL;
}

static bool
lock_memory(void)
{
	static char memory[4096];

	/* A sanitizer has one of its own, which does nothing. */
	return !FX_SANITIZED && mlock(memory, sizeof(memory)) == 0;
}

static bool
drop_a_capability(void)
{
	return prctl(PR_CAPBSET_DROP, 0, 0, 0, 0) == 0;
}

static bool
lead_a_session(void)
{
	return setsid() > 0;
}

static const struct {
	const char *name;
	bool (*fn)(void);
} changes[] = {
	{ "a signal is taken", take_a_signal },
	{ "a signal is held", hold_a_signal },
	{ "a signal stack", take_a_signal_stack },
	{ "umask", set_umask },
	{ "folder", change_folder },
	{ "limit", change_limit },
	{ "environment", change_environment },
	{ "timer", start_a_timer },
	{ "locale", change_locale },
	{ "openlog", speak_to_syslog },
	{ "a file is opened", open_a_file },
	{ "a descriptor is changed", change_a_descriptor },
	{ "a descriptor is closed", close_a_descriptor },
	{ "a thread", start_a_thread },
	{ "a child", start_a_child },
	{ "a file is mapped", map_a_file },
	{ "a library is loaded", load_a_library },
	{ "memory is locked", lock_memory },
	{ "a capability is dropped", drop_a_capability },
	{ "a session is led", lead_a_session },
};

enum { SEEN, NOT_SEEN, NOT_POSSIBLE };

static int
see(void *context)
{
	const size_t *i = context;
	char *before = snapshot_take(SNAPSHOT_ALL), *after = NULL;
	int answer = NOT_POSSIBLE;

	if (changes[*i].fn()) {
		after = snapshot_take(SNAPSHOT_ALL);
		answer = strcmp(before, after) != 0 ? SEEN : NOT_SEEN;
	}
	free(before);
	free(after);
	return answer;
}

static void
each_change_of_a_host_is_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < FX_COUNT(changes); i++)
		switch (fx_wait(fx_spawn(see, &i))) {
		case SEEN:
			break;
		case NOT_POSSIBLE:
			print_message("# not possible here: %s\n", changes[i].name);
			break;
		default:
			fail_msg("not seen: %s", changes[i].name);
		}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		HOST_TEST(each_change_of_a_host_is_seen),
		HOST_TEST(a_host_finds_itself_as_it_was_after_each_verdict_R12_R13),
		HOST_TEST(a_host_that_has_set_all_of_it_otherwise_finds_it_so_R13),
	};

	return cmocka_run_group_tests_name("traces", tests, NULL, NULL);
}
