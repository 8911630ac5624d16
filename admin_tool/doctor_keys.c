/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "record.h"
#include "stats.h"
#include "text.h"

#define DECOY "DECOY" /* the reason of their refusals */

/* What is wrong with the service that keys name. */
enum trouble { NOTHING, NO_SERVICE, NO_MODULE, NO_ADDRESS };

/* A service that keys name in vain: how many, and one of them. */
struct vain {
	char service[AK_WORD_MAX + 1];
	enum trouble trouble;
	size_t keys;
	char label[TEXT_LABEL_MAX];
	char key[AK_OWNER_MAX + AK_NAME_MAX + 2]; /* as a KEY argument */
	bool only; /* it names no other service */
};

/* All that is found while the keys are read. */
struct survey {
	struct doctor *d;
	struct ak_usage *usage; /* NULL: nothing is known of it */
	struct vain *at;
	size_t count;
	bool no_memory;
};

/* Whether a line of the module in any stack takes itself for this service. */
static bool
is_assumed(const struct pam_host *host, const char *service)
{
	const struct ak_pam_line *line;
	struct ak_module_options o;
	const char *wrong;
	size_t at;

	for (size_t i = 0; i < host->count; i++)
		for (at = 0; (line = pam_next_ours(
				  ak_pam_stack_of(&host->at[i].stacks, AK_PAM_AUTH),
				  &at)) != NULL;)
			if (pam_line_options(line, &o, &wrong) == NULL &&
			    o.service != NULL && strcmp(o.service, service) == 0)
				return true;
	return false;
}

static enum trouble
trouble_with(const struct pam_host *host, const struct ak_key *key, const char *service)
{
	if (is_assumed(host, service))
		return NOTHING;
	for (size_t i = 0; i < host->count; i++)
		if (strcmp(host->at[i].name, service) == 0) {
			if (!pam_has_ours(&host->at[i], AK_PAM_AUTH))
				return NO_MODULE;
			return key->networks[0] != '\0' && pam_gives_no_address(service)
				   ? NO_ADDRESS
				   : NOTHING;
		}
	return NO_SERVICE;
}

static void
count(struct survey *s, const struct ak_record *record, const char *service,
    enum trouble trouble)
{
	struct vain *more;

	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].trouble == trouble &&
		    strcmp(s->at[i].service, service) == 0) {
			s->at[i].keys++;
			return;
		}
	more = reallocarray(s->at, s->count + 1, sizeof(*more));
	if (more == NULL) {
		s->no_memory = true;
		return;
	}
	s->at = more;
	more += s->count++;
	*more = (struct vain){ .trouble = trouble,
		.keys = 1,
		.only = strcmp(record->key.services, service) == 0 };
	snprintf(more->service, sizeof(more->service), "%s", service);
	text_label(record, more->label);
	/* The name of a key that was replaced means the one in its place. */
	if (record->key.name[0] != '\0' && record->replaced_by[0] == '\0')
		snprintf(more->key, sizeof(more->key), "%s/%s", record->key.owner,
		    record->key.name);
	else
		snprintf(more->key, sizeof(more->key), "%s", record->key.id);
}

static bool
add_alarms(const struct ak_stat *stat, void *context)
{
	int64_t *alarms = context;

	if (strcmp(stat->name, DECOY) == 0)
		*alarms += stat->refusals;
	return true;
}

/* A decoy that was used: somebody has found it where nobody should have looked. */
static void
look_at_decoy(struct survey *s, const struct ak_record *record)
{
	const struct ak_stats_filter filter = { .key_id = record->key.id };
	char label[TEXT_LABEL_MAX], reason[128];
	struct doctor *d = s->d;
	struct ak_error ignored;
	int64_t alarms = 0;

	if (s->usage == NULL || ak_usage_stats(s->usage, AK_BY_REASON, &filter,
				    add_alarms, &alarms, &ignored) != AK_OK)
		return;
	if (alarms == 0)
		return;
	text_label(record, label);
	snprintf(reason, sizeof(reason),
	    "is a decoy, and was used %lld time%s: what it lay in is known to somebody",
	    (long long)alarms, alarms == 1 ? "" : "s");
	doctor_report(d, DOCTOR_ERROR, label, reason,
	    doctor_command(d, "see who: %A log %s; when that is settled: %A revoke %s",
		record->key.id, record->key.id));
}

static bool
look_at_key(const struct ak_record *record, void *context)
{
	struct survey *s = context;
	const char *word, *at = record->key.services;
	char service[AK_WORD_MAX + 1];
	enum trouble trouble;
	size_t len;

	if (record->key.state != AK_ENABLED)
		return true;
	if (record->key.decoy) {
		look_at_decoy(s, record);
		return true;
	}
	if (!s->d->has_host || s->d->host.count == 0)
		return true;
	while ((word = ak_words_next(&at, &len)) != NULL) {
		snprintf(service, sizeof(service), "%.*s", (int)len, word);
		trouble = trouble_with(&s->d->host, &record->key, service);
		if (trouble != NOTHING)
			count(s, record, service, trouble);
	}
	return !s->no_memory;
}

static void
report(struct doctor *d, const struct vain *v)
{
	static const struct {
		const char *reason, *fix;
	} texts[] = {
		[NO_SERVICE] = { "this host has no such PAM service",
		    "set up its stack, as pam_authkey(8) shows, or" },
		[NO_MODULE] = { "its stack does not ask pam_authkey.so",
		    "add the module's lines, as pam_authkey(8) shows, or" },
		[NO_ADDRESS] = { "its clients give no address, and the key is bound to "
				 "networks: it never opens this service",
		    "take the networks from the key, or" },
	};
	char reason[TEXT_LABEL_MAX + 200], fix[TEXT_LABEL_MAX + 200];

	snprintf(reason, sizeof(reason), "%s; %zu key%s it, as %s",
	    texts[v->trouble].reason, v->keys, v->keys == 1 ? " names" : "s name",
	    v->label);
	snprintf(fix, sizeof(fix), "%s: %s", texts[v->trouble].fix,
	    v->only
		? doctor_command(
		      d, "%A edit %s --service NAME, or: %A revoke %s", v->key, v->key)
		: doctor_command(d, "%A edit %s --service=-%s", v->key, v->service));
	doctor_report(d, DOCTOR_WARNING, v->service, reason, fix);
}

void
doctor_keys(struct doctor *d)
{
	struct survey s = { .d = d };
	struct ak_error error;

	if (!d->known)
		return;
	if (ak_usage_inspect(&d->paths, &s.usage, &error) != AK_OK &&
	    error.code != AK_E_NOT_FOUND)
		doctor_report_error(d, d->paths.usage, &error,
		    doctor_mend_database(d, &error,
			doctor_command(d, "mv %s %s.damaged && %A fold", d->paths.usage,
			    d->paths.usage)));
	if (ak_record_all(d->cli->master, look_at_key, &s, &error) != AK_OK)
		doctor_report_error(
		    d, d->paths.master, &error, doctor_command(d, "%A restore BACKUP"));
	for (size_t i = 0; i < s.count; i++)
		report(d, &s.at[i]);
	free(s.at);
	ak_usage_close(&s.usage);
}
