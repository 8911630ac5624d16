-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Grouped by key in the order of the rows, which
-- needs no sorting, and only then named. Ids are of base58: between '' and '~'.
-- in:  ?1 first day, ?2 'owner' or 'key', ?3 key id or NULL, ?4 owner or NULL
-- out: name TEXT, uses INT, refusals INT, NULL
SELECT CASE ?2 WHEN 'owner' THEN coalesce(k.owner, '')
               ELSE coalesce(k.owner || '/' || k.name, key_id) END AS name,
       sum(d.uses), sum(d.refusals), NULL
  FROM (SELECT u.key_id, sum(d.uses) AS uses, sum(d.refusals) AS refusals
          FROM key_usage AS u CROSS JOIN key_day AS d
            ON d.key_id = u.key_id AND day >= ?1
         WHERE u.key_id BETWEEN coalesce(?3, '') AND coalesce(?3, '~')
         GROUP BY u.key_id) AS d
       LEFT JOIN master.key AS k ON k.id = key_id
 WHERE ?4 IS NULL OR k.owner = ?4
 GROUP BY 1 ORDER BY 1;
