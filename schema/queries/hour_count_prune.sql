-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 first day that is kept
DELETE FROM hour_count WHERE day < ?1;
