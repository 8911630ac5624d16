-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1 id .. ?25 no_recovery, in this order
INSERT INTO key (id, name, owner, scheme, digest, state, not_before, expires_at, services,
                 scopes, networks, prefix, description, tags, created_at, created_by,
                 activated_at, revoked_at, revoked_by, revoke_reason, replaced_by,
                 decoy, draining_since, sealed, no_recovery)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
        ?19, ?20, ?21, ?22, ?23, ?24, ?25);
