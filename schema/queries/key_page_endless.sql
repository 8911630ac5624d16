-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow
-- out: records that do not expire, by age; nothing is sorted
SELECT * FROM record
 WHERE expires_at IS NULL AND (created_at, name, id) > (?1, ?2, ?3)
 ORDER BY created_at, name, id;
