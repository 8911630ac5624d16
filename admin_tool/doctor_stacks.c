/* SPDX-License-Identifier: BSD-2-Clause */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"

/* Whether it is the store of this installation, of which other checks tell. */
static bool
is_own_store(const struct doctor *d, const char *store)
{
	char folder[PATH_MAX], real[PATH_MAX], *slash;

	snprintf(folder, sizeof(folder), "%s", store);
	if ((slash = strrchr(folder, '/')) == NULL || strcmp(slash, "/keys.db") != 0)
		return false;
	*slash = '\0';
	return realpath(folder, real) != NULL && strcmp(real, d->paths.root) == 0;
}

/* Options that the module refuses, and stores that it cannot ask. */
static void
look_at_options(struct doctor *d, const struct ak_pam_line *line)
{
	char place[AK_PAM_PATH + 16], reason[256];
	struct ak_module_options o;
	const char *wrong, *why;
	struct ak_error error;
	struct ak_store store;

	if (!doctor_is_new(doctor_place(line, place)))
		return;
	if ((why = pam_line_options(line, &o, &wrong)) != NULL) {
		snprintf(reason, sizeof(reason),
		    "option %.100s: %s; this line lets nobody in until it is mended",
		    wrong, why);
		doctor_report(d, DOCTOR_ERROR, place, reason,
		    "mend or remove it; pam_authkey(8) has the options");
	} else if (ak_store_open(o.store, o.store_owner, &store, &error) != AK_OK) {
		if (error.code != AK_E_PERMISSION && !is_own_store(d, o.store))
			doctor_report(d, DOCTOR_ERROR, place, error.text,
			    "name the store that there is, or make it: authkey init");
	} else
		ak_store_close(&store);
}

/* How our module answers; where it is told to step aside, it does. */
static ak_pam_set
give(const struct ak_pam_line *line, void *context)
{
	const enum ak_pam_code *code = context;
	struct ak_module_options o;
	const char *wrong;

	if (*code == AK_PAM_AUTHINFO_UNAVAIL &&
	    pam_line_options(line, &o, &wrong) == NULL && o.ignore_authinfo_unavail)
		return AK_PAM_BIT(AK_PAM_IGNORE);
	return AK_PAM_BIT(*code);
}

static bool
may_succeed(
    const struct ak_pam_stack *stack, enum ak_pam_code code, enum ak_pam_others others)
{
	return (ak_pam_outcomes_for(stack, give, &code, others) &
		   AK_PAM_BIT(AK_PAM_SUCCESS)) != 0;
}

/* Whether somebody without any key or password gets in, and when. */
static void
look_for_open_doors(struct doctor *d, const struct pam_service *service)
{
	static const struct {
		enum ak_pam_code code;
		const char *reason;
	} cases[] = {
		{ AK_PAM_AUTH_ERR, "lets everyone in, with any password" },
		{ AK_PAM_AUTHINFO_UNAVAIL,
		    "lets everyone in whenever the store cannot answer" },
		{ AK_PAM_SERVICE_ERR,
		    "lets everyone in once an option of its line is off" },
		{ AK_PAM_CONV_ERR, "lets everyone in who gives no password at all" },
		{ AK_PAM_MODULE_UNKNOWN,
		    "lets everyone in once pam_authkey.so cannot be loaded" },
	};
	const struct ak_pam_stack *stack =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (may_succeed(stack, cases[i].code, AK_PAM_OTHERS_REFUSE)) {
			doctor_report(d, DOCTOR_ERROR, service->name, cases[i].reason,
			    "behind a sufficient line, refuse what is left: auth "
			    "required pam_deny.so; otherwise make the line required");
			return;
		}
}

