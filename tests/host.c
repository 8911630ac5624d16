/* SPDX-License-Identifier: BSD-2-Clause */
#undef _FORTIFY_SOURCE /* it would make macros and inlines of what is defined here */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

#define EXPORT __attribute__((visibility("default"), used))
#define LOG_MAX 256

static _Atomic int64_t clock_now;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static struct log_line log_lines[LOG_MAX];
static unsigned log_count;

/* Instead of libc's: this program's dynamic symbols come first, for modules too. */
int clock_gettime(clockid_t clock, struct timespec *ts);
void syslog(int level, const char *format, ...);
void vsyslog(int level, const char *format, va_list args);
__attribute__((format(printf, 3, 4))) void __syslog_chk(
    int level, int flag, const char *format, ...);
__attribute__((format(printf, 3, 0))) void __vsyslog_chk(
    int level, int flag, const char *format, va_list args);

int audit_open(void);

/* As in a kernel without audit: tests leave no trail, and libaudit is not thread-safe.
 */
EXPORT int
audit_open(void)
{
	errno = EPROTONOSUPPORT;
	return -1;
}

EXPORT int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t now = clock_now;

	if (clock != CLOCK_REALTIME || now == 0)
		return (int)syscall(SYS_clock_gettime, clock, ts);
	*ts = (struct timespec){ .tv_sec = now };
	return 0;
}

__attribute__((format(printf, 2, 0))) static void
keep(int level, const char *format, va_list args)
{
	pthread_mutex_lock(&log_lock);
	if (log_count < LOG_MAX) {
		struct log_line *line = &log_lines[log_count];

		line->level = level & LOG_PRIMASK;
		vsnprintf(line->text, sizeof(line->text), format, args);
	}
	log_count++;
	pthread_mutex_unlock(&log_lock);
}

EXPORT void
vsyslog(int level, const char *format, va_list args)
{
	keep(level, format, args);
}

EXPORT void
syslog(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	keep(level, format, args);
	va_end(args);
}

EXPORT void
__vsyslog_chk(int level, int flag, const char *format, va_list args)
{
	(void)flag;
	keep(level, format, args);
}

EXPORT void
__syslog_chk(int level, int flag, const char *format, ...)
{
	va_list args;

	(void)flag;
	va_start(args, format);
	keep(level, format, args);
	va_end(args);
}

void
host_set_time(int64_t now)
{
	clock_now = now;
}

void
host_log_clear(void)
{
	pthread_mutex_lock(&log_lock);
	log_count = 0;
	memset(log_lines, 0, sizeof(log_lines));
	pthread_mutex_unlock(&log_lock);
}

unsigned
host_log_count(void)
{
	return log_count;
}

const struct log_line *
host_log_at(unsigned i)
{
	assert_true(i < log_count && i < LOG_MAX);
	return &log_lines[i];
}

bool
host_log_has(const char *text)
{
	for (unsigned i = 0; i < log_count && i < LOG_MAX; i++)
		if (strstr(log_lines[i].text, text) != NULL)
			return true;
	return false;
}

void
host_assert_log(int level, const char *text, const char *file, int line)
{
	const char *got = log_lines[0].text;
	size_t len = strlen(got), end = strlen(text);

	if (log_count == 1 && log_lines[0].level == level && len >= end &&
	    strcmp(got + len - end, text) == 0)
		return;
	print_error(
	    "%u log lines instead of one of level %d: %s\n", log_count, level, text);
	for (unsigned i = 0; i < log_count && i < 5; i++)
		print_error("  %d: %s\n", log_lines[i].level, log_lines[i].text);
	_fail(file, line);
}

static void
answer_prompt(struct talk *talk, struct pam_response *response)
{
	if (talk->before != NULL)
		talk->before(talk->context);
	talk->prompts++;
	if (talk->answer.kind == ANSWER_TEXT && talk->answer.text != NULL)
		response->resp = strdup(talk->answer.text);
}

