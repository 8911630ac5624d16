-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 created_at s, ?2 name, ?3 id: the record that those found follow
--      ?4 the column to sort by TEXT, NULL: by age; ?5 its value there, NULL: from the first on
--      each NULL for any: ?6 owner, ?7 tag, ?8 service, ?9 expires before s,
--      ?10 text within name, description, id or owner
-- out: records, by the column, then by age
SELECT * FROM record
 WHERE (?6 IS NULL OR owner = ?6)
   AND (?7 IS NULL OR instr(' ' || tags || ' ', ' ' || ?7 || ' '))
   AND (?8 IS NULL OR services = '' OR instr(' ' || services || ' ', ' ' || ?8 || ' '))
   AND (?9 IS NULL OR expires_at < ?9)
   AND (?10 IS NULL OR instr(lower(name || char(10) || description || char(10) || owner),
                             lower(?10))
                    OR id = ?10)
   AND (?5 IS NULL
        OR (CASE ?4 WHEN 'name' THEN name
                    WHEN 'owner' THEN owner
                    WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)
                    ELSE created_at END, created_at, name, id) > (?5, ?1, ?2, ?3))
 ORDER BY CASE ?4 WHEN 'name' THEN name
                  WHEN 'owner' THEN owner
                  WHEN 'expires_at' THEN coalesce(expires_at, 9223372036854775807)
                  ELSE created_at END, created_at, name, id;
