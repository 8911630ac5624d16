-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db. The hours of days gone by; all else of them stays.
-- in:  ?1 first day that is kept
DELETE FROM day_total WHERE part = 'hour' AND day < ?1;
