-- SPDX-License-Identifier: BSD-2-Clause
-- The order in which keys are listed, so that a page begins where the one before ended.
DROP INDEX key_created;
CREATE INDEX key_created ON key (created_at, name, id);
