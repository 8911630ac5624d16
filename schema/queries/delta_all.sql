-- SPDX-License-Identifier: BSD-2-Clause
-- out: id TEXT, record BLOB of all that has changed
SELECT id, record FROM delta ORDER BY id;
