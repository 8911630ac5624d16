-- SPDX-License-Identifier: BSD-2-Clause
-- The authentication query, on the published store: one row, whether the key exists
-- or not.
-- in:  ?1 key id TEXT
-- out: generation, published_at; id and all columns of the key, or NULLs
SELECT meta.generation, meta.published_at,
       key.id, key.name, key.owner, key.scheme, key.digest, key.state, key.not_before,
       key.expires_at, key.owner_suspended, key.owner_verified, key.services, key.scopes,
       key.networks, key.seal
  FROM meta LEFT JOIN key ON key.id = ?1
 WHERE meta.one = 1;
