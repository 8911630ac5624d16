-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id, ?4 expires_at s: the record that those found follow
-- out: records that expire, by when they do, then by age; nothing is sorted
SELECT * FROM record
 WHERE (expires_at, created_at, name, id) > (?4, ?1, ?2, ?3)
 ORDER BY expires_at, created_at, name, id;
