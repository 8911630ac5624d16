-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id; what is added: ?2 uses, ?3 refusals
INSERT INTO key_usage (key_id, uses, refusals) VALUES (?1, ?2, ?3)
ON CONFLICT (key_id) DO UPDATE
   SET uses = uses + excluded.uses, refusals = refusals + excluded.refusals;
