-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id TEXT
DELETE FROM key WHERE id = ?1;
