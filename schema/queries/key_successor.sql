-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id TEXT
-- out: id of the first key that took its place, or the place of that one, and is not revoked
WITH RECURSIVE successor (id) AS (
  SELECT replaced_by FROM key WHERE id = ?1 AND replaced_by IS NOT NULL
  UNION
  SELECT key.replaced_by FROM successor JOIN key ON key.id = successor.id
   WHERE key.replaced_by IS NOT NULL)
SELECT key.id FROM successor JOIN key ON key.id = successor.id WHERE key.state <> 3 LIMIT 1;
