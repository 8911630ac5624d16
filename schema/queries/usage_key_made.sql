-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db, with the master attached.
-- in:  ?1 key id TEXT
-- out: created_at s, when there is such a key
SELECT created_at FROM master.key WHERE id = ?1;
