/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "change.h"
#include "owner_access.h"
#include "list.h"

enum {
	OWNER,
	NAME,
	USER_ID,
	EMAIL,
	EXTERNAL_ID,
	VERIFIED,
	VERIFIED_AT,
	VERIFIED_BY,
	SUSPENDED,
	SUSPENDED_AT,
	SUSPENDED_BY,
	SUSPEND_REASON,
	FIELDS
};
static const struct out_field fields[FIELDS] = {
	[OWNER] = { "owner", "OWNER", OUT_TEXT, NULL },
	[NAME] = { "name", "NAME", OUT_TEXT, NULL },
	[USER_ID] = { "user_id", "USER ID", OUT_TEXT, NULL },
	[EMAIL] = { "email", "E-MAIL", OUT_TEXT, NULL },
	[EXTERNAL_ID] = { "external_id", "EXTERNAL ID", OUT_TEXT, NULL },
	[VERIFIED] = { "verified", "VERIFIED", OUT_BOOL, NULL },
	[VERIFIED_AT] = { "verified_at", "VERIFIED AT", OUT_TIME, NULL },
	[VERIFIED_BY] = { "verified_by", "VERIFIED BY", OUT_TEXT, NULL },
	[SUSPENDED] = { "suspended", "SUSPENDED", OUT_BOOL, NULL },
	[SUSPENDED_AT] = { "suspended_at", "SUSPENDED AT", OUT_TIME, NULL },
	[SUSPENDED_BY] = { "suspended_by", "SUSPENDED BY", OUT_TEXT, NULL },
	[SUSPEND_REASON] = { "suspend_reason", "SUSPENDED BECAUSE", OUT_TEXT, NULL },
};
static const int columns[] = { OWNER, NAME, EMAIL, VERIFIED, SUSPENDED, -1 };
const struct out_shape owner_sheet = { fields, FIELDS, false, NULL };
const struct out_shape owner_list = { fields, FIELDS, true, columns };

static void
view(const struct ak_owner *o, struct out_cell cells[FIELDS])
{
	const struct out_cell filled[FIELDS] = {
		[OWNER].text = o->name,
		[NAME].text = o->full_name,
		[USER_ID].text = o->user_id,
		[EMAIL].text = o->email,
		[EXTERNAL_ID].text = o->external_id,
		[VERIFIED].number = o->verified_at != AK_NO_TIME,
		[VERIFIED_AT].number = o->verified_at,
		[VERIFIED_BY].text = o->verified_by,
		[SUSPENDED].number = o->suspended_at != AK_NO_TIME,
		[SUSPENDED_AT].number = o->suspended_at,
		[SUSPENDED_BY].text = o->suspended_by,
		[SUSPEND_REASON].text = o->suspend_reason,
	};

	memcpy(cells, filled, sizeof(filled));
}

void
owner_show(struct cli *cli, const struct ak_owner *owner)
{
	struct out_cell cells[FIELDS];

	view(owner, cells);
	out_one(&cli->out, &owner_sheet, cells);
}

void
owner_row(struct cli *cli, const struct ak_owner *owner)
{
	struct out_cell cells[FIELDS];

	view(owner, cells);
	out_row(&cli->out, cells);
}

static bool
has_key(const struct ak_record *record, void *context)
{
	(void)record;
	*(bool *)context = true;
	return false;
}

bool
owner_read(struct cli *cli, const char *name, struct ak_owner *owner)
{
	struct ak_filter filter = { AK_FILTER_ANY, .owner = name };
	bool found;

	if (ak_owner_get(cli->master, name, owner, &found, &cli->error) != AK_OK ||
	    (!found && ak_record_list(cli->master, &filter, has_key, &found,
			   &cli->error) != AK_OK))
		return false;
	if (!found)
		ak_fail(&cli->error, AK_E_NOT_FOUND,
		    "%s owns no key and was never described; see: authkey owner list",
		    name);
	return found;
}

enum ak_code
owner_put(struct cli *cli, const struct ak_owner *was, const struct ak_owner *is,
    json_t **differences)
{
	struct out_cell cells[2][FIELDS];
	enum ak_code code;

	view(was, cells[0]);
	view(is, cells[1]);
	if (differences != NULL && (*differences = change_differences(
					&owner_sheet, cells[0], cells[1])) == NULL)
		return ak_fail(&cli->error, AK_E_NOMEM, "out of memory");
	if ((code = ak_owner_put(cli->master, is, &cli->error)) == AK_OK)
		code = change_note(cli, is->name, &owner_sheet, cells[0], cells[1]);
	return code;
}

/* An owner, and what is to become of them. */
struct owner_work {
	const char *name;
	const struct owner_plan *plan;
	const void *values;
	struct ak_owner owner; /* as it is afterwards */
};

static enum ak_code
work_on_owner(struct cli *cli, void *context)
{
	struct owner_work *work = context;
	struct ak_owner before;
	bool found;

	if (!(work->plan->may_be_new ? ak_owner_get(cli->master, work->name,
					   &work->owner, &found, &cli->error) == AK_OK
				     : owner_read(cli, work->name, &work->owner)))
		return cli->error.code;
	before = work->owner;
	if (!work->plan->change(cli, &work->owner, work->values))
		return AK_OK;
	return owner_put(cli, &before, &work->owner, NULL);
}

enum cli_exit
owner_change(struct cli *cli, const char *name, const struct owner_plan *plan,
    const void *values)
{
	struct owner_work work = { .name = name, .plan = plan, .values = values };
	const char *why = ak_owner_why_not(name);
	enum cli_exit end;

	if (why != NULL)
		return cli_usage(cli, "USER: %s", why);
	if (!cli_open(cli))
		return cli_fail(cli);
	if ((end = change_run(cli, work_on_owner, &work)) != EXIT_DONE)
		return end;
	if (cli->notes > 0)
		cli_say(cli, "%s %s.", plan->done, name);
	else
		cli_say(cli, "%s %s; nothing to do.", name, plan->already);
	if (out_wants_data(&cli->out))
		owner_show(cli, &work.owner);
	return EXIT_DONE;
}
