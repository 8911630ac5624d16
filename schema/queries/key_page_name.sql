-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow
-- out: records, by name, then by age; nothing is sorted
SELECT * FROM record
 WHERE (name, created_at, id) > (?2, ?1, ?3)
 ORDER BY name, created_at, id;
