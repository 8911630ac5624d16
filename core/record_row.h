/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef AK_RECORD_ROW_H
#define AK_RECORD_ROW_H

#include <sqlite3.h>

#include "record.h"

/* A record as a row of the view `record`, for record.c alone. */

/* Read a row. False when a field is not what it can be; the record is undefined then.
 */
bool ak_record_read(sqlite3_stmt *row, struct ak_record *record);

/* The id alone, of a row that cannot be read; "" when it cannot be either. */
void ak_record_read_id(sqlite3_stmt *row, char id[AK_ID_LEN + 1]);

/* Bind the parameters of key_insert.sql and key_update.sql; what SQLite says. */
int ak_record_bind(sqlite3_stmt *statement, const struct ak_record *record);

#endif
