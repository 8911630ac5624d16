-- SPDX-License-Identifier: BSD-2-Clause
-- Everybody who owns a key or was described by `owner set`.
-- out: owners, with NULLs for what nobody told
SELECT n.name, full_name, user_id, email, external_id, verified_at, verified_by,
       suspended_at, suspended_by, suspend_reason
  FROM (SELECT name FROM owner UNION SELECT owner FROM key) AS n
       LEFT JOIN owner ON owner.name = n.name
 ORDER BY n.name;
