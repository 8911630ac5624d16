-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. What was never used is before all times.
-- in:  ?1 created_at s, ?2 name, ?3 id, ?4 time of the last use s or -1: the key that
--      those found follow
--      ?5 ids, a JSON array
-- out: those of the ids that follow, the longest unused first, then by age
SELECT key.id
  FROM json_each(?5) AS chosen CROSS JOIN master.key AS key ON key.id = chosen.value
       LEFT JOIN key_usage ON key_id = key.id
 WHERE (coalesce(last_at, -1), created_at, name, key.id) > (?4, ?1, ?2, ?3)
 ORDER BY coalesce(last_at, -1), created_at, name, key.id;
