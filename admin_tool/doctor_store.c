/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "doctor.h"
#include "text.h"

/* How many damaged records are named; the rest is counted. */
#define NAMED_MAX 5

const char *
doctor_mend_database(
    const struct doctor *d, const struct ak_error *error, const char *otherwise)
{
	if (strstr(error->text, "an older authkey") != NULL)
		return doctor_command(d, "%A fold");
	if (strstr(error->text, "a newer authkey") != NULL)
		return AK_UPGRADE;
	return otherwise;
}

void
doctor_master(struct doctor *d)
{
	struct cli *cli = d->cli;
	const char *fix = doctor_command(d, "%A restore BACKUP");

	if (ak_master_inspect(&d->paths, &cli->master, &cli->error) != AK_OK) {
		if (cli->error.code != AK_E_NOT_FOUND) /* "folders" has said it */
			doctor_report_error(d, d->paths.master, &cli->error,
			    doctor_mend_database(d, &cli->error, fix));
		return;
	}
	if (ak_master_check(cli->master, &cli->error) != AK_OK)
		doctor_report_error(d, d->paths.master, &cli->error, fix);
	d->known =
	    ak_master_installation(cli->master, &d->installation, &cli->error) == AK_OK;
	if (!d->known)
		doctor_report_error(d, d->paths.master, &cli->error, fix);
}

static void
take_sealed(const char *path, int64_t count, void *context)
{
	struct doctor *d = context;

	if (count > 0)
		doctor_report(d, DOCTOR_WARNING, path,
		    "still holds sealed tokens, though recovery is off",
		    doctor_command(d, "rm -- %s", path));
}

void
doctor_recovery(struct doctor *d)
{
	struct ak_error ignored; /* "folders" has said it */

	if (d->known && !d->installation.recovery)
		ak_sealed_aside(&d->paths, take_sealed, d, &ignored);
}

void
doctor_audit(struct doctor *d)
{
	int64_t broken = 0, count = 0;
	char reason[160];

	if (!d->known)
		return;
	if (ak_audit_verify(d->cli->master, &broken, &count, &d->cli->error) != AK_OK) {
		doctor_report_error(d, "audit", &d->cli->error, NULL);
		return;
	}
	if (broken == 0)
		return;
	snprintf(reason, sizeof(reason),
	    "the chain breaks at row %lld: it was changed, or one was taken out or put "
	    "in",
	    (long long)broken);
	doctor_report(d, DOCTOR_ERROR, "audit", reason,
	    "find out who could write the master; a backup from before has the rows");
}

/* The store beside the master. */
struct comparison {
	struct doctor *d;
	struct ak_store store;
	size_t bad, strangers;
	bool same_generation;
};

/* Whether the store says of a key what the master says. */
static bool
is_same(const struct ak_key *a, const struct ak_key *b)
{
	uint8_t packed_a[AK_PACKED_MAX], packed_b[AK_PACKED_MAX];
	size_t len = ak_key_pack(a, packed_a);

	return ak_key_pack(b, packed_b) == len && memcmp(packed_a, packed_b, len) == 0;
}

static bool
compare_key(const struct ak_record *record, void *context)
{
	struct comparison *c = context;
	struct ak_store_meta meta;
	struct ak_error error;
	struct ak_key key;
	char label[TEXT_LABEL_MAX];
	const char *reason = NULL;

	if (ak_store_find(&c->store, record->key.id, &key, &meta, &error) != AK_OK)
		reason = "its record in the store is damaged; it opens nothing";
	else if (!c->same_generation)
		return true;
	else if (key.id[0] == '\0' && record->key.state != AK_ENDED)
		reason = "the store does not have it; it opens nothing";
	else if (key.id[0] != '\0' && !is_same(&key, &record->key))
		reason = "the store has something else of it than the master";
	if (reason != NULL && c->bad++ < NAMED_MAX) {
		text_label(record, label);
		doctor_report(c->d, DOCTOR_ERROR, label, reason,
		    doctor_command(c->d, "%A publish"));
	}
	return true;
}

/* A key that opens, and that no command shows. */
static void
look_for_stranger(const char *id, void *context)
{
	struct comparison *c = context;
	struct ak_record record;
	struct ak_store_meta meta;
	struct ak_error ignored; /* "master" or compare_key() has said it */
	struct ak_key key;
	bool found;

	if (ak_record_by_id(c->d->cli->master, id, &record, &found, &ignored) !=
		AK_OK ||
	    found || ak_store_find(&c->store, id, &key, &meta, &ignored) != AK_OK ||
	    key.id[0] == '\0')
		return;
	if (c->strangers++ < NAMED_MAX)
		doctor_report(c->d, DOCTOR_ERROR, id,
		    "the store has such a key and the master has none, so that no list "
		    "shows it, and it opens",
		    doctor_command(c->d,
			"find out who could write the store; to end it: %A publish"));
}