/* Whether nobody gets in, whatever he has. */
static void
look_for_closed_doors(struct doctor *d, const struct pam_service *service)
{
	const struct ak_pam_stack *auth =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);
	const struct ak_pam_stack *account =
	    ak_pam_stack_of(&service->stacks, AK_PAM_ACCOUNT);

	if (!may_succeed(auth, AK_PAM_SUCCESS, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_ERROR, service->name,
		    "lets nobody in with a key: its auth stack refuses valid ones too",
		    "count the lines that a number skips, and what fails before");
	if (!may_succeed(account, AK_PAM_SUCCESS, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_ERROR, service->name,
		    "lets nobody in with a key: its account stack refuses everyone",
		    "account required pam_authkey.so, and the usual account lines");
	else if (may_succeed(auth, AK_PAM_AUTH_ERR, AK_PAM_OTHERS_ANY) &&
		 !may_succeed(account, AK_PAM_IGNORE, AK_PAM_OTHERS_ANY))
		doctor_report(d, DOCTOR_WARNING, service->name,
		    "lets nobody in without a key: in its account stack all ignore a "
		    "password's login",
		    "keep the usual account lines beside the module's");
}

/* Whether a key that ends between the two phases gets in all the same: R8. */
static void
look_for_account_line(struct doctor *d, const struct pam_service *service)
{
	const struct ak_pam_stack *account =
	    ak_pam_stack_of(&service->stacks, AK_PAM_ACCOUNT);

	if (!may_succeed(account, AK_PAM_PERM_DENIED, AK_PAM_OTHERS_ANY) &&
	    !may_succeed(account, AK_PAM_ACCT_EXPIRED, AK_PAM_OTHERS_ANY))
		return;
	doctor_report(d, DOCTOR_ERROR, service->name,
	    pam_has_ours(service, AK_PAM_ACCOUNT)
		? "its account stack passes over what pam_authkey.so refuses: a key "
		  "that was revoked since"
		: "its account stack does not ask pam_authkey.so: a key that was "
		  "revoked since is let in",
	    "before the other account lines, with the options of the auth line: "
	    "account required pam_authkey.so");
}

/* Whether a service goes on with the name that the client sent, as was seen. */
static bool
keeps_the_name(const char *service)
{
	static const char *const services[] = { "sshd", "sudo", "sudo-i",
		"postgresql" };

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (strcmp(services[i], service) == 0)
			return true;
	return false;
}

/* Whether a module lets in or bars by the user's name. */
static bool
judges_names(const struct ak_pam_line *line)
{
	static const char *const modules[] = { "pam_listfile.so", "pam_access.so",
		"pam_succeed_if.so" };
	const char *slash, *name = line->module;

	if (line->kind != AK_PAM_MODULE)
		return false;
	if ((slash = strrchr(name, '/')) != NULL)
		name = slash + 1;
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(modules[i], name) == 0)
			return true;
	return false;
}

/* user=set where the name that it sets is judged before, or not heeded. */
static void
look_for_names(struct doctor *d, const struct pam_service *service)
{
	const struct ak_pam_stack *auth =
	    ak_pam_stack_of(&service->stacks, AK_PAM_AUTH);
	const struct ak_pam_line *line, *judge = NULL;
	char place[AK_PAM_PATH + 16], reason[256];
	struct ak_module_options o;
	const char *wrong;

	for (size_t i = 0; i < auth->count; i++) {
		line = &auth->lines[i];
		if (judges_names(line))
			judge = line;
		if (ak_pam_who(line) != AK_PAM_OURS ||
		    pam_line_options(line, &o, &wrong) != NULL || o.user != AK_USER_SET)
			continue;
		snprintf(reason, sizeof(reason),
		    "%s goes on with the name that the client sent: user=set is in "
		    "vain",
		    service->name);
		if (keeps_the_name(service->name))
			doctor_report(d, DOCTOR_WARNING, doctor_place(line, place),
			    reason, "take user=set from the auth and the account line");
		snprintf(reason, sizeof(reason),
		    "%.100s before it judges the name that the client sent: with "
		    "user=set, __token__ in place of the owner's",
		    judge != NULL ? judge->module : "");
		if (judge != NULL)
			doctor_report(d, DOCTOR_WARNING, doctor_place(line, place),
			    reason,
			    "move what judges names behind pam_authkey.so, which is "
			    "required there, or take user=set away");
	}
}

/* Lines of a service that libpam cannot read. */
static void
look_for_broken_lines(struct doctor *d, const struct pam_service *service)
{
	char place[AK_PAM_PATH + 16];

	for (unsigned p = 0; p < AK_PAM_PHASES; p++)
		for (size_t i = 0; i < service->stacks.own[p].count; i++) {
			const struct ak_pam_line *line =
			    &service->stacks.own[p].lines[i];

			if (line->kind == AK_PAM_BROKEN &&
			    doctor_is_new(doctor_place(line, place)))
				doctor_report(d, DOCTOR_WARNING, place, line->text,
				    "mend the line; libpam takes it for a refusal");
		}
}

void
doctor_stacks(struct doctor *d)
{
	const struct pam_service *service;

	if (!d->has_host) {
		doctor_report_error(d, "PAM", &d->cli->error, NULL);
		return;
	}
	doctor_each_line(d, look_at_options);
	for (size_t i = 0; i < d->host.count; i++) {
		service = &d->host.at[i];
		if (!pam_has_ours(service, AK_PAM_AUTH) &&
		    !pam_has_ours(service, AK_PAM_ACCOUNT))
			continue;
		if (service->stacks.broken) {
			doctor_report(d, DOCTOR_ERROR, service->name,
			    service->stacks.why, "mend it; libpam refuses everyone");
			continue;
		}
		look_for_broken_lines(d, service);
		if (pam_has_ours(service, AK_PAM_AUTH)) {
			look_for_open_doors(d, service);
			look_for_closed_doors(d, service);
			look_for_account_line(d, service);
			look_for_names(d, service);
		}
	}
}
