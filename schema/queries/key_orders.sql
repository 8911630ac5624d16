-- SPDX-License-Identifier: BSD-2-Clause
-- out: name TEXT, SQL that makes it; of each index of keys that only leads to them, and
--      keeps nothing out
SELECT name, sql FROM sqlite_schema
 WHERE type = 'index' AND tbl_name = 'key' AND sql LIKE 'CREATE INDEX %' ORDER BY name;
