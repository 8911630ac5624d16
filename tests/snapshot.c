/* SPDX-License-Identifier: BSD-2-Clause */
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

#include "crc32.h"
#include "snapshot.h"

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
	unsigned held;
	stack_t stack;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (int sig = 1; sig <= 64; sig++) {
		if (sigaction(sig, NULL, &action) != 0)
			continue; /* the C library's own */
		held = 0;
		for (int other = 1; other <= 64; other++)
			held += sigismember(&action.sa_mask, other) == 1;
		fprintf(to, "signal %d: %p flags %x holding %u%s%s\n", sig,
		    (void *)(uintptr_t)action.sa_handler, (unsigned)action.sa_flags,
		    held, sigismember(&blocked, sig) == 1 ? " blocked" : "",
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
	fprintf(to, "environment at %p\n", (void *)environ);
	for (char **e = environ; *e != NULL; e++)
		fprintf(to, "environment: %s\n", *e);
}

/* What the kernel tells of this process: these lines, and its children. */
static void
look_at_kernel(FILE *to)
{
	static const char *const words[] = { "TracerPid:", "Groups:", "NSpgid:",
		"NSsid:", "VmLck:", "VmPin:", "CapInh:", "CapPrm:", "CapEff:",
		"CapBnd:", "CapAmb:", "Seccomp:", "Cpus_allowed_list:" };
	FILE *status = fopen("/proc/self/status", "re");
	FILE *children = fopen("/proc/thread-self/children", "re");
	char line[1024];

	assert_non_null(status);
	while (fgets(line, sizeof(line), status) != NULL)
		for (size_t i = 0; i < FX_COUNT(words); i++)
			if (strncmp(line, words[i], strlen(words[i])) == 0)
				fputs(line, to);
	fclose(status);
	/* Not every kernel has it. */
	if (children != NULL && fgets(line, sizeof(line), children) != NULL)
		fprintf(to, "children: %s\n", line);
	if (children != NULL)
		fclose(children);
}

/* Each file that is mapped, by its name. */
static void
look_at_mappings(FILE *to)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128], last[PATH_MAX + 128] = "";
	const char *name;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		if ((name = strchr(line, '/')) == NULL || strcmp(name, last) == 0)
			continue;
		strcpy(last, name);
		fprintf(to, "mapped: %s", name);
	}
	fclose(maps);
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
static const char *const still[] = {
#ifndef COVERING /* there the modules' memory has the counts of lines, too */
	"/pam_authkey.so", "/pam_authkey_passwd.so",
#endif
	"/libsodium.so", "/libpam.so"
};

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

char *
snapshot_take(enum snapshot_part part)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	assert_non_null(to);
	look_at_signals(to);
	look_at_limits(to);
	look_at_process(to);
	look_at_kernel(to);
	look_at_entries(to, "/proc/self/fd", true);
	look_at_entries(to, "/proc/self/task", false);
	if (part == SNAPSHOT_ALL) {
		look_at_mappings(to);
		dl_iterate_phdr(look_at_object, to);
	}
	fclose(to);
	return text;
}

void
snapshot_assert_still(enum snapshot_part part, const char *before, const char *when)
{
	char *now = snapshot_take(part);
	const char *after = now;

	while (*before != '\0' || *after != '\0') {
		size_t a = strcspn(before, "\n"), b = strcspn(after, "\n");

		if (a != b || memcmp(before, after, a) != 0)
			fail_msg("%s: \"%.*s\" was \"%.*s\"", when, (int)b, after,
			    (int)a, before);
		before += a + (before[a] != '\0');
		after += b + (after[b] != '\0');
	}
	free(now);
}

void
snapshot_set_up(const struct host *h)
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

/* What a conversation is to find. */
static const char *expected;

static void
look_again(void *context)
{
	(void)context;
	snapshot_assert_still(SNAPSHOT_ALL, expected, "while the client answers");
}

static int
look_again_while_shown(void *context)
{
	look_again(context);
	return PAM_SUCCESS;
}

void
snapshot_watch(struct host *h, const char *before)
{
	expected = before;
	h->talk.before = look_again;
	h->talk.shown = look_again_while_shown;
}

void
snapshot_unwatch(struct host *h)
{
	h->talk.before = NULL;
	h->talk.shown = NULL;
}
