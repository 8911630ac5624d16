-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 what ids begin with TEXT, ?2 the end of those that do TEXT,
--      ?3 the states wanted, the sum of 1 << state
-- out: id, OWNER/NAME; few of them
SELECT id, owner || '/' || name FROM key
 WHERE id >= ?1 AND id < ?2 AND (1 << state) & ?3
 ORDER BY id LIMIT 1000;
