-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow
-- out: records, by age; the first is found where it stands, nothing is sorted
SELECT * FROM record
 WHERE (created_at, name, id) > (?1, ?2, ?3)
 ORDER BY created_at, name, id;
