-- SPDX-License-Identifier: BSD-2-Clause
-- What a key's life has beyond its own record: its successor, its bait, its recovery.
ALTER TABLE key ADD COLUMN decoy INTEGER NOT NULL DEFAULT 0 CHECK (decoy IN (0, 1));
ALTER TABLE key ADD COLUMN draining_since INTEGER;  -- s, NULL: does not wait for its callers
ALTER TABLE key ADD COLUMN sealed BLOB;  -- the token for recovery_key alone, NULL: not kept
ALTER TABLE key ADD COLUMN no_recovery INTEGER NOT NULL DEFAULT 0
  CHECK (no_recovery IN (0, 1));  -- its token, and its successors', is never kept

-- The public half of the pair to which tokens are sealed, NULL: recovery is off.
ALTER TABLE installation ADD COLUMN recovery_key BLOB CHECK (length(recovery_key) = 32);

-- A key that was replaced leaves its name to the one that took its place.
DROP INDEX key_live_name;
CREATE UNIQUE INDEX key_live_name ON key (owner, name)
  WHERE state <> 3 AND replaced_by IS NULL;
CREATE INDEX key_draining ON key (draining_since) WHERE draining_since IS NOT NULL;
CREATE INDEX key_replaced_by ON key (replaced_by) WHERE replaced_by IS NOT NULL;

DROP VIEW record;
CREATE VIEW record AS
SELECT key.id, key.name, key.owner, key.scheme, key.digest, key.state, key.not_before,
       key.expires_at, owner.suspended_at IS NOT NULL AS owner_suspended,
       owner.verified_at IS NOT NULL AS owner_verified, key.services, key.scopes,
       key.networks, key.prefix, key.description, key.tags, key.created_at, key.created_by,
       key.activated_at, key.revoked_at, key.revoked_by, key.revoke_reason, key.replaced_by,
       key.decoy, key.draining_since, key.sealed, key.no_recovery
  FROM key LEFT JOIN owner ON owner.name = key.owner;
