-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. A fold takes one user's records after another's, so that seq is not in the
-- order of time within a fold: the newest are looked for among 10,000 more.
-- in:  ?1 key id or NULL for any, ?2 after seq INT, ?3 how many at most: the newest
-- out: seq, time, key_id, reason, service, address, uid, the last seq of all events; the
--      oldest first
SELECT *, (SELECT max(seq) FROM event) FROM (
  SELECT * FROM (
    SELECT seq, time, key_id, reason, service, address, uid FROM event
     WHERE (?1 IS NULL OR key_id = ?1) AND seq > ?2
     ORDER BY seq DESC LIMIT min(?3, 1000000000) + 10000)
   ORDER BY time DESC, seq DESC LIMIT ?3)
 ORDER BY time, seq;
