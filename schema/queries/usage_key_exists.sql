-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached.
-- in:  ?1 key id TEXT
-- out: a row when there is such a key
SELECT 1 FROM master.key WHERE id = ?1;
