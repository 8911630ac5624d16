/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: killer TOOL LOGIN CONFDIR KILLS SEED <KEYS
 *
 * Administrators and clients, a pair for each line "ID TOKEN" of standard input, work
 * at once: they enable, disable, edit and create keys with TOOL, publish and fold, and
 * log in with LOGIN at the stack CONFDIR/api. One of them after the other is killed, at
 * any moment, KILLS of them in all. A login must be answered as the last command that
 * said it was done has left the key; after a command that was killed, as before it or
 * as after.
 *
 * Prints a line for each key: its id, the states that it may be in, and the
 * descriptions: "ID enabled|disabled|either TEXT|TEXT"; and then "sum KILLS CHANGES
 * LOGINS UNSURE", where UNSURE logins were killed and may have been let in. Exit 1 on a
 * wrong answer, 2 on trouble of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16 /* pairs */
#define TOKEN 64
#define LIMIT_S 600 /* not longer than this, however slow */

enum work { LOGIN, ENABLE, DISABLE, EDIT, CREATE, PUBLISH, FOLD, WORKS };

/* What is known of a key. */
struct state {
	bool enabled;
	unsigned text;
};

struct pair {
	char id[16], token[TOKEN];
	struct state was, is; /* the same unless a command was killed */
	enum work work;
	struct state wanted;
	pid_t pid; /* 0: idle */
	int out; /* what it prints */
	bool killed;
};

static struct {
	const char *tool, *login, *confdir;
	struct pair pairs[MOST];
	unsigned count, kills, changes, logins, unsure, texts;
	uint64_t seed;
	bool wrong;
} all;

static unsigned
draw(unsigned below)
{
	all.seed = all.seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(all.seed >> 33) % below;
}

