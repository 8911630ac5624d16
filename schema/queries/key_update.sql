-- SPDX-License-Identifier: BSD-2-Clause
-- All that may change in a key; what it is made of (digest, owner, birth, being a decoy) may
-- not.
-- in:  numbered as in key_insert.sql, which binds them too
UPDATE key
   SET name = ?2, state = ?6, not_before = ?7, expires_at = ?8, services = ?9,
       scopes = ?10, networks = ?11, description = ?13, tags = ?14, activated_at = ?17,
       revoked_at = ?18, revoked_by = ?19, revoke_reason = ?20, replaced_by = ?21,
       draining_since = ?23, sealed = ?24, no_recovery = ?25
 WHERE id = ?1;
