-- SPDX-License-Identifier: BSD-2-Clause
-- out: ids that have changed INT
SELECT count(*) FROM delta;
