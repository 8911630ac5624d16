-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 name TEXT, ?2 owner TEXT or NULL for any
-- out: records: those that go by the name first, then what they replaced, then what was
--      revoked; each by age
SELECT * FROM record
 WHERE name = ?1 AND (?2 IS NULL OR owner = ?2)
 ORDER BY state = 3, replaced_by IS NOT NULL, created_at, id;
