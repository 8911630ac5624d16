-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 hour, ?2 key id, ?3 reason, ?4 count
INSERT INTO hour_count (hour, key_id, reason, count) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE SET count = count + excluded.count;
