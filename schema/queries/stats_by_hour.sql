-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Grouped in the order of the rows, which needs no
-- sorting, and then by the hour of the day.
-- in:  ?1 first day, ?2 key id or NULL, ?3 owner or NULL
-- out: name TEXT (hour of the day, UTC), uses INT, refusals INT, NULL
SELECT printf('%02d', hour % 24), sum(uses), sum(refusals), NULL
  FROM (SELECT hour,
               sum(CASE WHEN reason = 'VALID' THEN count ELSE 0 END) AS uses,
               sum(CASE WHEN reason = 'VALID' THEN 0 ELSE count END) AS refusals
          FROM hour_count
         WHERE hour >= ?1 * 24 AND (?2 IS NULL OR key_id = ?2)
           AND (?3 IS NULL OR key_id IN (SELECT id FROM master.key WHERE owner = ?3))
         GROUP BY hour)
 GROUP BY 1 ORDER BY 1;
