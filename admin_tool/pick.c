/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner_access.h"
#include "pick.h"

/* No KEY is longer. */
#define LONGEST (AK_OWNER_MAX + 1 + AK_NAME_MAX)
/* So many keys before and behind a name in their order may be what was meant. */
#define NEAR 2000

/* What a name may mean; what comes first is meant before what follows. */
enum rank { LIVE, REPLACED, ENDED, RANKS };

/* The search for one KEY: what fits. */
struct search {
	struct cli *cli;
	struct picks fits[RANKS];
	bool failed;
};

bool
picks_add(struct cli *cli, struct picks *picks, const struct ak_record *record)
{
	for (size_t i = 0; i < picks->count; i++)
		if (strcmp(picks->at[i].id, record->key.id) == 0)
			return true;
	return picks_append(cli, picks, record);
}

bool
picks_append(struct cli *cli, struct picks *picks, const struct ak_record *record)
{
	struct pick *more, *new;
	size_t room;

	if (picks->count == picks->room) {
		room = picks->room * 2 + 8;
		more = reallocarray(picks->at, room, sizeof(*more));
		if (more == NULL) {
			ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
			return false;
		}
		picks->at = more;
		picks->room = room;
	}
	new = &picks->at[picks->count++];
	memset(new, 0, sizeof(*new));
	memcpy(new->id, record->key.id, sizeof(new->id));
	text_label(record, new->label);
	new->ended = record->key.state == AK_ENDED;
	return true;
}

void
picks_free(struct picks *picks)
{
	free(picks->at);
	memset(picks, 0, sizeof(*picks));
}

static bool
take(const struct ak_record *record, void *context)
{
	struct search *s = context;
	enum rank rank = record->key.state == AK_ENDED    ? ENDED
			 : record->replaced_by[0] != '\0' ? REPLACED
							  : LIVE;

	if (!picks_add(s->cli, &s->fits[rank], record))
		s->failed = true;
	return !s->failed;
}

/* The key of this id in every state; with `prefix`, only if it is the key's. */
static enum ak_code
look_for_id(struct search *s, const char *id, const char *prefix)
{
	struct ak_error *error = &s->cli->error;
	struct ak_record record;
	enum ak_code code;
	bool found;

	code = ak_record_by_id(s->cli->master, id, &record, &found, error);
	if (code == AK_OK && found &&
	    (prefix == NULL || strcmp(prefix, record.prefix) == 0) &&
	    !picks_add(s->cli, &s->fits[LIVE], &record))
		code = error->code;
	return code;
}

/* The parts of a masked key: ak_7QxR2mNd, as it is or with its ellipsis. */
static bool
take_masked(const char *key, char prefix[AK_PREFIX_MAX + 1], char id[AK_ID_LEN + 1])
{
	size_t len = strcspn(key, "_");
	const char *behind;

	if (len > AK_PREFIX_MAX || key[len] != '_' || strlen(key + len + 1) < AK_ID_LEN)
		return false;
	snprintf(prefix, AK_PREFIX_MAX + 1, "%.*s", (int)len, key);
	snprintf(id, AK_ID_LEN + 1, "%s", key + len + 1);
	behind = key + len + 1 + AK_ID_LEN;
	return *behind == '\0' || strcmp(behind, "...") == 0 ||
	       strcmp(behind, "\xe2\x80\xa6") == 0;
}

/* Everything of this id, this name, or this OWNER/NAME. */
static enum ak_code
look(struct search *s, const char *key)
{
	const char *slash = strchr(key, '/');
	struct ak_error *error = &s->cli->error;
	char owner[AK_OWNER_MAX + 1], prefix[AK_PREFIX_MAX + 1], id[AK_ID_LEN + 1];
	enum ak_code code;

	if (slash != NULL) {
		if ((size_t)(slash - key) >= sizeof(owner))
			return AK_OK;
		memcpy(owner, key, (size_t)(slash - key));
		owner[slash - key] = '\0';
		return ak_record_by_name(
		    s->cli->master, slash + 1, owner, take, s, error);
	}
	code = take_masked(key, prefix, id) ? look_for_id(s, id, prefix)
					    : look_for_id(s, key, NULL);
	if (code != AK_OK)
		return code;
	return ak_record_by_name(s->cli->master, key, NULL, take, s, error);
}

