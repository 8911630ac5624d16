-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. One after the other: what is found may be deleted before the next.
-- in:  ?1 file name, or ''
-- out: name of the next file with which something is wrong
SELECT name FROM usage_fault WHERE name > ?1 ORDER BY name LIMIT 1;
