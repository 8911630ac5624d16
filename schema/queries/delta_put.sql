-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id TEXT, ?2 record BLOB
UPDATE delta SET record = ?2 WHERE id = ?1;
