/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lines.h"

/* read(2) that is not interrupted. */
static ssize_t
read_some(int fd, void *to, size_t size)
{
	ssize_t n;

	while ((n = read(fd, to, size)) < 0 && errno == EINTR)
		;
	return n;
}

static bool
write_all(int fd, const char *bytes, size_t len)
{
	ssize_t n;

	for (size_t done = 0; done < len; done += (size_t)n)
		if ((n = write(fd, bytes + done, len - done)) < 0)
			return false;
	return true;
}

/* A file of nobody else's, without a name. */
static int
make_nameless(const struct ak_paths *paths)
{
	char path[sizeof(paths->master_folder) + 16];
	int fd;

	snprintf(path, sizeof(path), "%s/lines.XXXXXX", paths->master_folder);
	if ((fd = mkostemp(path, O_CLOEXEC)) >= 0)
		unlink(path);
	return fd;
}

/* All that comes from `l->fd` into a file of ours, which is read in its place. */
static bool
spool(struct cli *cli, struct lines *l, const char *name)
{
	const struct ak_paths *paths = ak_master_paths(cli->master);
	int to = make_nameless(paths);
	const char *failing = paths->master_folder;
	bool done = to >= 0;
	ssize_t n = 1;

	while (done && n > 0) {
		n = read_some(l->fd, l->buffer, sizeof(l->buffer));
		if (n < 0)
			failing = name;
		done = n >= 0 && write_all(to, l->buffer, (size_t)n);
	}
	sodium_memzero(l->buffer, sizeof(l->buffer));
	if (done && lseek(to, 0, SEEK_SET) == 0) {
		close(l->fd);
		l->fd = to;
		return true;
	}
	ak_fail_errno(&cli->error, failing, "");
	if (to >= 0)
		close(to);
	return false;
}

bool
lines_open(struct cli *cli, const char *path, struct lines *l)
{
	bool is_stdin = path == NULL || strcmp(path, "-") == 0;
	const char *name = is_stdin ? "stdin" : path;
	struct stat st;

	memset(l, 0, sizeof(*l));
	crypto_generichash_init(&l->hash, NULL, 0, 32);
	l->fd =
	    is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (l->fd < 0 || fstat(l->fd, &st) != 0) {
		if (errno == ENOENT)
			ak_fail(&cli->error, AK_E_NOT_FOUND,
			    "%s: there is no such file", name);
		else
			ak_fail_errno(&cli->error, name, "");
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		ak_fail(&cli->error, AK_E_USAGE, "%s: is a folder", name);
		return false;
	}
	if (!S_ISREG(st.st_mode) && (!spool(cli, l, name) || fstat(l->fd, &st) != 0))
		return false;
	l->size = st.st_size;
	return true;
}

/* More into the buffer, which has room when what was given is moved out. */
static bool
fill(struct lines *l)
{
	ssize_t n;

	memmove(l->buffer, l->buffer + l->begin, l->end - l->begin);
	l->end -= l->begin;
	l->begin = 0;
	n = read_some(l->fd, l->buffer + l->end, sizeof(l->buffer) - l->end);
	if (n < 0)
		return false;
	l->ended = n == 0;
	crypto_generichash_update(
	    &l->hash, (const unsigned char *)l->buffer + l->end, (size_t)n);
	l->end += (size_t)n;
	l->bytes += n;
	return true;
}

enum lines_answer
lines_next(struct lines *l, const char **line, size_t *len)
{
	size_t looked = 0;
	char *newline;

	for (;;) {
		*line = l->buffer + l->begin;
		*len = l->end - l->begin;
		newline = memchr(*line + looked, '\n', *len - looked);
		if (newline != NULL || l->ended)
			break;
		if (*len == sizeof(l->buffer)) {
			l->number++;
			return LINES_TOO_LONG;
		}
		looked = *len;
		if (!fill(l))
			return LINES_FAILED;
	}
	if (newline == NULL && *len == 0)
		return LINES_END;
	l->number++;
	if (newline != NULL)
		*len = (size_t)(newline - *line);
	l->begin += *len + (newline != NULL);
	return LINES_ONE;
}

void
lines_hash(struct lines *l, char text[LINES_HASH_TEXT])
{
	unsigned char hash[32];

	crypto_generichash_final(&l->hash, hash, sizeof(hash));
	sodium_bin2hex(text, LINES_HASH_TEXT, hash, sizeof(hash));
}

void
lines_close(struct lines *l)
{
	if (l->fd >= 0)
		close(l->fd);
	sodium_memzero(l->buffer, sizeof(l->buffer));
}
