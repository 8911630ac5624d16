/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "trusted.h"
#include "turn.h"

#define STILL_MS 1000 /* when nothing has moved for so long, somebody is stopped */
#define LOOK_MS 500 /* how often it is looked anyway, when no event comes */
#define BLIND_MS 20 /* and where there are no events */

/* One who waits. */
struct waiter {
	const char *path;
	int fd; /* of the file: has the place, and the lock in the end */
	off_t place; /* 0: none is to be had, and it goes without */
	int watch; /* of what others close, -1: none */
	int64_t since, until; /* ms: the wait */
	int64_t moved; /* ms: when somebody closed the file */
};

static int64_t
clock_ms(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct flock
bytes(short type, off_t start, off_t len)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = len
	};
}

/*
 * The first place behind all that are taken. Locks are found in no order: it is looked
 * behind each, and one that somebody else has just taken is one more.
 */
static off_t
take_place(int fd)
{
	struct flock found, one;

	for (off_t place = AK_TURN_MERGE + 1;; place = found.l_start + found.l_len) {
		found = bytes(F_WRLCK, place, 0);
		if (fcntl(fd, F_OFD_GETLK, &found) != 0)
			return 0;
		if (found.l_type == F_UNLCK) {
			one = found = bytes(F_WRLCK, place, 1);
			if (fcntl(fd, F_OFD_SETLK, &one) == 0)
				return place;
			if (errno != EAGAIN && errno != EACCES)
				return 0;
		} else if (found.l_len == 0)
			return 0; /* all bytes: a merge of an authkey without places */
	}
}

/*
 * Whether to pass those before. Those who give up close the file, too: as long as some
 * do, all is in motion, and one that is stopped would hold up everybody.
 */
static bool
may_pass(const struct waiter *w, int64_t now)
{
	return now - w->moved >= STILL_MS || now - w->since >= w->until - now;
}

/* Take the lock if it is this one's turn; false with errno. */
static bool
try(const struct waiter *w, int64_t now)
{
	struct flock before = bytes(F_WRLCK, AK_TURN_MERGE + 1, w->place - 1);

	if (!may_pass(w, now) && w->place > 1 &&
	    fcntl(w->fd, F_OFD_SETLK, &before) != 0)
		return false;
	return flock(w->fd, LOCK_EX | LOCK_NB) == 0;
}

/* The end of a turn closes the file. */
static int
open_watch(const char *path)
{
	int watch = ak_above_standard_streams(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));

	if (watch >= 0 && inotify_add_watch(watch, path, IN_CLOSE_WRITE) < 0) {
		close(watch);
		watch = -1;
	}
	return watch;
}

/*
 * Until somebody closes the file, or it is time to look: soon after that, since the
 * locks of one who was killed go a moment after his descriptors, and then more and more
 * seldom.
 */
static void
wait_for_move(struct waiter *w, int64_t now)
{
	int64_t most = w->watch >= 0 ? LOOK_MS : BLIND_MS, ms = now - w->moved + 1;
	struct pollfd p = { .fd = w->watch, .events = POLLIN };
	char events[4096];

	ms = ms < most ? ms : most;
	ms = ms < w->until - now ? ms : w->until - now;
	if (poll(&p, 1, (int)ms) <= 0)
		return;
	while (read(w->watch, events, sizeof(events)) > 0)
		;
	w->moved = clock_ms();
}

/* The process that has `file` locked by a line of /proc/locks (proc(5)), or 0. */
static int
holder_in(char *line, const char *file)
{
	char *field[6] = { NULL }, *rest = NULL;

	for (size_t i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		field[i] = strtok_r(i == 0 ? line : NULL, " ", &rest);
	if (field[5] == NULL || strcmp(field[1], "FLOCK") != 0 ||
	    strcmp(field[3], "WRITE") != 0 || strcmp(field[5], file) != 0)
		return 0;
	return (int)strtol(field[4], NULL, 10);
}

/*
 * The process that has the lock, or 0. Better none than a wrong one: a filesystem may
 * tell stat(2) another device than the kernel knows, and who took the lock may be gone
 * when a process that it has made has the file open.
 */
static int
find_holder(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], file[64];
	struct stat st;
	int holder = 0;

	if (locks == NULL)
		return 0;
	if (fstat(fd, &st) == 0) {
		snprintf(file, sizeof(file), "%02x:%02x:%ju", major(st.st_dev),
		    minor(st.st_dev), (uintmax_t)st.st_ino);
		while (holder == 0 && fgets(line, sizeof(line), locks) != NULL)
			holder = holder_in(line, file);
	}
	fclose(locks);
	return holder > 0 && (kill(holder, 0) == 0 || errno == EPERM) ? holder : 0;
}

static enum ak_code
give_up(const struct waiter *w, struct ak_error *error)
{
	int holder = find_holder(w->fd);
	int64_t seconds = (clock_ms() - w->since) / 1000;

	if (holder > 0)
		return ak_fail(error, AK_E_STORE,
		    "%s: another authkey command is at work for more than %lld "
		    "seconds, process %d; see what it is: ps -fp %d; if it is stuck: "
		    "kill -9 %d",
		    w->path, (long long)seconds, holder, holder, holder);
	return ak_fail(error, AK_E_STORE,
	    "%s: another authkey command is at work for more than %lld seconds; see "
	    "who holds it: fuser -v %s",
	    w->path, (long long)seconds, w->path);
}

static enum ak_code
wait_for_turn(struct waiter *w, int patience, struct ak_error *error)
{
	int64_t now = clock_ms();

	w->since = w->moved = now;
	w->until = now + patience;
	w->place = take_place(w->fd);
	for (bool waits = false; !try(w, now); waits = true) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return ak_fail_errno(error, w->path, "");
		if (!waits) /* and what was closed before that is seen at once */
			w->watch = open_watch(w->path);
		else if (now >= w->until)
			return give_up(w, error);
		else
			wait_for_move(w, now);
		now = clock_ms();
	}
	return AK_OK;
}

enum ak_code
ak_turn_take(const char *path, int patience, int *fd, struct ak_error *error)
{
	struct waiter w = { .path = path, .watch = -1 };
	enum ak_code code;

	*fd = -1;
	w.fd = ak_above_standard_streams(
	    open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
	if (w.fd < 0)
		return ak_fail_errno(error, path, "");
	fchmod(w.fd, 0600); /* whatever the umask took away: SECURITY R24 */
	if ((code = wait_for_turn(&w, patience, error)) == AK_OK)
		*fd = w.fd;
	else
		ak_turn_give(&w.fd);
	if (w.watch >= 0)
		close(w.watch);
	return code;
}

/*
 * Not by closing it alone: a host may have made another process meanwhile, which has
 * the file open as well. And those who wait wake up when it is closed, after that.
 */
void
ak_turn_give(int *fd)
{
	struct flock all = bytes(F_UNLCK, 0, 0);

	if (*fd < 0)
		return;
	flock(*fd, LOCK_UN);
	fcntl(*fd, F_OFD_SETLK, &all);
	close(*fd);
	*fd = -1;
}
