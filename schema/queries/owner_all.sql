-- SPDX-License-Identifier: BSD-2-Clause
-- Everybody who was described, suspended or verified, and not who owns keys alone.
-- out: owners
SELECT name, full_name, user_id, email, external_id, verified_at, verified_by,
       suspended_at, suspended_by, suspend_reason
  FROM owner ORDER BY name;
