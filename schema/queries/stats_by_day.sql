-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Grouped in the order of the rows, which needs no
-- sorting, and only then named.
-- in:  ?1 first day, ?2 key id or NULL, ?3 owner or NULL
-- out: name TEXT, uses INT, refusals INT, first use s|NULL
SELECT strftime('%Y-%m-%d', day * 86400, 'unixepoch'), uses, refusals, NULL
  FROM (SELECT day,
               sum(CASE WHEN reason = 'VALID' THEN count ELSE 0 END) AS uses,
               sum(CASE WHEN reason = 'VALID' THEN 0 ELSE count END) AS refusals
          FROM day_count
         WHERE day >= ?1 AND (?2 IS NULL OR key_id = ?2)
           AND (?3 IS NULL OR key_id IN (SELECT id FROM master.key WHERE owner = ?3))
         GROUP BY day)
 ORDER BY day;
