-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id TEXT
-- out: id of the key that it took the place of
SELECT id FROM key WHERE replaced_by = ?1 ORDER BY created_at DESC LIMIT 1;
