-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- in:  ?1 id of a usage file BLOB
-- out: offset INT, dropped INT
SELECT offset, dropped FROM usage_file WHERE id = ?1;
