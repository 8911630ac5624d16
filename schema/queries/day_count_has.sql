-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id, ?2 day, ?3 reason, ?4 service, ?5 address, ?6 uid
-- out: a row when this is counted already
SELECT 1 FROM day_count
 WHERE key_id = ?1 AND day = ?2 AND reason = ?3 AND service = ?4 AND address = ?5
   AND uid = ?6;
