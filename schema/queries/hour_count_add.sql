-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id, ?2 hour of the day, ?3 day; what is added: ?4 uses, ?5 refusals
INSERT INTO hour_count (key_id, hour, day, uses, refusals) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO UPDATE
   SET uses = uses + excluded.uses, refusals = refusals + excluded.refusals;
