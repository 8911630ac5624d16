-- SPDX-License-Identifier: BSD-2-Clause
-- in:  ?1..?14 the columns in the order of the table
INSERT INTO key (id, name, owner, scheme, digest, state, not_before, expires_at,
                 owner_suspended, owner_verified, services, scopes, networks, seal)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14);
