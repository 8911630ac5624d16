-- SPDX-License-Identifier: BSD-2-Clause
-- out: prefix TEXT, unix_group TEXT, generation INT, default_expiry s|NULL, retention s,
--      usage_cap bytes, recovery_key BLOB or NULL
SELECT prefix, unix_group, generation, default_expiry, retention, usage_cap,
       recovery_key
  FROM installation WHERE one = 1;
