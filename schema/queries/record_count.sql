-- SPDX-License-Identifier: BSD-2-Clause
-- out: owners that were described INT, keys INT
SELECT (SELECT count(*) FROM owner), (SELECT count(*) FROM key);
