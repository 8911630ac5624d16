-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 part, ?2 day, ?3 name; what is added: ?4 uses, ?5 refusals
INSERT INTO day_total (part, day, name, uses, refusals) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO UPDATE
   SET uses = uses + excluded.uses, refusals = refusals + excluded.refusals;