static int
converse(int n, const struct pam_message **messages, struct pam_response **responses,
    void *context)
{
	struct talk *talk = context;
	struct pam_response *answers = calloc((size_t)n, sizeof(*answers));
	bool prompted = false;
	int shown = PAM_SUCCESS;

	*responses = NULL;
	if (answers == NULL)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		bool prompt = messages[i]->msg_style == PAM_PROMPT_ECHO_OFF;
		bool user = messages[i]->msg_style == PAM_PROMPT_ECHO_ON;
		char *last = prompt || user ? talk->last_prompt : talk->last_message;

		snprintf(last, sizeof(talk->last_prompt), "%s", messages[i]->msg);
		if (prompt)
			answer_prompt(talk, &answers[i]);
		else if (user && talk->user != NULL)
			answers[i].resp = strdup(talk->user);
		talk->user_prompts += user;
		talk->messages += !prompt && !user;
		if (!prompt && !user && talk->shown != NULL)
			shown = talk->shown(talk->context);
		prompted = prompted || prompt;
	}
	if (prompted && talk->answer.kind != ANSWER_TEXT &&
	    talk->answer.kind != ANSWER_NO_TEXT) {
		free(answers);
		return talk->answer.kind == ANSWER_CODE ? talk->answer.code
							: PAM_SUCCESS;
	}
	*responses = answers;
	return shown;
}

int
host_setup(void **state)
{
	struct host *h = calloc(1, sizeof(*h));
	void *fx = NULL;

	if (h == NULL || getenv("AK_MODULE") == NULL || fx_setup(&fx) != 0)
		return -1;
	h->fx = fx;
	snprintf(h->confdir, sizeof(h->confdir), "%s/pam.d", h->fx->folder);
	assert_int_equal(mkdir(h->confdir, 0755), 0);
	host_service(h, "other",
	    "auth required pam_deny.so\naccount required pam_deny.so\n"
	    "session required pam_deny.so\npassword required pam_deny.so\n");
	host_options(h, "required", "");
	host_set_time(FX_NOW);
	host_log_clear();
	*state = h;
	return 0;
}

int
host_teardown(void **state)
{
	struct host *h = *state;
	void *fx = h->fx;

	host_set_time(0);
	fx_teardown(&fx);
	free(h);
	return 0;
}

/* One of the words between @, or NULL. */
static const char *
expand(const struct host *h, const char *at, char out[3 * FX_PATH])
{
	const char *module = getenv("AK_MODULE");

	if (strncmp(at, "@M@", 3) == 0)
		snprintf(out, 3 * FX_PATH, "%s store=%s store_owner=%u", module,
		    h->fx->store, (unsigned)geteuid());
	else if (strncmp(at, "@m@", 3) == 0)
		snprintf(out, 3 * FX_PATH, "%s", module);
	else if (strncmp(at, "@S@", 3) == 0)
		snprintf(out, 3 * FX_PATH, "%s", h->fx->store);
	else
		return NULL;
	return out;
}

void
host_service(struct host *h, const char *service, const char *lines)
{
	char path[sizeof(h->confdir) + 128], word[3 * FX_PATH];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", h->confdir, service);
	assert_non_null(file = fopen(path, "we"));
	for (const char *at = lines; *at != '\0'; at++)
		if (expand(h, at, word) != NULL) {
			fputs(word, file);
			at += 2;
		} else
			fputc(*at, file);
	assert_int_equal(fclose(file), 0);
}

void
host_options(struct host *h, const char *control, const char *options)
{
	char lines[8192];

	snprintf(lines, sizeof(lines), "auth %s @M@ %s\naccount %s @M@ %s\n", control,
	    options, control, options);
	host_service(h, "test", lines);
}

