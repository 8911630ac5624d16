-- SPDX-License-Identifier: BSD-2-Clause
-- The order in which keys were last used.
CREATE INDEX key_usage_last ON key_usage (last_at) WHERE last_at IS NOT NULL;
