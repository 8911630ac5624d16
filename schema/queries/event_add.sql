-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 time s, ?2 key id, ?3 reason, ?4 service, ?5 address, ?6 uid
INSERT INTO event (time, key_id, reason, service, address, uid)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);
