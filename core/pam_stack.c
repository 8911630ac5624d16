/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pam_words.h"

/* gcc 12's analyzer takes what an array keeps that has grown for lost. */
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

/* libpam has no such limits: it crashes over a file that includes itself. */
#define DEPTH_MAX 64
#define LINES_MAX 4096
#define FILES_MAX 4096 /* each as often as it is included */
#define ARGUMENTS_MAX 512

#define ANY_PHASE AK_PAM_PHASES

/* One reading of a service, or of "other". */
struct reading {
	struct ak_pam_service *service;
	struct ak_pam_stack *stacks; /* where lines go, by phase */
	const struct ak_pam_source *source;
	bool no_memory;
};

/* A file that is being read, and what for. */
struct part {
	const char *file;
	struct ak_pam_text text;
	unsigned phase; /* lines of this one alone, or ANY_PHASE */
	unsigned depth; /* of files */
	unsigned level; /* of substacks */
	const char *only; /* in one file for all: the service whose lines count */
};

static bool read_file(
    struct reading *r, const char *name, enum ak_pam_named how, struct part part);

/* Say what is wrong, once. */
__attribute__((format(printf, 3, 4))) static void
note(struct reading *r, const struct part *p, const char *format, ...)
{
	struct ak_pam_service *s = r->service;
	va_list args;
	int n;

	if (s->why[0] != '\0')
		return;
	n = snprintf(s->why, sizeof(s->why), "%.300s:%u: ", p->file, p->text.number);
	va_start(args, format);
	vsnprintf(s->why + n, sizeof(s->why) - (size_t)n, format, args);
	va_end(args);
}

/* libpam would refuse the whole service. Always false. */
static bool
refuse(struct reading *r, const struct part *p, const char *why)
{
	note(r, p, "%s", why);
	r->service->broken = true;
	return false;
}

static bool
out_of_memory(struct reading *r)
{
	r->no_memory = true;
	return false;
}

/* A name that lives as long as the service. */
static const char *
keep_name(struct reading *r, const char *path)
{
	struct ak_pam_service *s = r->service;
	char **more = reallocarray(s->files, s->file_count + 1, sizeof(*more));

	if (more == NULL)
		return NULL;
	s->files = more;
	if ((more[s->file_count] = strdup(path)) == NULL)
		return NULL;
	return more[s->file_count++];
}

/* The arguments, which are the words that are left of a line. */
static bool
take_arguments(struct ak_pam_line *line, char *rest)
{
	const char *argv[ARGUMENTS_MAX];
	char *word;

	while (line->argc < ARGUMENTS_MAX && (word = ak_pam_next_word(&rest)) != NULL)
		argv[line->argc++] = word;
	line->argv = calloc((size_t)line->argc + 1, sizeof(*argv));
	if (line->argv == NULL)
		return false;
	memcpy(line->argv, argv, (size_t)line->argc * sizeof(*argv));
	return true;
}

/* Put a line at the end of the stack of its phase. NULL when that is impossible. */
static struct ak_pam_line *
add(struct reading *r, const struct part *p, unsigned phase, enum ak_pam_kind kind)
{
	struct ak_pam_stack *stack = &r->stacks[phase];
	struct ak_pam_line *more = stack->lines, *line;
	size_t count = stack->count;

	if (count >= LINES_MAX) {
		refuse(r, p, "the stack has too many lines");
		return NULL;
	}
	/* The room is a power of two, and doubles when it is full. */
	if ((count & (count - 1)) == 0)
		more = reallocarray(more, count > 0 ? 2 * count : 1, sizeof(*more));
	if (more == NULL) {
		out_of_memory(r);
		return NULL;
	}
	stack->lines = more;
	line = &more[stack->count++];
	*line = (struct ak_pam_line){ .kind = kind,
		.level = p->level,
		.file = p->file,
		.number = p->text.number };
	return line;
}