bool
host_become(uid_t uid)
{
	static const char *const modules[] = { "pam_authkey.so",
		"pam_authkey_passwd.so" };
	char path[FX_PATH];

	for (size_t i = 0; i < FX_COUNT(modules); i++) {
		snprintf(path, sizeof(path), "%s/%s", getenv("AK_BUILD"), modules[i]);
		if (dlopen(path, RTLD_NOW) == NULL)
			return false;
	}
	return setuid(uid) == 0;
}

pam_handle_t *
host_start_with(
    const struct host *h, struct talk *talk, const char *service, const char *user)
{
	const struct pam_conv conv = { converse, talk };
	pam_handle_t *pamh = NULL;

	if (pam_start_confdir(service, user, &conv, h->confdir, &pamh) != PAM_SUCCESS)
		return NULL;
	if (pam_set_item(pamh, PAM_RHOST, h->rhost) != PAM_SUCCESS ||
	    pam_set_item(pamh, PAM_RUSER, h->ruser) != PAM_SUCCESS ||
	    pam_set_item(pamh, PAM_TTY, h->tty) != PAM_SUCCESS) {
		pam_end(pamh, PAM_ABORT);
		return NULL;
	}
	return pamh;
}

pam_handle_t *
host_start(struct host *h, const char *service, const char *user)
{
	pam_handle_t *pamh = host_start_with(h, &h->talk, service, user);

	assert_non_null(pamh);
	return pamh;
}

int
host_login_and_account(struct host *h, const char *user, const char *token, int *acct)
{
	pam_handle_t *pamh = host_start(h, "test", user);
	int rc;

	h->talk.answer = (struct answer){ ANSWER_TEXT, token, 0 };
	rc = pam_authenticate(pamh, 0);
	if (acct != NULL)
		*acct = rc == PAM_SUCCESS ? pam_acct_mgmt(pamh, 0) : -1;
	pam_end(pamh, rc);
	return rc;
}

int
host_login(struct host *h, const char *user, const char *token)
{
	return host_login_and_account(h, user, token, NULL);
}

void
host_assert_pam(int got, int wanted, const char *what, const char *file, int line)
{
	if (got == wanted)
		return;
	print_error("%s: %d (%s) instead of %d (%s)\n", what, got,
	    pam_strerror(NULL, got), wanted, pam_strerror(NULL, wanted));
	for (unsigned i = 0; i < log_count && i < 5; i++)
		print_error("  log: %s\n", log_lines[i].text);
	_fail(file, line);
}

const char *
host_get(pam_handle_t *pamh, int item)
{
	const void *value = NULL;

	assert_int_equal(pam_get_item(pamh, item, &value), PAM_SUCCESS);
	return value;
}

const char *const host_controls[HOST_CONTROLS] = { "required", "sufficient",
	"requisite" };
const struct follower host_followers[HOST_FOLLOWERS] = {
	{ "pam_permit.so", PAM_SUCCESS }, { "pam_deny.so", PAM_AUTH_ERR }
};

int
host_stacked(const char *control, int code, const struct follower *behind)
{
	if (code == PAM_IGNORE)
		return behind->code;
	if (strcmp(control, "sufficient") == 0)
		return code == PAM_SUCCESS ? PAM_SUCCESS : behind->code;
	return code == PAM_SUCCESS ? behind->code : code;
}

void
host_passwd(struct host *h, const char *options)
{
	char lines[3 * FX_PATH];

	assert_non_null(getenv("AK_BUILD"));
	snprintf(lines, sizeof(lines),
	    "password required %s/pam_authkey_passwd.so dir=%s %s\n",
	    getenv("AK_BUILD"), h->fx->root, options);
	host_service(h, "test", lines);
}

int
host_change(struct host *h, const char *user, const char *token, int flags)
{
	pam_handle_t *pamh;
	int rc;

	h->talk.prompts = h->talk.messages = 0;
	h->talk.answer.text = token;
	host_log_clear();
	pamh = host_start(h, "test", user);
	rc = pam_chauthtok(pamh, flags);
	pam_end(pamh, rc);
	return rc;
}
