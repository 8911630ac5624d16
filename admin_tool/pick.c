/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pick.h"

/* No KEY is longer. */
#define LONGEST (AK_OWNER_MAX + 1 + AK_NAME_MAX)

/* The search for one KEY: what fits, live ones apart from revoked ones. */
struct search {
	struct cli *cli;
	struct picks live, ended;
	bool failed;
};

bool
picks_add(struct cli *cli, struct picks *picks, const struct ak_record *record)
{
	struct pick *more, *new;
	size_t room;

	for (size_t i = 0; i < picks->count; i++)
		if (strcmp(picks->at[i].id, record->key.id) == 0)
			return true;
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
	bool ended = record->key.state == AK_ENDED;

	if (!picks_add(s->cli, ended ? &s->ended : &s->live, record))
		s->failed = true;
	return !s->failed;
}

/* Everything of this id, this name, or this OWNER/NAME. */
static enum ak_code
look(struct search *s, const char *key)
{
	const char *slash = strchr(key, '/');
	struct ak_error *error = &s->cli->error;
	char owner[AK_OWNER_MAX + 1];
	struct ak_record record;
	enum ak_code code;
	bool found;

	if (slash != NULL) {
		if ((size_t)(slash - key) >= sizeof(owner))
			return AK_OK;
		memcpy(owner, key, (size_t)(slash - key));
		owner[slash - key] = '\0';
		return ak_record_by_name(
		    s->cli->master, slash + 1, owner, take, s, error);
	}
	if ((code = ak_record_by_id(s->cli->master, key, &record, &found, error)) !=
	    AK_OK)
		return code;
	/* An id means its key in every state. */
	if (found && !picks_add(s->cli, &s->live, &record))
		return error->code;
	return ak_record_by_name(s->cli->master, key, NULL, take, s, error);
}

static enum cli_exit
ambiguous(struct cli *cli, const char *key, const struct picks *fits)
{
	struct ak_record record;
	bool found;

	cli_warn(cli, "%s fits %zu keys; name one by its id, or as OWNER/NAME:", key,
	    fits->count);
	for (size_t i = 0; i < fits->count; i++)
		if (ak_record_by_id(cli->master, fits->at[i].id, &record, &found,
			&cli->error) == AK_OK &&
		    found)
			fprintf(stderr, "  %s  %s/%s  %s\n", record.key.id,
			    record.key.owner, record.key.name,
			    ak_record_status(&record, cli->now));
	return EXIT_CONFLICT;
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
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "there is no key %s; see: authkey list",
		    strlen(key) <= LONGEST ? key : "of such a long name");
	else if (ak_record_by_id(cli->master, fits->at[0].id, record, &found,
		     &cli->error) == AK_OK) {
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
	struct ak_token token;
	enum cli_exit end;

	/* Every user of the host may read arguments: SECURITY R42. */
	if (ak_token_parse(key, strlen(key), &token) != AK_MALFORMED)
		return cli_usage(cli, "that is a whole token, and arguments are not "
				      "secret; name the key by its id or name");
	if (look(&s, key) != AK_OK || s.failed)
		end = cli_fail(cli);
	else
		end = settle(cli, key, s.live.count > 0 ? &s.live : &s.ended, record);
	picks_free(&s.live);
	picks_free(&s.ended);
	return end;
}

enum cli_exit
pick_all(struct cli *cli, char *const *keys, struct picks *picks)
{
	struct ak_record record;
	enum cli_exit end = EXIT_DONE;

	for (; *keys != NULL && end == EXIT_DONE; keys++) {
		end = pick_one(cli, *keys, &record);
		if (end == EXIT_DONE && !picks_add(cli, picks, &record))
			end = cli_fail(cli);
	}
	return end;
}
