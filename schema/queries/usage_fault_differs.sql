-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 file name, ?2 what is wrong, '' for nothing
-- out: 1 when that is not what is known, else 0
SELECT coalesce((SELECT text FROM usage_fault WHERE name = ?1), '') <> ?2;
