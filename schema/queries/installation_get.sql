-- SPDX-License-Identifier: BSD-2-Clause
-- out: prefix TEXT, unix_group TEXT, generation INT, default_expiry s|NULL, retention s,
--      usage_cap bytes
SELECT prefix, unix_group, generation, default_expiry, retention, usage_cap
  FROM installation WHERE one = 1;
