-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 file name, ?2 what is wrong
-- A row is changed when this was not known before.
INSERT INTO usage_fault (name, text) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET text = excluded.text WHERE text <> excluded.text;
