-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached.
-- in:  ?1 created_at s, ?2 name, ?3 id: the key that those found follow
-- out: ids of keys that were never let in, by age
SELECT id FROM master.key
 WHERE (created_at, name, id) > (?1, ?2, ?3)
   AND NOT EXISTS (SELECT 1 FROM key_usage WHERE key_id = id AND last_at IS NOT NULL)
 ORDER BY created_at, name, id;
