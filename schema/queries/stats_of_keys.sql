-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Statistics of one key, or of an owner's: one of
-- the three parts has rows.
-- in:  ?1 first day, ?2 'day', 'hour', 'service', 'rhost' or 'reason',
--      ?3 key id or NULL, ?4 owner or NULL
-- out: name TEXT, uses INT, refusals INT, first use s|NULL
WITH chosen (id) AS (
  SELECT id FROM master.key WHERE id = ?3 AND (?4 IS NULL OR owner = ?4)
   UNION ALL
  SELECT id FROM master.key WHERE ?3 IS NULL AND owner = ?4),
part (name, uses, refusals) AS (
  SELECT strftime('%Y-%m-%d', day * 86400, 'unixepoch'), sum(uses), sum(refusals)
    FROM chosen CROSS JOIN key_day ON key_id = id AND day >= ?1
   WHERE ?2 = 'day' GROUP BY day
   UNION ALL
  SELECT printf('%02d', hour), sum(uses), sum(refusals)
    FROM (SELECT hour, sum(uses) AS uses, sum(refusals) AS refusals
            FROM chosen CROSS JOIN hour_count ON key_id = id AND day >= ?1
           WHERE ?2 = 'hour' GROUP BY id, hour)
   GROUP BY hour
   UNION ALL
  SELECT CASE ?2 WHEN 'service' THEN service WHEN 'rhost' THEN address
                 ELSE reason END AS word,
         sum(CASE WHEN reason = 'VALID' THEN count ELSE 0 END),
         sum(CASE WHEN reason = 'VALID' THEN 0 ELSE count END)
    FROM chosen CROSS JOIN day_count ON key_id = id AND day >= ?1
   WHERE ?2 IN ('service', 'rhost', 'reason') GROUP BY word),
seen AS (
  SELECT address, min(first_at) AS first_at
    FROM chosen CROSS JOIN key_address ON key_id = id
   WHERE ?2 = 'rhost' GROUP BY address)
SELECT name, uses, refusals, first_at
  FROM part LEFT JOIN seen ON seen.address = name
 ORDER BY name;
