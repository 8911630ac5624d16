-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id TEXT
-- out: a record
SELECT * FROM record WHERE id = ?1;