/* Those that were not named. */
static void
report_more(struct doctor *d, size_t count, const char *what)
{
	char reason[96];

	if (count <= NAMED_MAX)
		return;
	snprintf(
	    reason, sizeof(reason), "%zu more keys are %s", count - NAMED_MAX, what);
	doctor_report(
	    d, DOCTOR_ERROR, d->paths.store, reason, doctor_command(d, "%A publish"));
}

/* Every record is read as a login reads it, so that every seal is checked. */
static void
compare(struct doctor *d, struct comparison *c)
{
	if (ak_record_all(d->cli->master, compare_key, c, &d->cli->error) != AK_OK)
		doctor_report_error(d, d->paths.master, &d->cli->error,
		    doctor_command(d, "%A restore BACKUP"));
	report_more(d, c->bad, "damaged in it");
	if (c->same_generation && !d->busy)
		ak_store_ids(&c->store, look_for_stranger, c);
	report_more(d, c->strangers, "in it and not in the master");
}

static void
look_at_group(struct doctor *d, const char *path, const struct stat *status)
{
	const struct group *group = getgrnam(d->installation.unix_group);
	char reason[160];

	if (group == NULL || group->gr_gid == status->st_gid)
		return;
	snprintf(reason, sizeof(reason),
	    "belongs to group %u instead of %s, so that verifiers cannot read it",
	    (unsigned)status->st_gid, d->installation.unix_group);
	doctor_report(d, DOCTOR_ERROR, path, reason, doctor_command(d, "%A publish"));
}

void
doctor_store(struct doctor *d)
{
	struct comparison c = { .d = d };
	struct ak_store_meta meta;
	struct ak_error error;
	struct ak_key key;
	char reason[160], delta[PATH_MAX];

	if (access(d->paths.store, F_OK) != 0 && errno == ENOENT)
		return; /* "folders" has said it */
	if (ak_store_not_newer(d->paths.store, d->owner, &error) != AK_OK) {
		doctor_report_error(d, d->paths.store, &error, AK_UPGRADE);
		return;
	}
	if (ak_store_open(d->paths.store, d->owner, &c.store, &error) != AK_OK) {
		doctor_report_error(
		    d, d->paths.store, &error, doctor_command(d, "%A publish"));
		return;
	}
	if (ak_store_find(&c.store, "", &key, &meta, &error) != AK_OK)
		doctor_report_error(
		    d, d->paths.store, &error, doctor_command(d, "%A publish"));
	else if (d->known) {
		c.same_generation = meta.generation == d->installation.generation;
		if (!c.same_generation && !d->busy) {
			snprintf(reason, sizeof(reason),
			    "is behind the master: generation %lld instead of %lld; "
			    "changes are not in force",
			    (long long)meta.generation,
			    (long long)d->installation.generation);
			doctor_report(d, DOCTOR_ERROR, d->paths.store, reason,
			    doctor_command(d, "%A publish"));
		}
		look_at_group(d, d->paths.store, &c.store.status);
		if (c.store.delta.fd >= 0 &&
		    ak_delta_path(d->paths.store, meta.delta, delta, sizeof(delta)))
			look_at_group(d, delta, &c.store.delta.status);
		compare(d, &c);
	}
	ak_store_close(&c.store);
}

void
doctor_clock(struct doctor *d)
{
	struct ak_store_meta meta = { 0 };
	struct ak_error ignored;
	struct ak_store store;
	struct ak_key key;
	char reason[160];

	if (ak_store_open(d->paths.store, d->owner, &store, &ignored) != AK_OK)
		return; /* "store" has said it */
	if (ak_store_find(&store, "", &key, &meta, &ignored) == AK_OK &&
	    d->cli->now < meta.published_at - AK_CLOCK_SLACK) {
		snprintf(reason, sizeof(reason),
		    "is %lld s behind the last publishing; keys that expire open "
		    "nothing",
		    (long long)(meta.published_at - d->cli->now));
		doctor_report(d, DOCTOR_ERROR, "clock", reason,
		    doctor_command(d, "set it right; if it is right: %A publish"));
	}
	ak_store_close(&store);
}
