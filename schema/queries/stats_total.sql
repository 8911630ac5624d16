-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. Statistics of all keys. Every record has one reason, so that the days of
-- the reasons are the days.
-- in:  ?1 first day, ?2 'day', 'hour', 'service', 'rhost' or 'reason'
-- out: name TEXT, uses INT, refusals INT, first use s|NULL
SELECT name, sum(uses), sum(refusals),
       CASE ?2 WHEN 'rhost'
               THEN (SELECT min(first_at) FROM key_address WHERE address = name) END
  FROM (SELECT CASE ?2 WHEN 'day' THEN strftime('%Y-%m-%d', day * 86400, 'unixepoch')
                       ELSE name END AS name, uses, refusals
          FROM day_total
         WHERE part = CASE ?2 WHEN 'day' THEN 'reason' ELSE ?2 END AND day >= ?1)
 GROUP BY name ORDER BY name;
