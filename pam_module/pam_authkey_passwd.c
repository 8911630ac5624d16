/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one entry of pam_authkey_passwd.so, pam_sm_chauthtok(3): the owner of a live key
 * shows its token and gets another. Apart from pam_authkey.so, because it links what
 * writes keys, which no login should load.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <security/pam_modutil.h>

#include "log.h"
#include "passwd_change.h"
#include "talk.h"

#define EXPORT __attribute__((visibility("default")))

static int
parse(pam_handle_t *pamh, int argc, const char **argv, struct ak_passwd_options *o)
{
	const char *wrong, *why = ak_passwd_options_parse(argc, argv, o, &wrong);

	if (why == NULL)
		return PAM_SUCCESS;
	log_option(pamh, wrong, why, "no key is changed");
	return PAM_SERVICE_ERR;
}

/* For the audit: the user of the client, where the service tells, or of the process. */
static void
name_caller(pam_handle_t *pamh, char who[AK_OWNER_MAX + 1])
{
	const char *ruser = talk_item(pamh, PAM_RUSER);
	const struct passwd *pw;

	if (ruser != NULL && ak_owner_why_not(ruser) == NULL)
		snprintf(who, AK_OWNER_MAX + 1, "%s", ruser);
	else if ((pw = pam_modutil_getpwuid(pamh, getuid())) != NULL)
		snprintf(who, AK_OWNER_MAX + 1, "%s", pw->pw_name);
	else
		snprintf(who, AK_OWNER_MAX + 1, "uid %u", (unsigned)getuid());
}

/* The present token: given to an earlier module, or asked for. */
static int
take_token(pam_handle_t *pamh, const struct ak_passwd_options *o, const char **token,
    char **answer)
{
	int rc;

	if ((*token = talk_item(pamh, PAM_OLDAUTHTOK)) != NULL)
		return PAM_SUCCESS;
	rc = talk_ask(pamh, o->prompt, answer);
	*token = *answer;
	return rc;
}

/* Show the new token, once. It is in force, so who does not see it needs help. */
static int
show(pam_handle_t *pamh, const struct ak_passwd_options *o,
    const struct passwd_change *c)
{
	int rc = talk_tell(
	    pamh, o->overlap > 0 ? "Your new key, shown once; the old one ends soon:"
				 : "Your new key, shown once; the old one has ended:");

	if (rc == PAM_SUCCESS)
		rc = talk_tell(pamh, c->token);
	if (rc == PAM_SUCCESS)
		return rc;
	pam_syslog(pamh, LOG_ERR,
	    "key %s is replaced by %s, whose token the client did not take; make "
	    "another: authkey rotate %s",
	    c->old_id, c->new_id, c->new_id);
	return PAM_AUTHTOK_ERR;
}

/* An error. The user has no new token, although there may be one. */
static int
fail(pam_handle_t *pamh, const struct passwd_change *c, enum ak_code code)
{
	if (c->replaced)
		pam_syslog(pamh, LOG_ERR,
		    "key %s is replaced by %s, whose token was not shown; make "
		    "another: authkey rotate %s: %s",
		    c->old_id, c->new_id, c->new_id, c->error.text);
	else
		pam_syslog(
		    pamh, LOG_ERR, "the key could not be replaced: %s", c->error.text);
	return code == AK_E_NOMEM ? PAM_BUF_ERR : PAM_AUTHTOK_ERR;
}

/* Say what became of a change, to the log and to the client. */
static int
conclude(pam_handle_t *pamh, const struct ak_passwd_options *o,
    const struct passwd_change *c, enum ak_code code)
{
	if (code != AK_OK)
		return fail(pamh, c, code);
	if (c->verdict.reason != AK_VALID) {
		log_verdict(pamh, "chauthtok", &c->verdict, o->debug, o->quiet);
		return c->verdict.reason == AK_STORE_UNAVAILABLE ? PAM_AUTHTOK_ERR
								 : PAM_PERM_DENIED;
	}
	if (!o->quiet)
		pam_syslog(pamh, LOG_NOTICE, "key %s of %s is replaced by %s",
		    c->old_id, c->verdict.key.owner, c->new_id);
	return show(pamh, o, c);
}

/* PAM_UPDATE_AUTHTOK: now. */
static int
update(pam_handle_t *pamh, const struct ak_passwd_options *o)
{
	const char *token = NULL, *tty = talk_item(pamh, PAM_TTY);
	char *answer = NULL, who[AK_OWNER_MAX + 1], shown[AK_ESCAPED_MAX];
	struct passwd_change c = { .dir = o->dir, .overlap = o->overlap };
	struct timespec now = { 0 };
	int rc;

	if ((rc = take_token(pamh, o, &token, &answer)) == PAM_SUCCESS) {
		clock_gettime(CLOCK_REALTIME, &now);
		name_caller(pamh, who);
		c.who = who;
		c.tty = ak_escape(tty, shown);
		c.user = talk_item(pamh, PAM_USER);
		c.rhost = talk_item(pamh, PAM_RHOST);
		c.now = now.tv_sec;
		rc = conclude(pamh, o, &c,
		    passwd_change(&c, token, strnlen(token, AK_TOKEN_LOOK + 1)));
	}
	passwd_change_wipe(&c);
	talk_wipe(&answer);
	return rc;
}

/* PAM_PRELIM_CHECK: whether it could be done, before any module does anything. */
static int
check(pam_handle_t *pamh, const struct ak_passwd_options *o)
{
	struct ak_error error;
	enum ak_code code = passwd_change_ready(o->dir, &error);

	if (code == AK_OK)
		return PAM_SUCCESS;
	pam_syslog(pamh, LOG_ERR, "no key can be changed: %s", error.text);
	return code == AK_E_PERMISSION ? PAM_AUTHTOK_ERR : PAM_TRY_AGAIN;
}

EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int given, int argc, const char **argv)
{
	unsigned flags = (unsigned)given;
	int rc, result = PAM_ABORT;
	struct ak_passwd_options o;

	if ((rc = parse(pamh, argc, argv, &o)) != PAM_SUCCESS)
		return rc;
	/* A key that has expired is not its owner's to prolong. */
	if ((flags & PAM_CHANGE_EXPIRED_AUTHTOK) != 0)
		return PAM_IGNORE;
	if ((flags & PAM_SILENT) != 0 || !talk_is_possible(pamh)) {
		pam_syslog(pamh, LOG_ERR,
		    "no key is changed: the service shows no messages, and the new "
		    "token would be lost");
		return PAM_AUTHTOK_ERR;
	}
	if ((flags & PAM_PRELIM_CHECK) != 0)
		result = check(pamh, &o);
	else if ((flags & PAM_UPDATE_AUTHTOK) != 0)
		result = update(pamh, &o);
	return result;
}
