-- SPDX-License-Identifier: BSD-2-Clause
-- From one owner of keys to the next by the index: a few steps among any number of keys.
-- in:  ?1 what owners begin with TEXT, ?2 the end of those that do TEXT
-- out: owner, full name or ''; few of them
WITH RECURSIVE holder (name) AS (
  SELECT min(owner) FROM key INDEXED BY key_live_name
   WHERE owner >= ?1 AND state <> 3 AND replaced_by IS NULL
  UNION ALL
  SELECT (SELECT min(owner) FROM key INDEXED BY key_live_name
           WHERE owner > holder.name AND state <> 3 AND replaced_by IS NULL)
    FROM holder WHERE holder.name < ?2
  LIMIT 1000)
SELECT found.name, coalesce(full_name, '')
  FROM (SELECT name FROM holder WHERE name < ?2
        UNION
        SELECT * FROM (SELECT name FROM owner WHERE name >= ?1 AND name < ?2
                        ORDER BY name LIMIT 1000)) AS found
       LEFT JOIN owner ON owner.name = found.name
 ORDER BY found.name;
