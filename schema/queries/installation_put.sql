-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 prefix TEXT, ?2 default_expiry s|NULL, ?3 retention s, ?4 usage_cap bytes
UPDATE installation
   SET prefix = ?1, default_expiry = ?2, retention = ?3, usage_cap = ?4
 WHERE one = 1;
