-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. How many rows a key has on a day, as far as ?3.
-- in:  ?1 key id, ?2 day, ?3 limit INT, ?4 1: of uses that were let in, 0: of refusals
-- out: count INT
SELECT count(*)
  FROM (SELECT 1 FROM day_count
         WHERE key_id = ?1 AND day = ?2 AND (reason = 'VALID') = ?4 LIMIT ?3);
