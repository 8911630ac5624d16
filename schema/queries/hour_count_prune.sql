-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 hour
DELETE FROM hour_count WHERE hour < ?1;
