/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PAM stacks. The text is several files: "== NAME" begins one, and the first is the
 * service's. Whatever they say, reading ends, each line says what becomes of each
 * answer, and fewer answers of modules never bring more out of a stack.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pam_judge.h"
#include "pam_stack.h"

#define SERVICE "s"

struct files {
	const char *text;
	unsigned reads;
};

/* "== NAME\n": what stands behind it, and how long; NULL when there is none. */
static const char *
find(const char *text, const char *name, size_t *len)
{
	char head[80];
	const char *at = text, *end;

	snprintf(head, sizeof(head), "== %.64s\n", name);
	if (strcmp(name, SERVICE) == 0 && strncmp(text, "== ", 3) != 0)
		at = text;
	else {
		while ((at = strstr(at, head)) != NULL && at != text && at[-1] != '\n')
			at++;
		if (at == NULL)
			return NULL;
		at += strlen(head);
	}
	end = strstr(at, "\n== ");
	*len = end != NULL ? (size_t)(end - at) + 1 : strlen(at);
	return at;
}

static char *
read_file(
    const char *name, enum ak_pam_named how, char path[AK_PAM_PATH], void *context)
{
	struct files *files = context;
	const char *found;
	size_t len;

	(void)how;
	snprintf(path, AK_PAM_PATH, "/d/%.64s", name);
	files->reads++;
	if (strpbrk(name, "\n") != NULL ||
	    (found = find(files->text, name, &len)) == NULL)
		return NULL;
	return fuzz_copy(found, len);
}

static bool
is_action(int action)
{
	return action >= AK_PAM_DO_RESET && action != AK_PAM_DO_UNDEFINED;
}

static void
check_line(const struct ak_pam_line *line)
{
	FUZZ_CHECK(line->level < AK_PAM_LEVELS && line->file != NULL);
	for (int code = 0; line->kind != AK_PAM_SUBSTACK && code < AK_PAM_CODES; code++)
		FUZZ_CHECK(is_action(line->actions[code]));
	if (line->kind != AK_PAM_MODULE)
		return;
	FUZZ_CHECK(line->module != NULL && line->argv[line->argc] == NULL);
	for (int i = 0; i < line->argc; i++)
		FUZZ_CHECK(line->argv[i] != NULL);
}

static ak_pam_set
ours(const struct ak_pam_line *line, void *context)
{
	(void)line;
	(void)context;
	return AK_PAM_BIT(AK_PAM_SUCCESS) | AK_PAM_BIT(AK_PAM_AUTH_ERR);
}

/* One answer of each line gives one, which is among those that more answers give. */
static void
check_walk(const struct ak_pam_stack *stack, unsigned seed)
{
	ak_pam_set *answers = calloc(stack->count + 1, sizeof(*answers)), one, more;

	FUZZ_CHECK(answers != NULL);
	for (size_t i = 0; i < stack->count; i++)
		answers[i] = AK_PAM_BIT((seed + i * 7) % AK_PAM_CODES);
	one = ak_pam_outcomes(stack, answers);
	FUZZ_CHECK(one != 0 && (one & (one - 1)) == 0);
	for (size_t i = 0; i < stack->count; i++)
		answers[i] |= AK_PAM_BIT(AK_PAM_SUCCESS) | AK_PAM_BIT(AK_PAM_IGNORE);
	more = ak_pam_outcomes(stack, answers);
	FUZZ_CHECK((one & ~more) == 0);
	free(answers);
}

static void
check_stack(const struct ak_pam_stack *stack, unsigned seed)
{
	const ak_pam_set success = AK_PAM_BIT(AK_PAM_SUCCESS);
	ak_pam_set any, refused;

	for (size_t i = 0; i < stack->count; i++)
		check_line(&stack->lines[i]);
	check_walk(stack, seed);
	any = ak_pam_outcomes_for(stack, ours, NULL, AK_PAM_OTHERS_ANY);
	refused = ak_pam_outcomes_for(stack, ours, NULL, AK_PAM_OTHERS_REFUSE);
	/* Whoever gets in past those who refuse gets in past those who may do so. */
	FUZZ_CHECK((refused & success) == 0 || (any & success) != 0);
}

/* Two readings of the same text. */
static void
check_same(const struct ak_pam_stack *a, const struct ak_pam_stack *b)
{
	FUZZ_CHECK(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		FUZZ_CHECK(a->lines[i].kind == b->lines[i].kind &&
			   a->lines[i].level == b->lines[i].level &&
			   a->lines[i].number == b->lines[i].number);
		FUZZ_CHECK(memcmp(a->lines[i].actions, b->lines[i].actions,
			       sizeof(a->lines[i].actions)) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	bool one_file = (fuzz_byte(&in) & 1) != 0;
	char *text = fuzz_copy(in.at, in.left);
	struct files files = { text, 0 };
	const struct ak_pam_source source = { read_file, &files, one_file };
	struct ak_pam_service once, twice;

	FUZZ_CHECK(ak_pam_service_read(SERVICE, &source, &once));
	FUZZ_CHECK(files.reads <= 10000);
	FUZZ_CHECK(ak_pam_service_read(SERVICE, &source, &twice));
	FUZZ_CHECK(once.broken == twice.broken && strcmp(once.why, twice.why) == 0);
	FUZZ_CHECK(!once.broken || once.why[0] != '\0');
	for (int phase = 0; phase < AK_PAM_PHASES; phase++) {
		check_same(&once.own[phase], &twice.own[phase]);
		check_same(&once.other[phase], &twice.other[phase]);
		check_stack(&once.own[phase], (unsigned)size);
		check_stack(&once.other[phase], (unsigned)size);
	}
	ak_pam_service_free(&once);
	ak_pam_service_free(&twice);
	free(text);
	return 0;
}
