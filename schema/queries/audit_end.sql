-- SPDX-License-Identifier: BSD-2-Clause
-- out: audit_count INT, audit_hash BLOB(0|32)
SELECT audit_count, audit_hash FROM installation WHERE one = 1;
