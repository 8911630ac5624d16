-- SPDX-License-Identifier: BSD-2-Clause
-- out: tag INT, room INT
SELECT tag, room FROM publishing WHERE one = 1;
