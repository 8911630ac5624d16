/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The main() of a target without libFuzzer, for any compiler.
 *
 *	fuzz_NAME FILE...	run these inputs: a finding, in a debugger
 *	fuzz_NAME		run fuzz/corpus/NAME and say so in TAP
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* The input that is being run, for who dies over it. */
static char running[4096];

/* A sanitizer ends the program as any other fault does, so that last_words() is heard.
 */
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
__attribute__((visibility("default"), used)) const char *
__asan_default_options(void)
{
	return "abort_on_error=1";
}
__attribute__((visibility("default"), used)) const char *
__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

static void
last_words(int number)
{
	ssize_t written = write(STDERR_FILENO, running, strlen(running));

	signal(number, SIG_DFL);
	raise(written < 0 ? SIGKILL : number);
}

/* In memory of its size, so that a sanitizer sees each byte that is read too far. */
static void
run(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat st = { .st_size = 0 };
	uint8_t *bytes = NULL;

	snprintf(running, sizeof(running), "this input: %s\n", path);
	if (file == NULL || fstat(fileno(file), &st) != 0 ||
	    (bytes = malloc((size_t)st.st_size + (st.st_size == 0))) == NULL ||
	    fread(bytes, 1, (size_t)st.st_size, file) != (size_t)st.st_size) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, (size_t)st.st_size);
	free(bytes);
}

/* Run all inputs of a folder; how many there are. */
static unsigned
run_folder(const char *folder)
{
	struct dirent **entries;
	char path[4000];
	int count = scandir(folder, &entries, NULL, alphasort);
	unsigned ran = 0;

	for (int i = 0; i < count; i++) {
		if (entries[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%.255s", folder,
			    entries[i]->d_name);
			run(path);
			ran++;
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return ran;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("AK_TOP"), *name = strrchr(argv[0], '/');
	char folder[3072];
	unsigned ran;

	signal(SIGABRT, last_words);
	signal(SIGSEGV, last_words);
	for (int i = 1; i < argc; i++)
		run(argv[i]);
	if (argc > 1)
		return 0;
	name = name != NULL ? name + 1 : argv[0];
	name += strncmp(name, "fuzz_", 5) == 0 ? 5 : 0;
	snprintf(
	    folder, sizeof(folder), "%s/fuzz/corpus/%s", top != NULL ? top : ".", name);
	puts("1..1");
	fflush(stdout);
	ran = run_folder(folder);
	printf("%sok 1 - what holds for %s holds for its %u stored inputs\n",
	    ran > 0 ? "" : "not ", name, ran);
	return ran > 0 ? 0 : 1;
}
