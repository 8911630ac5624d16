-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 uid INT; what is added: ?2 records, ?3 dropped, ?4 clamped, ?5 strange
INSERT INTO usage_source (uid, records, dropped, clamped, strange)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (uid) DO UPDATE
   SET records = records + excluded.records, dropped = dropped + excluded.dropped,
       clamped = clamped + excluded.clamped, strange = strange + excluded.strange;
