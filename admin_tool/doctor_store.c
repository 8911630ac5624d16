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

#define NAMED_MAX 5 /* damaged records that are named; the rest is counted */
#define TRIES 3 /* comparisons, while other commands change keys */

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

/* The store beside the master: what is found is told when both have stood still. */
struct comparison {
	struct doctor *d;
	struct ak_store store;
	struct ak_store_meta meta; /* of the store */
	bool same_generation;
	bool in_change; /* another command has yet to put its store in place */
	size_t bad;
	struct {
		char label[TEXT_LABEL_MAX];
		const char *reason;
	} named[NAMED_MAX]; /* the first of them */
	json_t *strangers; /* each id, and whether it opens */
	struct ak_error error; /* of reading the master */
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
		text_label(record, c->named[c->bad - 1].label);
		c->named[c->bad - 1].reason = reason;
	}
	return true;
}

/* A key that no command shows. */
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
	json_object_set_new(c->strangers, id, json_boolean(key.state == AK_ENABLED));
}

/* Every record is read as a login reads it, so that every seal is checked. */
static void
compare(struct comparison *c)
{
	c->error.code = AK_OK;
	c->same_generation = c->meta.generation == c->d->installation.generation;
	c->bad = 0;
	json_object_clear(c->strangers);
	ak_record_all(c->d->cli->master, compare_key, c, &c->error);
	if (c->same_generation)
		ak_store_ids(&c->store, look_for_stranger, c);
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

static void
report_strangers(const struct comparison *c)
{
	struct doctor *d = c->d;
	size_t count = 0;
	const char *id;
	json_t *opens;

	json_object_foreach(c->strangers, id, opens)
	{
		if (count++ == NAMED_MAX)
			break;
		doctor_report(d, DOCTOR_ERROR, id,
		    json_is_true(opens)
			? "the store has such a key and the master has none, so that "
			  "no list shows it, and it opens"
			: "the store has such a key and the master has none, so that "
			  "no list shows it",
		    doctor_command(d,
			"find out who could write the store; to end it: %A publish"));
	}
	report_more(d, json_object_size(c->strangers), "in it and not in the master");
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

/* One of both is older: the store after a crash, the master when it was put back. */
static void
report_generation(struct doctor *d, int64_t published)
{
	bool newer = published > d->installation.generation;
	char reason[160];

	snprintf(reason, sizeof(reason),
	    "is %s the master: generation %lld instead of %lld; %s",
	    newer ? "newer than" : "behind", (long long)published,
	    (long long)d->installation.generation,
	    newer ? "to publish brings back to life what was revoked since"
		  : "changes are not in force");
	doctor_report(d, DOCTOR_ERROR, d->paths.store, reason,
	    newer ? doctor_command(
			d, "%A restore BACKUP; if this master is right: %A publish")
		  : doctor_command(d, "%A publish"));
}

static void
report_comparison(const struct comparison *c)
{
	struct doctor *d = c->d;
	char delta[PATH_MAX];

	if (!c->same_generation && !c->in_change)
		report_generation(d, c->meta.generation);
	look_at_group(d, d->paths.store, &c->store.status);
	if (c->store.delta.fd >= 0 &&
	    ak_delta_path(d->paths.store, c->meta.delta, delta, sizeof(delta)))
		look_at_group(d, delta, &c->store.delta.status);
	if (c->error.code != AK_OK)
		doctor_report_error(d, d->paths.master, &c->error,
		    doctor_command(d, "%A restore BACKUP"));
	for (size_t i = 0; i < c->bad && i < NAMED_MAX; i++)
		doctor_report(d, DOCTOR_ERROR, c->named[i].label, c->named[i].reason,
		    doctor_command(d, "%A publish"));
	report_more(d, c->bad, "damaged in it");
	report_strangers(c);
}

/* What the store says of its publishing now. */
static bool
read_meta(const struct doctor *d, struct ak_store_meta *meta)
{
	struct ak_error ignored; /* "store" has said it */
	struct ak_store store;
	struct ak_key key;
	bool read;

	if (ak_store_open(d->paths.store, d->owner, &store, &ignored) != AK_OK)
		return false;
	read = ak_store_find(&store, "", &key, meta, &ignored) == AK_OK;
	ak_store_close(&store);
	return read;
}

/* Look again at a master that another command has changed. */
static bool
reopen_master(struct doctor *d)
{
	struct cli *cli = d->cli;

	ak_master_close(&cli->master);
	d->known =
	    ak_master_inspect(&d->paths, &cli->master, &cli->error) == AK_OK &&
	    ak_master_installation(cli->master, &d->installation, &cli->error) == AK_OK;
	if (!d->known)
		doctor_report_error(d, d->paths.master, &cli->error,
		    doctor_command(d, "%A restore BACKUP"));
	return d->known;
}

/*
 * Whether master and store were the same from the first look at them to now. The master
 * is asked by another handle: one that is open knows what it has read. A change puts
 * its store in place before it gives up the lock, so that only a store that is behind
 * after that stays behind.
 */
static bool
have_stood_still(struct comparison *c)
{
	struct doctor *d = c->d;
	struct ak_master *master = NULL;
	struct ak_installation now;
	struct ak_store_meta meta;
	struct ak_error ignored;
	bool still;

	c->in_change = !c->same_generation && doctor_is_busy(d);
	if (!c->same_generation && !c->in_change &&
	    (!read_meta(d, &meta) || meta.generation != c->meta.generation))
		return false;
	still = ak_master_inspect(&d->paths, &master, &ignored) == AK_OK &&
		ak_master_installation(master, &now, &ignored) == AK_OK &&
		now.generation == d->installation.generation;
	ak_master_close(&master);
	return still;
}

/* Open the store and hold it against the master. Whether that is to be done again. */
static bool
look(struct comparison *c)
{
	struct doctor *d = c->d;
	struct ak_error error;
	struct ak_key key;
	bool again = false;

	if (ak_store_open(d->paths.store, d->owner, &c->store, &error) != AK_OK ||
	    ak_store_find(&c->store, "", &key, &c->meta, &error) != AK_OK)
		doctor_report_error(
		    d, d->paths.store, &error, doctor_command(d, "%A publish"));
	else if (d->known) {
		compare(c);
		if (have_stood_still(c))
			report_comparison(c);
		else
			again = true;
	}
	ak_store_close(&c->store);
	return again;
}

void
doctor_store(struct doctor *d)
{
	struct comparison c = { .d = d };
	struct ak_error error;
	bool again;

	if (access(d->paths.store, F_OK) != 0 && errno == ENOENT)
		return; /* "folders" has said it */
	if (ak_store_not_newer(d->paths.store, d->owner, &error) != AK_OK) {
		doctor_report_error(d, d->paths.store, &error, AK_UPGRADE);
		return;
	}
	c.strangers = json_object();
	again = look(&c);
	for (int tries = 1; again && tries < TRIES && reopen_master(d); tries++)
		again = look(&c);
	if (again && d->known)
		doctor_report(d, DOCTOR_UNSEEN, d->paths.store,
		    "changes while it is held against the master",
		    doctor_command(d, "look again: %A doctor"));
	json_decref(c.strangers);
}

void
doctor_clock(struct doctor *d)
{
	struct ak_store_meta meta;
	char reason[160];

	if (!read_meta(d, &meta) || d->cli->now >= meta.published_at - AK_CLOCK_SLACK)
		return;
	snprintf(reason, sizeof(reason),
	    "is %lld s behind the last publishing; keys that expire open nothing",
	    (long long)(meta.published_at - d->cli->now));
	doctor_report(d, DOCTOR_ERROR, "clock", reason,
	    doctor_command(d, "set it right; if it is right: %A publish"));
}
