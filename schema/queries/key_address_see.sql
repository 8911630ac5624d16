-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id, ?2 address, ?3 time s
INSERT INTO key_address (key_id, address, first_at) VALUES (?1, ?2, ?3)
ON CONFLICT DO UPDATE SET first_at = excluded.first_at WHERE excluded.first_at < first_at;