/* A line that fails, and why; libpam goes on behind it, as `control` says. */
static bool
add_broken(struct reading *r, const struct part *p, unsigned phase, const char *control,
    const char *why)
{
	struct ak_pam_line *line = add(r, p, phase, AK_PAM_BROKEN);

	if (line == NULL)
		return false;
	ak_pam_control(control, line->actions);
	return (line->text = strdup(why)) != NULL || out_of_memory(r);
}

/* Files include files, DEPTH_MAX deep. NOLINTBEGIN(misc-no-recursion) */

/* include and substack: what cannot be read becomes a line that fails. */
static bool
include(struct reading *r, const struct part *p, unsigned phase, unsigned deeper,
    const char *name)
{
	struct part inner = {
		.phase = phase, .depth = p->depth + 1, .level = p->level + deeper
	};

	if (name == NULL)
		return refuse(r, p, "a file name is missing; libpam crashes over it");
	if (deeper > 0 && add(r, p, phase, AK_PAM_SUBSTACK) == NULL)
		return false;
	if (p->depth >= DEPTH_MAX)
		return refuse(r, p, "files include each other; libpam crashes over it");
	if (inner.level < AK_PAM_LEVELS && read_file(r, name, AK_PAM_BY_INCLUDE, inner))
		return true;
	return !r->service->broken && !r->no_memory &&
	       add_broken(r, p, phase, "required", "what it includes cannot be read");
}

/*
 * @include, which Debian adds. Of what cannot be read libpam makes the end of the
 * whole service; below an include it makes a line that fails, whose actions it never
 * sets: here they are those of a required one.
 */
static bool
at_include(struct reading *r, const struct part *p, const char *name)
{
	struct part inner = *p;

	if (name == NULL)
		return refuse(r, p, "a file name is missing; libpam crashes over it");
	if (p->depth >= DEPTH_MAX)
		return refuse(r, p, "files include each other; libpam crashes over it");
	inner.depth++;
	inner.only = NULL;
	if (read_file(r, name, AK_PAM_BY_AT_INCLUDE, inner))
		return true;
	note(r, p, "@include %.64s cannot be read", name);
	return p->phase != ANY_PHASE && !r->service->broken && !r->no_memory &&
	       add_broken(
		   r, p, p->phase, "required", "what it includes cannot be read");
}

/* The module of a line, with its arguments. `rest` is what stands behind the control.
 */
static bool
module(struct reading *r, const struct part *p, unsigned phase, const char *control,
    char *rest)
{
	char *text = strdup(rest != NULL ? rest : ""), *at = text;
	const char *name = text != NULL ? ak_pam_next_word(&at) : NULL;
	struct ak_pam_line *line;

	if (text == NULL)
		return out_of_memory(r);
	if (name == NULL) {
		free(text);
		return add_broken(r, p, phase, control, "it names no module");
	}
	if ((line = add(r, p, phase, AK_PAM_MODULE)) == NULL) {
		free(text);
		return false;
	}
	line->text = text;
	line->module = name;
	ak_pam_control(control, line->actions);
	return take_arguments(line, at) || out_of_memory(r);
}

/* The phase that the first word of a line names; false for one that is none. */
static bool
phase_of(const char *word, unsigned *phase)
{
	static const struct {
		const char *word;
		unsigned phase;
	} words[] = { { "auth", AK_PAM_AUTH }, { "account", AK_PAM_ACCOUNT },
		{ "session", ANY_PHASE + 1 }, { "password", ANY_PHASE + 1 } };

	word += *word == '-';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(word, words[i].word) == 0) {
			*phase = words[i].phase;
			return true;
		}
	return false;
}

