-- SPDX-License-Identifier: BSD-2-Clause
-- The published store, keys.db: what verification needs and nothing else. Written
-- whole by every publish, never changed in place. 0x414b5331 is "AKS1".
--
-- Logins read it without SQLite, by the file format: core/btree.h relies on this one
-- table and its shape. core/pack.h describes a record; the record of the empty id
-- describes the publishing itself.
PRAGMA application_id = 0x414b5331;
PRAGMA user_version = 1;
CREATE TABLE key (id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
