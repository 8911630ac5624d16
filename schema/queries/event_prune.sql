-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. Events from the oldest one on, up to the first that is young enough, and
-- those before the newest ?2.
-- in:  ?1 time s, ?2 how many are kept at most
DELETE FROM event
 WHERE seq < coalesce((SELECT seq FROM event WHERE time >= ?1 ORDER BY seq LIMIT 1),
                      9223372036854775807)
    OR seq <= (SELECT max(seq) FROM event) - ?2;
