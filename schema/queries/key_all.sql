-- SPDX-License-Identifier: BSD-2-Clause
-- out: every record, in the order of the published store
SELECT * FROM record ORDER BY id;
