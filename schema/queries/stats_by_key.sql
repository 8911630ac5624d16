-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached.
-- in:  ?1 first day, ?2 key id or NULL, ?3 owner or NULL
-- out: name TEXT, uses INT, refusals INT, first use s|NULL
SELECT coalesce(k.owner || '/' || k.name, key_id) AS name,
       sum(CASE WHEN reason = 'VALID' THEN count ELSE 0 END),
       sum(CASE WHEN reason = 'VALID' THEN 0 ELSE count END),
       NULL
  FROM day_count AS d LEFT JOIN master.key AS k ON k.id = d.key_id
 WHERE day >= ?1 AND (?2 IS NULL OR key_id = ?2)
   AND (?3 IS NULL OR key_id IN (SELECT id FROM master.key WHERE owner = ?3))
 GROUP BY key_id ORDER BY 1, key_id;
