-- SPDX-License-Identifier: BSD-2-Clause
-- On usage.db.
-- out: uid, records, dropped, clamped, strange
SELECT uid, records, dropped, clamped, strange FROM usage_source ORDER BY uid;
