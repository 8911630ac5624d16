-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id, ?2 day; what is added: ?3 uses, ?4 refusals
INSERT INTO key_day (key_id, day, uses, refusals) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO UPDATE
   SET uses = uses + excluded.uses, refusals = refusals + excluded.refusals;
