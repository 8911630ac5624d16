-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Who was let in with a key that was replaced, and
-- whether also with a successor. What is lumped together as '*' is not known to have gone
-- on, whatever the successors have.
-- in:  ?1 id of the key, ?2 how many days before the rotation count
-- out: service TEXT, address TEXT, last day, uses on the day of the rotation and since INT,
--      first day with a successor or NULL; those who wait first
WITH RECURSIVE successor (id) AS (
  SELECT replaced_by FROM master.key WHERE id = ?1 AND replaced_by IS NOT NULL
  UNION
  SELECT key.replaced_by FROM successor JOIN master.key AS key ON key.id = successor.id
   WHERE key.replaced_by IS NOT NULL),
rotation (day) AS (
  SELECT coalesce(old.draining_since, new.created_at, 0) / 86400
    FROM master.key AS old LEFT JOIN master.key AS new ON new.id = old.replaced_by
   WHERE old.id = ?1),
caller AS (
  SELECT service, address, max(day_count.day) AS last,
         sum(CASE WHEN day_count.day >= rotation.day THEN count ELSE 0 END) AS uses
    FROM rotation CROSS JOIN day_count
      ON key_id = ?1 AND day_count.day >= rotation.day - ?2 AND reason = 'VALID'
   GROUP BY service, address),
moved AS (
  SELECT service, address, min(day) AS first
    FROM successor CROSS JOIN day_count ON key_id = successor.id AND reason = 'VALID'
   WHERE address <> '*'
   GROUP BY service, address)
SELECT caller.service, caller.address, last, uses, first
  FROM caller LEFT JOIN moved
    ON moved.service = caller.service AND moved.address = caller.address
 ORDER BY first IS NOT NULL, caller.service, caller.address;
