-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 id BLOB, ?2 uid INT, ?3 offset INT, ?4 dropped INT
INSERT INTO usage_file (id, uid, offset, dropped) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (id) DO UPDATE SET offset = excluded.offset, dropped = excluded.dropped;
