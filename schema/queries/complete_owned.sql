-- SPDX-License-Identifier: BSD-2-Clause
-- in:  owners from ?1 to before ?2 and names from ?3 to before ?4 TEXT,
--      ?5 the states wanted, the sum of 1 << state
-- out: OWNER/NAME of keys that are neither revoked nor replaced, and their ids; few of them
SELECT owner || '/' || name, id FROM key INDEXED BY key_live_name
 WHERE owner >= ?1 AND owner < ?2 AND name >= ?3 AND name < ?4
   AND state <> 3 AND replaced_by IS NULL AND (1 << state) & ?5
 ORDER BY owner, name LIMIT 1000;
