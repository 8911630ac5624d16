/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole logins through the real libpam: authenticate, a change of the world, acct_mgmt,
 * while calls of libc and libpam fail. PAM_SUCCESS comes only when the model says so,
 * and when nothing failed, each answer is the one that the model gives.
 *
 *	line 1	choices, a digit each: see enum choice in login.h
 *	line 2	PAM_USER; "!" none. "=0" to "=;" at the beginning of this or the
 *		answer is a token of the world, and the rest stands behind it
 *	line 3	the answer to the prompt
 *	line 4	PAM_RHOST; "!" none
 *	line 5	PAM_SERVICE
 *	line 6	PAM_USER between the phases; "" as it is
 *	rest	options of the module; "usage_dir=@" is the world's folder
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge.h"
#include "login.h"
#include "wrap.h"

static const unsigned rates[] = { 0, 0, 400, 400, 100, 20, 4 };
static const int64_t times[] = { 0, -1000, -1001, 999, 1000, 9699, 9700, -100000 };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct login l;

unsigned
login_choice(enum choice which, size_t of)
{
	return l.choices[which] % (unsigned)of;
}

int64_t
login_time(enum choice phase)
{
	return FX_NOW + times[login_choice(phase, COUNT(times))];
}

const char *
login_item(const pam_handle_t *pamh, int type)
{
	const void *value = NULL;

	return pam_get_item(pamh, type, &value) == PAM_SUCCESS ? value : NULL;
}

/* A line, in which a token of the world may stand for "=0" to "=;". */
static void
expand(const char *line, char *to, size_t size)
{
	unsigned token = line[0] == '=' ? (unsigned char)line[1] - '0' : WORLD_TOKENS;

	if (token < WORLD_TOKENS)
		snprintf(to, size, "%s%s", l.world->tokens[token], line + 2);
	else
		snprintf(to, size, "%s", line);
}

static bool
user_number(const char *name, uid_t *uid, void *context)
{
	(void)context;
	*uid = 0;
	return strcmp(name, "root") == 0;
}

static void
take_options(void)
{
	const char *wrong;

	snprintf(l.own[0], sizeof(l.own[0]), "store=%s", l.world->store);
	snprintf(l.own[1], sizeof(l.own[1]), "store_owner=%u", (unsigned)geteuid());
	snprintf(
	    l.usage_dir, sizeof(l.usage_dir), "usage_dir=%s", l.world->usage_folder);
	l.options[0] = l.own[0];
	l.options[1] = l.own[1];
	l.count = 2;
	for (size_t i = LINE_OPTIONS; i < l.lines.count; i++)
		l.options[l.count++] = strcmp(l.lines.at[i], "usage_dir=@") == 0
					   ? l.usage_dir
					   : l.lines.at[i];
	l.wrong = ak_module_options_parse(
		      (int)l.count, l.options, user_number, NULL, &l.o, &wrong) != NULL;
}

static void
begin(const struct fuzz_input *in)
{
	const char *line;

	memset(&l, 0, sizeof(l));
	l.world = world_get();
	fuzz_lines_take(in, &l.lines);
	line = fuzz_line(&l.lines, LINE_CHOICES);
	for (size_t i = 0; i < CHOICES && i < strlen(line); i++)
		l.choices[i] = (unsigned)(line[i] - '0') & 0x7f;
	expand(fuzz_line(&l.lines, LINE_USER), l.user, sizeof(l.user));
	expand(fuzz_line(&l.lines, LINE_ANSWER), l.answer, sizeof(l.answer));
	take_options();
}

/* Whether a text that the host may log itself has it: the address, an option. */
static bool
told_openly(const char *secret)
{
	char shown[AK_ESCAPED_MAX];

	for (size_t i = LINE_RHOST; i < l.lines.count; i++)
		if (strstr(ak_escape(l.lines.at[i], shown), secret) != NULL)
			return true;
	return false;
}

/* No secret is logged, and no line has what could end it: SECURITY R16, R17. */
static void
look_at_log(const char *line)
{
	char secret[AK_SECRET_LEN / 2 + 1];

	for (const char *s = line; *s != '\0'; s++)
		FUZZ_CHECK((unsigned char)*s >= ' ' && *s != 0x7f);
	for (unsigned i = 0; i < WORLD_TOKENS; i++) {
		memcpy(secret, l.world->tokens[i] + 3 + AK_ID_LEN, sizeof(secret) - 1);
		secret[sizeof(secret) - 1] = '\0';
		FUZZ_CHECK(strstr(line, secret) == NULL || told_openly(secret));
	}
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **responses,
    void *context)
{
	struct pam_response *response;

	(void)context;
	*responses = NULL;
	if (login_choice(ANSWER, TALKS) == TALK_FAILS)
		return PAM_CONV_ERR;
	if (login_choice(ANSWER, TALKS) == TALK_NO_ARRAY)
		return PAM_SUCCESS;
	response = calloc((size_t)n, sizeof(*response));
	FUZZ_CHECK(n == 1 && response != NULL);
	if (messages[0]->msg_style == PAM_PROMPT_ECHO_OFF &&
	    login_choice(ANSWER, TALKS) == TALK_TEXT)
		response->resp = strdup(l.answer);
	else if (messages[0]->msg_style == PAM_PROMPT_ECHO_ON)
		response->resp = strdup("alice");
	*responses = response;
	return PAM_SUCCESS;
}

/* What a call must leave as it was: SECURITY R12, R13. */
struct manners {
	int free_fd;
	sigset_t mask;
	mode_t umask;
};

