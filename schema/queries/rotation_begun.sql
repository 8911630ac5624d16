-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached.
-- in:  ?1 id of a key that was replaced
-- out: a row when one of its successors was let in and one of them is not revoked, so that
--      there is something to go on to
WITH RECURSIVE successor (id) AS (
  SELECT replaced_by FROM master.key WHERE id = ?1 AND replaced_by IS NOT NULL
  UNION
  SELECT key.replaced_by FROM successor JOIN master.key AS key ON key.id = successor.id
   WHERE key.replaced_by IS NOT NULL)
SELECT 1 FROM successor JOIN key_usage ON key_id = successor.id
 WHERE uses > 0
   AND EXISTS (SELECT 1 FROM successor JOIN master.key AS key ON key.id = successor.id
                WHERE key.state <> 3)
 LIMIT 1;
