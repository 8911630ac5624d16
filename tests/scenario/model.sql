-- SPDX-License-Identifier: BSD-2-Clause
-- A model of an installation, for scenarios: what the keys of it should be and answer, by
-- what administrators did and DESIGN says, and without a line of what is tested. Times are
-- seconds; a key that was deleted, or lost by a restore, is 'gone'.
CREATE TABLE clock (now INT);
INSERT INTO clock VALUES (0);

CREATE TABLE owner (name TEXT PRIMARY KEY, suspended INT DEFAULT 0, verified INT DEFAULT 0);

CREATE TABLE key (
  n INTEGER PRIMARY KEY, line INT, -- line: the first key of a chain of rotations
  token TEXT, id TEXT UNIQUE, name TEXT, owner TEXT, state TEXT DEFAULT 'enabled',
  decoy INT DEFAULT 0, services TEXT DEFAULT '', scopes TEXT DEFAULT '',
  network TEXT DEFAULT '', not_before INT, expires_at INT, revoked_at INT,
  replaced_by TEXT, draining_since INT,
  uses INT DEFAULT 0, refusals INT DEFAULT 0, alarms INT DEFAULT 0, last_at INT, last_from TEXT,
  last_service TEXT);

-- The services, and what their PAM lines ask for.
CREATE TABLE service (i INT, name TEXT, verified INT, scope TEXT);
INSERT INTO service VALUES (0, 'nginx', 0, NULL), (1, 'sshd', 0, NULL),
  (2, 'imap', 0, NULL), (3, 'vpn', 1, NULL), (4, 'api', 0, 'chain:read');

-- Addresses as clients give them, and as they are recorded.
CREATE TABLE address (i INT, given TEXT, recorded TEXT);
INSERT INTO address VALUES (0, '192.0.2.0', '192.0.2.0'), (1, '192.0.2.255', '192.0.2.255'),
  (2, '192.0.3.0', '192.0.3.0'), (3, '198.51.100.64', '198.51.100.64'),
  (4, '198.51.100.127', '198.51.100.127'), (5, '198.51.100.128', '198.51.100.128'),
  (6, '203.0.113.9', '203.0.113.9'), (7, '::ffff:192.0.2.7', '192.0.2.7'),
  (8, '2001:db8:7::1', '2001:db8:7::1'), (9, '2001:db8:7:ffff::1', '2001:db8:7:ffff::1'),
  (10, '2001:db8:8::1', '2001:db8:8::1'), (11, '-', NULL), (12, 'host.example', NULL);

-- k: the how-manieth of how many addresses in it.
CREATE TABLE network (i INT, name TEXT, address TEXT, k INT, of INT);
INSERT INTO network VALUES
  (0, '192.0.2.0/24', '192.0.2.0', 0, 3), (0, '192.0.2.0/24', '192.0.2.255', 1, 3),
  (0, '192.0.2.0/24', '::ffff:192.0.2.7', 2, 3),
  (1, '198.51.100.64/26', '198.51.100.64', 0, 2),
  (1, '198.51.100.64/26', '198.51.100.127', 1, 2),
  (2, '203.0.113.9', '203.0.113.9', 0, 1),
  (3, '2001:db8:7::/48', '2001:db8:7::1', 0, 2),
  (3, '2001:db8:7::/48', '2001:db8:7:ffff::1', 1, 2);

-- pam_authkey(8): what the module answers.
CREATE TABLE answer (reason TEXT PRIMARY KEY, authenticate TEXT, acct_mgmt TEXT, number TEXT);
INSERT INTO answer VALUES ('VALID', 'PAM_SUCCESS', 'PAM_SUCCESS', '0 0'),
  ('NOT_YET_VALID', 'PAM_AUTH_ERR', 'PAM_ACCT_EXPIRED', '7 -'),
  ('EXPIRED', 'PAM_AUTH_ERR', 'PAM_ACCT_EXPIRED', '7 -');
INSERT INTO answer SELECT value, 'PAM_AUTH_ERR', 'PAM_PERM_DENIED', '7 -'
  FROM json_each('["MALFORMED", "BAD_CHECKSUM", "NOT_FOUND", "REVOKED", "DISABLED",
    "DECOY", "OWNER_SUSPENDED", "OWNER_UNVERIFIED", "SERVICE_MISMATCH", "USER_MISMATCH",
    "NO_RHOST", "FORBIDDEN_IP", "SCOPE_MISSING"]');