static enum cli_exit
ambiguous(struct cli *cli, const char *key, const struct picks *fits)
{
	struct ak_record record;
	bool found;

	cli_warn(
	    cli, "%s fits %zu keys; name one as it stands here:", key, fits->count);
	for (size_t i = 0; i < fits->count; i++)
		if (ak_record_by_id(cli->master, fits->at[i].id, &record, &found,
			&cli->error) == AK_OK &&
		    found)
			fprintf(stderr, "  %s_%s  %s/%s  %s\n", record.prefix,
			    record.key.id, record.key.owner, record.key.name,
			    ak_record_status(&record, cli->now));
	return EXIT_CONFLICT;
}

/* The search for what somebody may have meant. */
struct guess {
	const char *key;
	size_t least;
	char nearest[AK_OWNER_MAX + 1 + AK_NAME_MAX + 1];
};

static bool
compare(const struct ak_record *record, void *context)
{
	char whole[AK_OWNER_MAX + 1 + AK_NAME_MAX + 1];
	struct guess *g = context;
	bool has_owner = strchr(g->key, '/') != NULL;

	snprintf(whole, sizeof(whole), "%s%s%s", has_owner ? record->key.owner : "",
	    has_owner ? "/" : "", record->key.name);
	if (text_is_nearer(g->key, whole, &g->least))
		memcpy(g->nearest, whole, sizeof(whole));
	return true;
}

static enum cli_exit
no_key(struct cli *cli, const char *key)
{
	struct guess g = { .key = key, .least = text_near_limit(key) };
	const char *slash = strchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;
	char word[2 * AK_OWNER_MAX];
	struct ak_owner owner;

	if (strlen(key) > LONGEST)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no key of such a long name; see: authkey list");
	else if (ak_record_near(cli->master, name, NEAR, compare, &g, &cli->error) !=
		 AK_OK)
		return cli_fail(cli);
	else if (g.nearest[0] != '\0')
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no key %s; did you mean %s?", key, g.nearest);
	else if (owner_read(cli, key, &owner)) {
		text_shell_word(word, sizeof(word), key);
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no key %s, but an owner; see: authkey list --owner %s",
		    key, word);
	} else if (cli->error.code == AK_E_NOT_FOUND)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no key %s; see: authkey list", key);
	return cli_fail(cli);
}

/* Exactly one: read it. */
static enum cli_exit
settle(struct cli *cli, const char *key, const struct picks *fits,
    struct ak_record *record)
{
	bool found;

	if (fits->count > 1)
		return ambiguous(cli, key, fits);
	if (fits->count == 0)
		return no_key(cli, key);
	if (ak_record_by_id(cli->master, fits->at[0].id, record, &found, &cli->error) ==
	    AK_OK) {
		if (found)
			return EXIT_DONE;
		ak_fail(&cli->error, AK_E_NOT_FOUND, "%s was deleted just now",
		    fits->at[0].label);
	}
	return cli_fail(cli);
}

enum cli_exit
pick_one(struct cli *cli, const char *key, struct ak_record *record)
{
	struct search s = { .cli = cli };
	enum rank rank = LIVE;
	enum cli_exit end;

	memset(record, 0, sizeof(*record));
	/* Every user of the host may read arguments: SECURITY R42. */
	if (text_has_token(key))
		return cli_usage(cli, "that is a whole token, and arguments are not "
				      "secret; name the key by its id or name");
	if (look(&s, key) != AK_OK || s.failed)
		end = cli_fail(cli);
	else {
		while (rank < ENDED && s.fits[rank].count == 0)
			rank++;
		end = settle(cli, key, &s.fits[rank], record);
	}
	for (rank = LIVE; rank < RANKS; rank++)
		picks_free(&s.fits[rank]);
	return end;
}

enum cli_exit
pick_all(struct cli *cli, char *const *keys, struct picks *picks)
{
	bool several = keys[0] != NULL && keys[1] != NULL;
	struct ak_record record;
	enum cli_exit end = EXIT_DONE;

	for (; *keys != NULL && end == EXIT_DONE; keys++) {
		end = pick_one(cli, *keys, &record);
		if (end == EXIT_DONE && !picks_add(cli, picks, &record))
			end = cli_fail(cli);
	}
	if (end != EXIT_DONE && several)
		cli_say(cli, "None of the keys was changed.");
	return end;
}
