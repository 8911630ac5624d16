-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 name TEXT, ?2 how many before and behind it
-- out: records whose names are next to it in their order
SELECT * FROM (SELECT * FROM record WHERE name >= ?1 ORDER BY name LIMIT ?2)
 UNION ALL
SELECT * FROM (SELECT * FROM record WHERE name < ?1 ORDER BY name DESC LIMIT ?2);
