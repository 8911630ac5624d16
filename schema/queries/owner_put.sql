-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1..?10 the columns in the order of owner_get.sql
INSERT INTO owner (name, full_name, user_id, email, external_id, verified_at, verified_by,
                   suspended_at, suspended_by, suspend_reason)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (name) DO UPDATE
   SET full_name = excluded.full_name, user_id = excluded.user_id, email = excluded.email,
       external_id = excluded.external_id, verified_at = excluded.verified_at,
       verified_by = excluded.verified_by, suspended_at = excluded.suspended_at,
       suspended_by = excluded.suspended_by, suspend_reason = excluded.suspend_reason;