-- The logins of this step: the key n comes to a service, with what may be not its token.
CREATE TABLE probe (
  i INTEGER PRIMARY KEY, n INT, service TEXT, user TEXT, rhost TEXT, damage TEXT);

CREATE VIEW expected AS
SELECT probe.i, key.n, key.id, service, user, rhost,
       CASE damage WHEN 'cut' THEN substr(token, 1, 30)
                   WHEN 'typo' THEN substr(token, 1, 43) || iif(token LIKE '%x', 'y', 'x')
                   ELSE token END AS shown,
       recorded, CASE
  WHEN damage = 'cut' THEN 'MALFORMED'
  WHEN damage = 'typo' THEN 'BAD_CHECKSUM'
  WHEN state = 'gone' THEN 'NOT_FOUND'
  WHEN state = 'revoked' THEN 'REVOKED'
  WHEN state = 'disabled' THEN 'DISABLED'
  WHEN decoy THEN 'DECOY'
  WHEN not_before > now THEN 'NOT_YET_VALID'
  WHEN expires_at <= now THEN 'EXPIRED'
  WHEN owner.suspended THEN 'OWNER_SUSPENDED'
  WHEN service.verified AND NOT owner.verified THEN 'OWNER_UNVERIFIED'
  WHEN services <> '' AND ',' || services || ',' NOT LIKE '%,' || service || ',%'
    THEN 'SERVICE_MISMATCH'
  WHEN user <> key.owner THEN 'USER_MISMATCH'
  WHEN network <> '' AND recorded IS NULL THEN 'NO_RHOST'
  WHEN network <> '' AND NOT EXISTS (SELECT 1 FROM network
    WHERE network.name = key.network AND network.address = rhost) THEN 'FORBIDDEN_IP'
  WHEN service.scope IS NOT NULL AND ',' || scopes || ',' NOT LIKE '%,' || scope || ',%'
    THEN 'SCOPE_MISSING'
  ELSE 'VALID' END AS reason
  FROM clock, probe JOIN key USING (n) JOIN owner ON owner.name = key.owner
  JOIN service ON service.name = probe.service JOIN address ON address.given = probe.rhost;

-- What `list` should say.
CREATE VIEW listed AS
SELECT id, name, owner, CASE
    WHEN state <> 'enabled' THEN state
    WHEN not_before > now THEN 'pending'
    WHEN expires_at <= now THEN 'expired'
    ELSE 'enabled' END AS status,
  decoy, services, scopes, network, not_before, expires_at, revoked_at, replaced_by,
  draining_since, uses, refusals, last_at, last_from, last_service
  FROM key, clock WHERE state <> 'gone';

-- Who was let in with which key on which day, for what drains.
CREATE TABLE let_in (id TEXT, service TEXT, recorded TEXT, day INT);

CREATE VIEW drained AS
WITH RECURSIVE after (old, id) AS (
  SELECT id, replaced_by FROM key WHERE draining_since IS NOT NULL
  UNION
  SELECT old, key.replaced_by FROM after JOIN key ON key.id = after.id
   WHERE key.replaced_by IS NOT NULL AND state <> 'gone')
SELECT id FROM key AS old
 WHERE draining_since IS NOT NULL AND state IN ('enabled', 'disabled')
   AND EXISTS (SELECT 1 FROM after JOIN let_in ON let_in.id = after.id WHERE after.old = old.id)
   AND EXISTS (SELECT 1 FROM after JOIN key ON key.id = after.id
                WHERE after.old = old.id AND key.state IN ('enabled', 'disabled'))
   AND NOT EXISTS (
     SELECT service, recorded FROM let_in
      WHERE let_in.id = old.id AND day >= draining_since / 86400 - 30
     EXCEPT
     SELECT service, recorded FROM after JOIN let_in ON let_in.id = after.id
      WHERE after.old = old.id);

-- What is counted of the logins: a key that is not there counts for nobody, and what was no
-- token leaves nothing.
CREATE VIEW counted AS
SELECT * FROM expected WHERE reason NOT IN ('MALFORMED', 'BAD_CHECKSUM', 'NOT_FOUND');