static struct manners
look_at_host(void)
{
	struct manners m;

	memset(&m, 0, sizeof(m));
	m.free_fd = dup(STDERR_FILENO);
	close(m.free_fd);
	pthread_sigmask(SIG_SETMASK, NULL, &m.mask);
	umask(m.umask = umask(077));
	return m;
}

/* Call the module, with the clock of that phase, while calls fail. */
static int
call(pam_handle_t *pamh, int flags, enum choice phase)
{
	struct manners before = look_at_host(), after;
	int rc;

	wrap_set_time(login_time(phase));
	wrap_logged = look_at_log;
	wrap_arm(l.choices[SEED] + (phase == TIME ? 0 : 1000),
	    rates[login_choice(FAULTS, COUNT(rates))]);
	rc = phase == TIME ? pam_sm_authenticate(pamh, flags, (int)l.count, l.options)
			   : pam_sm_acct_mgmt(pamh, flags, (int)l.count, l.options);
	l.failed += wrap_disarm();
	wrap_set_time(0);
	after = look_at_host();
	FUZZ_CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	return rc;
}

int
fuzz_authenticate(pam_handle_t *pamh, int flags)
{
	const char *user = login_item(pamh, PAM_USER);

	if (login_choice(FIRST_PASS, 2) != 0)
		pam_set_item(pamh, PAM_AUTHTOK, l.answer);
	snprintf(l.first_user, sizeof(l.first_user), "%s", user != NULL ? user : "");
	l.codes[0] = call(pamh, flags, TIME);
	login_check_authenticate(pamh, l.codes[0]);
	return l.codes[0];
}

int
fuzz_acct_mgmt(pam_handle_t *pamh, int flags)
{
	struct ak_usage_record record;

	l.codes[1] = call(pamh, flags, TIME_LATER);
	login_check_account(pamh, l.codes[1]);
	world_usage(l.world, &record);
	return l.codes[1];
}

static void
no_delay(int status, unsigned usec, void *context)
{
	(void)status;
	(void)usec;
	(void)context;
}

/* Service files in which the bridge stands alone, for every service. */
static const char *
confdir(void)
{
	static char folder[FX_PATH + 16];
	char path[sizeof(folder) + 16], self[PATH_MAX] = "", line[PATH_MAX * 3];

	if (folder[0] != '\0')
		return folder;
	snprintf(folder, sizeof(folder), "%s/pam.d", l.world->folder);
	snprintf(path, sizeof(path), "%s/other", folder);
	FUZZ_CHECK(mkdir(folder, 0755) == 0);
	FUZZ_CHECK(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	*strrchr(self, '/') = '\0';
	snprintf(line, sizeof(line),
	    "auth required %s/bridge.so\naccount required %s/bridge.so\n", self, self);
	fx_write(path, line, strlen(line), 0644);
	return folder;
}

static pam_handle_t *
start(const struct pam_conv *conv)
{
	const char *rhost = fuzz_line(&l.lines, LINE_RHOST);
	const char *service = fuzz_line(&l.lines, LINE_SERVICE);
	pam_handle_t *pamh = NULL;

	FUZZ_CHECK(pam_start_confdir("test", strcmp(l.user, "!") == 0 ? NULL : l.user,
		       conv, confdir(), &pamh) == PAM_SUCCESS);
	FUZZ_CHECK(
	    pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)no_delay) == PAM_SUCCESS);
	if (strcmp(rhost, "!") != 0)
		pam_set_item(pamh, PAM_RHOST, rhost);
	/* With a slash it would be a file anywhere, and "other" is read twice. */
	if (service[0] != '\0' && strchr(service, '/') == NULL &&
	    strcasecmp(service, "other") != 0)
		pam_set_item(pamh, PAM_SERVICE, service);
	return pamh;
}

/* Both phases on a handle; the world changes between them. */
static int
log_in(pam_handle_t *pamh, int flags)
{
	const char *then = fuzz_line(&l.lines, LINE_THEN);
	int rc;

	l.granted[0] = '\0';
	l.by_name = false;
	l.codes[0] = l.codes[1] = -1;
	rc = pam_authenticate(pamh, flags);
	FUZZ_CHECK((rc == PAM_SUCCESS) == (l.codes[0] == PAM_SUCCESS));
	if (then[0] != '\0')
		pam_set_item(pamh, PAM_USER, then);
	world_become(l.world, login_choice(STATE_LATER, WORLD_STATES));
	rc = pam_acct_mgmt(pamh, flags);
	FUZZ_CHECK((rc == PAM_SUCCESS) == (l.codes[1] == PAM_SUCCESS));
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct fuzz_input in = { data, size };
	struct pam_conv conv = { converse, NULL };
	pam_handle_t *pamh;
	int rc, flags;

	begin(&in);
	flags = (login_choice(FLAGS, 2) != 0 ? (int)PAM_SILENT : 0) |
		(login_choice(FLAGS, 4) > 1 ? PAM_DISALLOW_NULL_AUTHTOK : 0);
	if (login_choice(ANSWER, TALKS) == TALK_NULL)
		conv.conv = NULL;
	world_become(l.world, login_choice(STATE, WORLD_STATES));
	pamh = start(&conv);
	rc = log_in(pamh, flags);
	/* In the world as it has become. */
	if (login_choice(AGAIN, 2) != 0)
		rc = log_in(pamh, flags);
	pam_end(pamh, rc);
	world_become(l.world, WORLD_NOW);
	fuzz_lines_free(&l.lines);
	return 0;
}
