-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. Days of hour_count are looked up in day_total, which has the same.
-- in:  as event_prune.sql: ?1 time s, ?2 how many events are kept; ?3 first day of hours
-- out: a row when something is older, or more
SELECT 1
 WHERE (SELECT time FROM event ORDER BY seq LIMIT 1) < ?1
    OR (SELECT max(seq) FROM event) - (SELECT min(seq) FROM event) >= ?2
    OR (SELECT min(day) FROM day_total WHERE part = 'hour') < ?3;
