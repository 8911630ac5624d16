-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 key id
-- out: uses, refusals, last_at s|NULL, last_address, last_service
SELECT uses, refusals, last_at, last_address, last_service FROM key_usage WHERE key_id = ?1;
