-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 public key BLOB of 32 bytes, or NULL
UPDATE installation SET recovery_key = ?1 WHERE one = 1;
