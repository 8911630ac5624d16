-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow; ?4 2 or 3
-- out: records in this state, by age; nothing is sorted
SELECT * FROM record
 WHERE state = ?4 AND state <> 1 AND (created_at, name, id) > (?1, ?2, ?3)
 ORDER BY created_at, name, id;
