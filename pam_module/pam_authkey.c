/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The six entries of a PAM module, pam_sm_authenticate(3) and following. They ask,
 * and core answers: nothing here decides. Each call opens and closes what it needs and
 * leaves nothing in its host but a grant on the handle that it was called with.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include "authkey.h"
#include "credential.h"
#include "log.h"
#include "module_mark.h"
#include "opts.h"
#include "talk.h"
#include "usage.h"

#define EXPORT __attribute__((visibility("default")))
#define UNUSED __attribute__((unused))
#define DAY 86400

/* Which version a file is of, to be found without loading it. */
__attribute__((used, retain)) static const char version[] = MODULE_MARK AK_VERSION;

/* What is exported to the service about the key that opened it. */
static const char *const variables[] = { "AUTHKEY_ID", "AUTHKEY_NAME", "AUTHKEY_OWNER",
	"AUTHKEY_SCOPES" };
#define VARIABLE_COUNT (sizeof(variables) / sizeof(variables[0]))

/* Which phase asks; they differ in their codes and their log line. */
struct phase {
	const char *name;
	int (*code)(enum ak_reason reason);
};

/* The one place where a reason becomes an answer, and AK_VALID becomes PAM_SUCCESS. */
#define ANSWER(word, value, auth, acct, level, text) \
	case AK_##word:                              \
		return ANSWER_OF(auth, acct);
#define ANSWER_OF(auth, acct) PAM_##auth
static int
authenticate_code(enum ak_reason reason)
{
	switch (reason) {
		AK_REASONS(ANSWER)
	}
	return PAM_ABORT;
}
#undef ANSWER_OF

#define ANSWER_OF(auth, acct) PAM_##acct
static int
acct_mgmt_code(enum ak_reason reason)
{
	switch (reason) {
		AK_REASONS(ANSWER)
	}
	return PAM_ABORT;
}
#undef ANSWER_OF
#undef ANSWER

static const struct phase authentication = { "authentication", authenticate_code };
static const struct phase account = { "account", acct_mgmt_code };

static int64_t
now(void)
{
	struct timespec ts = { 0 };

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

/* The grant of each store has a name of its own, so that stacked lines do not mix. */
#define GRANT_NAME "pam_authkey "
#define GRANT_NAME_MAX (sizeof(GRANT_NAME) + PATH_MAX)

/* In `name`, which is also returned; the option's check has seen to its length. */
static const char *
grant_name(const struct ak_module_options *o, char name[GRANT_NAME_MAX])
{
	stpcpy(stpcpy(name, GRANT_NAME), o->store);
	return name;
}

static void
free_grant(UNUSED pam_handle_t *pamh, void *grant, UNUSED int status)
{
	free(grant);
}

static struct ak_verdict *
grant_of(pam_handle_t *pamh, const char *name)
{
	const void *grant = NULL;

	if (pam_get_data(pamh, name, &grant) != PAM_SUCCESS)
		return NULL;
	return (struct ak_verdict *)(uintptr_t)grant; /* ours, set below */
}

/* A new login on a handle ends what an earlier one has got. */
static void
drop_grant(pam_handle_t *pamh, const char *name)
{
	struct ak_verdict *grant = grant_of(pamh, name);

	if (grant == NULL)
		return;
	grant->reason = AK_STORE_UNAVAILABLE; /* also if it cannot be dropped */
	pam_set_data(pamh, name, NULL, NULL);
	for (size_t i = 0; i < VARIABLE_COUNT; i++)
		if (pam_getenv(pamh, variables[i]) != NULL)
			pam_putenv(pamh, variables[i]);
}

static int
export_variables(pam_handle_t *pamh, const struct ak_key *key)
{
	const char *const values[] = { key->id, key->name, key->owner, key->scopes };
	char line[AK_WORDS_MAX + 32];
	int rc = PAM_SUCCESS;

	for (size_t i = 0; i < VARIABLE_COUNT && rc == PAM_SUCCESS; i++) {
		snprintf(line, sizeof(line), "%s=%s", variables[i], values[i]);
		rc = pam_putenv(pamh, line);
	}
	return rc;
}

/* Keep the verdict for acct_mgmt, name the owner, export. All of it, or no grant. */
static int
keep_grant(pam_handle_t *pamh, const struct ak_module_options *o, const char *name,
    const struct ak_verdict *verdict)
{
	struct ak_verdict *grant = malloc(sizeof(*grant));
	int rc;

	if (grant == NULL)
		return PAM_BUF_ERR;
	*grant = *verdict;
	grant->reason = AK_STORE_UNAVAILABLE; /* until all is done */
	if ((rc = pam_set_data(pamh, name, grant, free_grant)) != PAM_SUCCESS) {
		free(grant);
		return rc;
	}
	if (o->user == AK_USER_SET)
		rc = pam_set_item(pamh, PAM_USER, verdict->key.owner);
	if (rc == PAM_SUCCESS && !o->no_env)
		rc = export_variables(pamh, &verdict->key);
	if (rc == PAM_SUCCESS)
		grant->reason = verdict->reason;
	else
		drop_grant(pamh, name);
	return rc;
}

/*
 * Record what happened to a token. Where usage=required, a login that leaves no record
 * is none: the verdict becomes that of a store that cannot answer.
 */
static void
record(pam_handle_t *pamh, const struct ak_module_options *o,
    const struct ak_request *request, struct ak_verdict *verdict)
{
	struct ak_error error;

	if (o->usage == AK_USAGE_OFF ||
	    usage_record(o, request, verdict, &error) == AK_OK)
		return;
	if (o->usage == AK_USAGE_REQUIRED && verdict->reason == AK_VALID) {
		verdict->reason = AK_STORE_UNAVAILABLE;
		verdict->error = error;
	} else if (!o->quiet)
		pam_syslog(pamh, LOG_WARNING, "usage is not recorded: %s", error.text);
}

/* The answer to a verdict, logged. */
static int
answer(pam_handle_t *pamh, const struct ak_module_options *o, const struct phase *phase,
    const struct ak_verdict *verdict)
{
	int rc = phase->code(verdict->reason);

	log_verdict(pamh, phase->name, verdict, o->debug, o->quiet);
	if (verdict->error.code == AK_E_NOMEM)
		return PAM_BUF_ERR;
	if (rc == PAM_AUTHINFO_UNAVAIL && o->ignore_authinfo_unavail)
		return PAM_IGNORE;
	if (rc == PAM_AUTH_ERR && o->fail_delay > 0)
		pam_fail_delay(pamh, (unsigned)o->fail_delay * 1000);
	return rc;
}

static struct ak_request
request_of(pam_handle_t *pamh, const struct ak_module_options *o)
{
	return (struct ak_request){
		.service =
		    o->service != NULL ? o->service : talk_item(pamh, PAM_SERVICE),
		.rhost = talk_item(pamh, PAM_RHOST),
		.scopes = o->scopes,
		.require_verified_owner = o->require_verified_owner,
		.now = now(),
	};
}

/* expiry_notice: said in the account phase, as pam_unix(8) says it of passwords. */
static void
notice(pam_handle_t *pamh, const struct ak_module_options *o, const struct ak_key *key,
    int64_t at)
{
	char when[AK_WHEN_TEXT];

	if (o->expiry_notice == 0 || key->expires_at == AK_NO_TIME ||
	    key->expires_at - at > (int64_t)o->expiry_notice * DAY)
		return;
	ak_when_format(key->expires_at, when);
	pam_info(pamh, "The key \"%s\" expires at %s.", key->name, when);
}

EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, UNUSED int flags, int argc, const char **argv)
{
	int rc, result = PAM_ABORT;
	struct credential credential;
	struct ak_request request;
	struct ak_verdict verdict;
	struct ak_source source;
	struct ak_module_options o;
	char name[GRANT_NAME_MAX];

	if ((rc = opts_parse(pamh, argc, argv, &o)) != PAM_SUCCESS)
		return rc;
	drop_grant(pamh, grant_name(&o, name));
	if ((rc = credential_get(pamh, &o, &credential)) == PAM_SUCCESS) {
		source = (struct ak_source){ o.store, o.store_owner };
		request = request_of(pamh, &o);
		request.user = credential.user;
		request.any_user = credential.any_user;
		ak_verify(
		    &source, credential.token, credential.len, &request, &verdict);
		record(pamh, &o, &request, &verdict);
		if (verdict.reason == AK_VALID)
			rc = keep_grant(pamh, &o, name, &verdict);
	}
	credential_wipe(&credential);
	result = rc == PAM_SUCCESS ? answer(pamh, &o, &authentication, &verdict) : rc;
	return result;
}

EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	int rc, result = PAM_ABORT;
	struct ak_verdict *grant;
	struct ak_request request;
	struct ak_source source;
	struct ak_module_options o;
	char name[GRANT_NAME_MAX];

	if ((rc = opts_parse(pamh, argc, argv, &o)) != PAM_SUCCESS)
		return rc;
	if ((grant = grant_of(pamh, grant_name(&o, name))) == NULL)
		return PAM_IGNORE; /* a login that this module did not make */
	source = (struct ak_source){ o.store, o.store_owner };
	request = request_of(pamh, &o);
	request.user = talk_item(pamh, PAM_USER);
	request.any_user = o.user == AK_USER_ANY;
	ak_verify_again(&source, &request, grant);
	if (grant->reason == AK_VALID) {
		result = account.code(grant->reason);
		if (((unsigned)flags & PAM_SILENT) == 0)
			notice(pamh, &o, &grant->key, request.now);
	} else {
		record(pamh, &o, &request, grant);
		result = answer(pamh, &o, &account, grant);
	}
	return result;
}

/* There is nothing to establish. sshd asks in another process, on another handle. */
EXPORT int
pam_sm_setcred(UNUSED pam_handle_t *pamh, UNUSED int flags, UNUSED int argc,
    UNUSED const char **argv)
{
	return PAM_SUCCESS;
}

EXPORT int
pam_sm_open_session(UNUSED pam_handle_t *pamh, UNUSED int flags, UNUSED int argc,
    UNUSED const char **argv)
{
	return PAM_SUCCESS;
}

EXPORT int
pam_sm_close_session(UNUSED pam_handle_t *pamh, UNUSED int flags, UNUSED int argc,
    UNUSED const char **argv)
{
	return PAM_SUCCESS;
}

/* Changing a key has a module of its own: logins load no code that writes. */
EXPORT int
pam_sm_chauthtok(UNUSED pam_handle_t *pamh, UNUSED int flags, UNUSED int argc,
    UNUSED const char **argv)
{
	return PAM_IGNORE;
}
