-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 name TEXT
-- out: an owner
SELECT name, full_name, user_id, email, external_id, verified_at, verified_by,
       suspended_at, suspended_by, suspend_reason
  FROM owner WHERE name = ?1;
