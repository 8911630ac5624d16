-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id or NULL for any, ?2 after seq INT, ?3 how many at most: the newest
-- out: seq, time, key_id, reason, service, address, uid; the oldest first
SELECT * FROM (
  SELECT seq, time, key_id, reason, service, address, uid FROM event
   WHERE (?1 IS NULL OR key_id = ?1) AND seq > ?2 ORDER BY seq DESC LIMIT ?3)
 ORDER BY seq;
