-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, after key_usage_add.sql.
-- in:  ?1 key id; a use that was let in: ?2 time s, ?3 address, ?4 service, ?5 uid
UPDATE key_usage
   SET last_at = ?2, last_address = ?3, last_service = ?4, last_uid = ?5
 WHERE key_id = ?1 AND (last_at IS NULL OR last_at <= ?2);
