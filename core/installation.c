/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "master_private.h"

enum ak_code
ak_paths_of(const char *root, struct ak_paths *p, struct ak_error *error)
{
	char *real = realpath(root, NULL);
	size_t len;

	memset(p, 0, sizeof(*p));
	if (real == NULL) {
		if (errno == ENOENT)
			return ak_fail(error, AK_E_NOT_FOUND,
			    "%s: there is no installation; run: authkey init", root);
		return ak_fail_errno(error, root, "");
	}
	len = strlen(real);
	if (len >= sizeof(p->root)) {
		free(real);
		return ak_fail(error, AK_E_USAGE, "the path of the folder is too long");
	}
	memcpy(p->root, real, len + 1);
	free(real);
	snprintf(p->master_folder, sizeof(p->master_folder), "%s/master", p->root);
	snprintf(p->master, sizeof(p->master), "%s/master/master.db", p->root);
	snprintf(
	    p->master_new, sizeof(p->master_new), "%s/master/master.db.new", p->root);
	snprintf(p->lock, sizeof(p->lock), "%s/master/lock", p->root);
	snprintf(p->store, sizeof(p->store), "%s/keys.db", p->root);
	snprintf(p->store_new, sizeof(p->store_new), "%s/keys.db.new", p->root);
	snprintf(p->delta_new, sizeof(p->delta_new), "%s/keys.delta.new", p->root);
	snprintf(p->merge_new, sizeof(p->merge_new), "%s/keys.merge.new", p->root);
	snprintf(p->usage, sizeof(p->usage), "%s/master/usage.db", p->root);
	snprintf(p->usage_folder, sizeof(p->usage_folder), "%s/usage.d", p->root);
	return AK_OK;
}

enum ak_code
ak_master_installation(
    struct ak_master *m, struct ak_installation *installation, struct ak_error *error)
{
	sqlite3_stmt *get = ak_statement(&m->db, AK_Q_installation_get, error);
	enum ak_code code = AK_OK;
	int rc;

	memset(installation, 0, sizeof(*installation));
	if (get == NULL)
		return error->code;
	if ((rc = sqlite3_step(get)) != SQLITE_ROW)
		code = rc == SQLITE_DONE
			   ? ak_fail(error, AK_E_STORE,
				 "%s: is damaged: no installation; restore a backup",
				 m->paths.master)
			   : ak_fail_sqlite(m->db.handle, rc, m->db.path, error);
	else if (!ak_column_text(
		     get, 0, installation->prefix, sizeof(installation->prefix)) ||
		 !ak_column_text(get, 1, installation->unix_group,
		     sizeof(installation->unix_group)))
		code = ak_fail(error, AK_E_STORE, "%s: is damaged: prefix or group",
		    m->paths.master);
	else {
		installation->generation = sqlite3_column_int64(get, 2);
		installation->default_expiry = ak_column_time(get, 3);
		installation->retention = sqlite3_column_int64(get, 4);
		installation->usage_cap = sqlite3_column_int64(get, 5);
		installation->recovery =
		    sqlite3_column_bytes(get, 6) == AK_RECOVERY_KEY_LEN;
		if (installation->recovery)
			memcpy(installation->recovery_key, sqlite3_column_blob(get, 6),
			    AK_RECOVERY_KEY_LEN);
	}
	if (rc == SQLITE_ROW && ak_column_was_lost(&m->db))
		code = ak_fail_sqlite(m->db.handle, SQLITE_NOMEM, m->db.path, error);
	ak_statement_done(get);
	return code;
}

enum ak_code
ak_master_configure(struct ak_master *m, const struct ak_installation *installation,
    struct ak_error *error)
{
	sqlite3_stmt *s = ak_statement(&m->db, AK_Q_installation_put, error);
	int rc;

	if (s == NULL)
		return error->code;
	if ((rc = ak_bind_text(s, 1, installation->prefix)) == SQLITE_OK &&
	    (rc = ak_bind_time(s, 2, installation->default_expiry)) == SQLITE_OK &&
	    (rc = sqlite3_bind_int64(s, 3, installation->retention)) == SQLITE_OK)
		rc = sqlite3_bind_int64(s, 4, installation->usage_cap);
	return ak_run(&m->db, s, rc, error);
}