static int64_t
microseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static void
give_up(const char *what)
{
	fprintf(stderr, "killer: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* Start what the pair does next; its input is the token. */
static void
start(struct pair *p, const char *const argv[])
{
	int in[2], out[2];
	size_t len = strlen(p->token);

	if (pipe(in) != 0 || pipe(out) != 0 || (p->pid = fork()) < 0)
		give_up("fork");
	if (p->pid == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		if (p->work == LOGIN)
			dup2(out[1], STDERR_FILENO);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(2);
	}
	/* It may have been killed before it reads. */
	if (write(in[1], p->token, len) != (ssize_t)len || write(in[1], "\n", 1) != 1)
		give_up("write");
	close(in[0]);
	close(in[1]);
	close(out[1]);
	p->out = out[0];
}

static void
next(struct pair *p)
{
	static const enum work often[] = { LOGIN, LOGIN, LOGIN, ENABLE, DISABLE,
		DISABLE, ENABLE, EDIT, EDIT, CREATE, PUBLISH, FOLD };
	char text[32], name[32];
	const char *lines[WORKS][10] = {
		[LOGIN] = { all.login, all.confdir, "api", "alice", "192.0.2.7" },
		[ENABLE] = { all.tool, "-q", "enable", p->id },
		[DISABLE] = { all.tool, "-q", "disable", p->id },
		[EDIT] = { all.tool, "-q", "edit", p->id, "-d", text },
		[CREATE] = { all.tool, "-q", "create", name, "--owner", "alice", "-d",
		    text },
		[PUBLISH] = { all.tool, "-q", "publish" },
		[FOLD] = { all.tool, "-q", "fold" },
	};

	p->work = often[draw(sizeof(often) / sizeof(often[0]))];
	p->wanted = p->is;
	p->killed = false;
	if (p->work == ENABLE || p->work == DISABLE)
		p->wanted.enabled = p->work == ENABLE;
	/* One that was killed is tried again, so that there are never more than two. */
	if (p->work == CREATE || (p->work == EDIT && p->was.text == p->is.text))
		p->wanted.text = ++all.texts;
	snprintf(text, sizeof(text), "%u", p->wanted.text);
	snprintf(name, sizeof(name), "made %u", p->wanted.text);
	start(p, lines[p->work]);
}

/* A login that was answered. */
static void
judge_login(const struct pair *p, int code, const char *said)
{
	bool sure = p->was.enabled == p->is.enabled;

	if (code > 1 || (sure && (code == 0) != p->is.enabled)) {
		fprintf(stderr, "killer: key %s is %s: exit %d, %s\n", p->id,
		    p->is.enabled ? "enabled" : "disabled", code, said);
		all.wrong = true;
	}
	all.logins += code == 0;
}

static void
judge_change(struct pair *p, int code, const char *said)
{
	if (code != 0) {
		fprintf(stderr, "killer: work %d on key %s: exit %d\n", (int)p->work,
		    p->id, code);
		all.wrong = true;
		return;
	}
	all.changes++;
	if (p->work == CREATE) {
		snprintf(
		    p->token, sizeof(p->token), "%.*s", (int)strcspn(said, "\n"), said);
		snprintf(p->id, sizeof(p->id), "%.8s", p->token + 3);
		p->wanted.enabled = true;
	}
	/* Publishing and folding say nothing of this key. */
	if (p->work == ENABLE || p->work == DISABLE || p->work == CREATE)
		p->was.enabled = p->is.enabled = p->wanted.enabled;
	if (p->work == EDIT || p->work == CREATE)
		p->was.text = p->is.text = p->wanted.text;
}

/* It is not known whether it was done: `was` is one state, `is` another. */
static void
judge_killed(struct pair *p)
{
	all.kills++;
	all.unsure += p->work == LOGIN;
	if ((p->work == ENABLE || p->work == DISABLE) &&
	    p->was.enabled == p->is.enabled)
		p->is.enabled = p->wanted.enabled;
	if (p->work == EDIT)
		p->is.text = p->wanted.text;
}

static void
end(struct pair *p, int status)
{
	char said[4096];
	ssize_t n = read(p->out, said, sizeof(said) - 1);

	said[n > 0 ? n : 0] = '\0';
	close(p->out);
	p->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && p->killed)
		judge_killed(p);
	else if (p->work == LOGIN)
		judge_login(p, WIFEXITED(status) ? WEXITSTATUS(status) : 99, said);
	else
		judge_change(p, WIFEXITED(status) ? WEXITSTATUS(status) : 99, said);
}

/* Wait for those who have ended; how many are at work. */
static unsigned
reap(void)
{
	unsigned working = 0;

	for (unsigned i = 0; i < all.count; i++) {
		struct pair *p = &all.pairs[i];
		int status;

		if (p->pid != 0 && waitpid(p->pid, &status, WNOHANG) == p->pid)
			end(p, status);
		working += p->pid != 0;
	}
	return working;
}

static void
kill_one(void)
{
	struct pair *p = &all.pairs[draw(all.count)];

	if (p->pid != 0 && !p->killed) {
		p->killed = true;
		kill(p->pid, SIGKILL);
	}
}

/* Work and kill until it is enough. False when that took too long. */
static bool
work(unsigned kills)
{
	static const struct timespec pause = { 0, 500000 };
	int64_t begin = microseconds(), next_kill = begin;

	while (all.kills < kills && !all.wrong) {
		int64_t now = microseconds();

		reap();
		for (unsigned i = 0; i < all.count; i++)
			if (all.pairs[i].pid == 0)
				next(&all.pairs[i]);
		if (now >= next_kill) {
			kill_one();
			next_kill = now + draw(20000);
		}
		if (now - begin > LIMIT_S * INT64_C(1000000))
			return false;
		nanosleep(&pause, NULL);
	}
	while (reap() > 0)
		nanosleep(&pause, NULL);
	return true;
}

static void
tell(void)
{
	for (unsigned i = 0; i < all.count; i++) {
		const struct pair *p = &all.pairs[i];

		printf("%s %s %u|%u\n", p->id,
		    p->was.enabled != p->is.enabled ? "either"
		    : p->is.enabled                 ? "enabled"
						    : "disabled",
		    p->was.text, p->is.text);
	}
	printf("sum %u %u %u %u\n", all.kills, all.changes, all.logins, all.unsure);
}

int
main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: killer TOOL LOGIN CONFDIR KILLS SEED <KEYS\n");
		return 2;
	}
	all.tool = argv[1];
	all.login = argv[2];
	all.confdir = argv[3];
	all.seed = strtoull(argv[5], NULL, 10);
	while (all.count < MOST && scanf("%15s %63s", all.pairs[all.count].id,
				       all.pairs[all.count].token) == 2) {
		all.pairs[all.count].was.enabled = true;
		all.pairs[all.count++].is.enabled = true;
	}
	signal(SIGPIPE, SIG_IGN);
	if (all.count == 0 || !work((unsigned)strtoul(argv[4], NULL, 10))) {
		fprintf(stderr, "killer: %u kills, and no more time\n", all.kills);
		return 2;
	}
	tell();
	return all.wrong ? 1 : 0;
}
