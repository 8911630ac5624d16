-- SPDX-License-Identifier: BSD-2-Clause
-- The keys that filters let through which no index has together: all are looked at, in
-- the order in which they lie.
-- in:  each NULL for any: ?1 owner, ?2 tag, ?3 service, ?4 expires before s,
--      ?5 text within name, description, id or owner
--      ?6 how many at most
-- out: ids
SELECT id FROM key
 WHERE (?1 IS NULL OR owner = ?1)
   AND (?2 IS NULL OR instr(' ' || tags || ' ', ' ' || ?2 || ' '))
   AND (?3 IS NULL OR services = '' OR instr(' ' || services || ' ', ' ' || ?3 || ' '))
   AND (?4 IS NULL OR expires_at < ?4)
   AND (?5 IS NULL OR instr(lower(name || char(10) || description || char(10) || owner),
                            lower(?5))
                   OR id = ?5)
 LIMIT ?6;
