-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id, ?4 owner: the record that those found follow
-- out: records, by owner, then by age; nothing is sorted
SELECT * FROM record
 WHERE (owner, created_at, name, id) > (?4, ?1, ?2, ?3)
 ORDER BY owner, created_at, name, id;
