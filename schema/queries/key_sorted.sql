-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow
--      ?4 the column to sort by; ?5 its value there, NULL: from the first on
--      ?6 ids, a JSON array
-- out: those of the ids that follow, by the column, then by age
SELECT key.id FROM json_each(?6) AS chosen CROSS JOIN key ON key.id = chosen.value
 WHERE ?5 IS NULL
    OR (CASE ?4 WHEN 'name' THEN name
                WHEN 'owner' THEN owner
                WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)
                ELSE created_at END, created_at, name, key.id) > (?5, ?1, ?2, ?3)
 ORDER BY CASE ?4 WHEN 'name' THEN name
                  WHEN 'owner' THEN owner
                  WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)
                  ELSE created_at END, created_at, name, key.id;
