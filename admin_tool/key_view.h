/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KEY_VIEW_H
#define KEY_VIEW_H

#include "cli.h"
#include "record.h"
#include "text.h"

/* The fields of a key: a contract, authkey(8). */
enum {
	KEY_ID,
	KEY_NAME,
	KEY_DESCRIPTION,
	KEY_OWNER,
	KEY_STATUS,
	KEY_KEY,
	KEY_CREATED_AT,
	KEY_ACTIVATED_AT,
	KEY_EXPIRES_AT,
	KEY_NOT_BEFORE,
	KEY_LAST_USED_AT,
	KEY_LAST_USED_FROM,
	KEY_LAST_USED_SERVICE,
	KEY_USES,
	KEY_REFUSALS,
	KEY_SERVICES,
	KEY_SCOPES,
	KEY_NETWORKS,
	KEY_TAGS,
	KEY_REVOKED_AT,
	KEY_REVOKED_BY,
	KEY_REVOKE_REASON,
	KEY_REPLACED_BY,
	KEY_REPLACES,
	KEY_DRAINING_SINCE,
	KEY_DECOY,
	KEY_OLD_CALLERS, /* of key_sheet alone */
	KEY_FIELDS
};

extern const struct out_shape key_list; /* many */
extern const struct out_shape key_ends; /* many, by when they end */
extern const struct out_shape key_sheet; /* one, everything */
extern const struct out_shape key_notice; /* one, what a new key's owner must know */

/* A key as cells, which borrow from the record. */
struct key_view {
	struct out_cell cells[KEY_FIELDS];
	char masked[TEXT_MASKED_MAX];
	char replaces[AK_ID_LEN + 1];
	struct ak_key_usage usage;
};

/*
 * All but the key's use and what it replaces, which are unknown. `token` is the whole
 * token where it is to be shown, otherwise NULL.
 */
void key_view(const struct cli *cli, const struct ak_record *record, const char *token,
    struct key_view *view);

/*
 * Give a row of key_list, or answer with one of the others; with the key's use. One
 * that this command has made, `is_new`, has none, which nobody need look up.
 */
void key_row(struct cli *cli, const struct ak_record *record);
void key_answer(struct cli *cli, const struct out_shape *shape,
    const struct ak_record *record, const char *token, bool is_new);

#endif
