-- SPDX-License-Identifier: BSD-2-Clause
-- out: 1 when the checks of the table key do not hold for all of its rows
SELECT 1 FROM key
 WHERE length(id) <> 8 OR scheme <> 1 OR length(digest) <> 32 OR
       state NOT BETWEEN 1 AND 3 OR (state = 3) <> (revoked_at IS NOT NULL) OR
       not_before >= expires_at OR decoy NOT IN (0, 1) OR no_recovery NOT IN (0, 1)
 LIMIT 1;
