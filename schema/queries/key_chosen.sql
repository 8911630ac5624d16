-- SPDX-License-Identifier: BSD-2-Clause
-- The keys that a filter lets through, where an index has them together.
-- in:  ?1 the filter: owner, tag, state, expires, pending or ended;
--      ?2 its text: an owner, a tag
--      ?3 its number: the state, 2 or 3; keys that expire before s; keys that begin
--      after s; keys that were revoked or expired by s
--      ?4 how many at most
-- out: ids, each once; in no order
SELECT id FROM key WHERE ?1 = 'owner' AND owner = ?2
 UNION ALL
SELECT key_id FROM key_tag WHERE ?1 = 'tag' AND tag = ?2
 UNION ALL
SELECT id FROM key WHERE ?1 = 'state' AND state = ?3 AND state <> 1
 UNION ALL
SELECT id FROM key WHERE ?1 = 'expires' AND expires_at < ?3
 UNION ALL
SELECT id FROM key WHERE ?1 = 'pending' AND not_before > ?3
 UNION ALL
SELECT id FROM key WHERE ?1 = 'ended' AND revoked_at <= ?3
 UNION ALL
SELECT id FROM key WHERE ?1 = 'ended' AND expires_at <= ?3 AND state <> 3
 LIMIT ?4;
