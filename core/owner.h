/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_OWNER_H
#define AK_OWNER_H

#include "master.h"

#define AK_PERSONAL_MAX 256

/* The person behind a PAM user. Texts that are not set are "". */
struct ak_owner {
	char name[AK_OWNER_MAX + 1]; /* the PAM user */
	char full_name[AK_PERSONAL_MAX + 1];
	char user_id[AK_PERSONAL_MAX + 1];
	char email[AK_PERSONAL_MAX + 1];
	char external_id[AK_PERSONAL_MAX + 1];
	int64_t verified_at; /* or AK_NO_TIME */
	char verified_by[AK_OWNER_MAX + 1];
	int64_t suspended_at; /* or AK_NO_TIME: all of the owner's keys are refused */
	char suspended_by[AK_OWNER_MAX + 1];
	char suspend_reason[AK_DESCRIPTION_MAX + 1];
};

typedef bool ak_owner_fn(const struct ak_owner *owner, void *context);

/*
 * Find an owner. `found` says whether anything was set; otherwise `owner` has its name
 * and no more, ready to be filled in and put.
 */
enum ak_code ak_owner_get(struct ak_master *master, const char *name,
    struct ak_owner *owner, bool *found, struct ak_error *error);

/* Write an owner, new or changed, within a change. */
enum ak_code ak_owner_put(
    struct ak_master *master, const struct ak_owner *owner, struct ak_error *error);

/* Those who were set, by name. */
enum ak_code ak_owner_all(
    struct ak_master *master, ak_owner_fn *fn, void *context, struct ak_error *error);

/* All owners, by name: those who own keys and those who were set. */
enum ak_code ak_owner_list(
    struct ak_master *master, ak_owner_fn *fn, void *context, struct ak_error *error);

#endif
