-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 audit_count INT, ?2 audit_hash BLOB(32)
UPDATE installation SET audit_count = ?1, audit_hash = ?2 WHERE one = 1;
