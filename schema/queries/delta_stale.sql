-- SPDX-License-Identifier: BSD-2-Clause
-- out: id TEXT of what has changed and is not packed yet
SELECT id FROM delta WHERE record IS NULL ORDER BY id;
