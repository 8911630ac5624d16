-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. How many rows a key has on a day, as far as ?3.
-- in:  ?1 day, ?2 key id, ?3 limit INT
-- out: count INT
SELECT count(*) FROM (SELECT 1 FROM day_count WHERE day = ?1 AND key_id = ?2 LIMIT ?3);
