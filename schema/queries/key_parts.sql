-- SPDX-License-Identifier: BSD-2-Clause
-- out: type TEXT, name TEXT, SQL that makes it; of each index of keys that only leads to
--      them, and keeps nothing out, and of each trigger that notes a new key
SELECT type, name, sql FROM sqlite_schema
 WHERE tbl_name = 'key' AND
       (sql LIKE 'CREATE INDEX %' OR sql LIKE 'CREATE TRIGGER % AFTER INSERT ON key%')
 ORDER BY type, name;
