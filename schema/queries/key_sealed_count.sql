-- SPDX-License-Identifier: BSD-2-Clause
-- out: count INT, of the tokens that are kept sealed
SELECT count(*) FROM key WHERE sealed IS NOT NULL;
