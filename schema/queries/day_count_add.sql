-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id, ?2 day, ?3 reason, ?4 service, ?5 address, ?6 uid, ?7 count
INSERT INTO day_count (key_id, day, reason, service, address, uid, count)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT DO UPDATE SET count = count + excluded.count;
