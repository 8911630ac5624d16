-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached. Only uses of the same second are sorted.
-- in:  ?1 created_at s, ?2 name, ?3 id, ?4 time of the last use s: the key that those
--      found follow
-- out: ids of keys that were let in, the longest unused first, then by age
SELECT key.id FROM key_usage CROSS JOIN master.key AS key ON key.id = key_id
 WHERE last_at >= ?4 AND (last_at, created_at, name, key.id) > (?4, ?1, ?2, ?3)
 ORDER BY last_at, created_at, name, key.id;