/* One line of a file. False: libpam reads no further in this file. */
static bool
take_line(struct reading *r, const struct part *p, char *line)
{
	char *rest = line, *word = ak_pam_next_word(&rest);
	unsigned phase;
	bool known;

	if (p->only != NULL && (word == NULL || strcasecmp(word, p->only) != 0))
		return true;
	if (p->only != NULL)
		word = ak_pam_next_word(&rest);
	if (word != NULL && strcasecmp(word + (*word == '-'), "@include") == 0)
		return at_include(r, p, ak_pam_next_word(&rest));
	known = word != NULL && phase_of(word, &phase);
	/* What cannot be read fails where it is looked for, at the top in auth. */
	if (!known)
		phase = p->phase != ANY_PHASE ? p->phase : AK_PAM_AUTH;
	if (phase > ANY_PHASE || (p->phase != ANY_PHASE && phase != p->phase))
		return true;
	if ((word = ak_pam_next_word(&rest)) == NULL)
		return add_broken(r, p, phase, "required", "it has no control word");
	if (strcasecmp(word, "include") == 0)
		return include(r, p, phase, 0, ak_pam_next_word(&rest));
	if (strcasecmp(word, "substack") == 0)
		return include(r, p, phase, 1, ak_pam_next_word(&rest));
	if (!known)
		return add_broken(r, p, phase, word,
		    "it begins with none of auth account session password");
	return module(r, p, phase, word, rest);
}

/* A whole text. False: libpam could not read it, and what came before stays. */
static bool
take_text(struct reading *r, struct part *p)
{
	char line[AK_PAM_LINE_MAX];
	int more;

	while ((more = ak_pam_next_line(&p->text, line)) > 0)
		if (!take_line(r, p, line))
			return false;
	return more == 0;
}

static bool
read_file(struct reading *r, const char *name, enum ak_pam_named how, struct part part)
{
	char path[AK_PAM_PATH];
	char *text = r->source->read(name, how, path, r->source->context);
	bool taken = false;

	if (text == NULL)
		return false;
	part.text = (struct ak_pam_text){ text, 0 };
	part.file = path;
	if (r->service->file_count >= FILES_MAX)
		refuse(r, &part, "too many files are included");
	else if ((part.file = keep_name(r, path)) == NULL)
		out_of_memory(r);
	else
		taken = take_text(r, &part);
	free(text);
	return taken;
}

/* NOLINTEND(misc-no-recursion) */

/* The lines of one service into `stacks`; `there` says whether it has a file. */
static bool
read_service(
    struct reading *r, const char *name, struct ak_pam_stack *stacks, bool *there)
{
	struct part part = { .phase = ANY_PHASE,
		.only = r->source->one_file ? name : NULL };
	struct ak_pam_service *s = r->service;
	size_t files = s->file_count;
	bool taken;

	r->stacks = stacks;
	taken = read_file(r, name, AK_PAM_BY_SERVICE, part);
	*there = s->file_count > files;
	if (*there && !taken && !s->broken) {
		s->broken = true;
		if (s->why[0] == '\0')
			snprintf(s->why, sizeof(s->why),
			    "%.300s: the last line is to go on, or a line is too long",
			    s->files[files]);
	}
	return !r->no_memory;
}

bool
ak_pam_service_read(const char *name, const struct ak_pam_source *source,
    struct ak_pam_service *service)
{
	struct reading r = { .service = service, .source = source };
	bool own, other;

	memset(service, 0, sizeof(*service));
	if (!read_service(&r, name, service->own, &own) ||
	    !read_service(&r, "other", service->other, &other))
		return false;
	if (!own && !other && !service->broken) {
		service->broken = true;
		snprintf(service->why, sizeof(service->why),
		    "there is no file %.64s and no file other", name);
	}
	return true;
}

static void
free_stack(struct ak_pam_stack *stack)
{
	for (size_t i = 0; i < stack->count; i++) {
		free(stack->lines[i].argv);
		free(stack->lines[i].text);
	}
	free(stack->lines);
}

void
ak_pam_service_free(struct ak_pam_service *service)
{
	for (int i = 0; i < AK_PAM_PHASES; i++) {
		free_stack(&service->own[i]);
		free_stack(&service->other[i]);
	}
	for (size_t i = 0; i < service->file_count; i++)
		free(service->files[i]);
	free(service->files);
	memset(service, 0, sizeof(*service));
}

const struct ak_pam_stack *
ak_pam_stack_of(const struct ak_pam_service *service, enum ak_pam_phase phase)
{
	return service->own[phase].count > 0 ? &service->own[phase]
					     : &service->other[phase];
}
