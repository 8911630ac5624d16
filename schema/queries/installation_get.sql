-- SPDX-License-Identifier: BSD-2-Clause
-- out: prefix TEXT, unix_group TEXT, generation INT
SELECT prefix, unix_group, generation FROM installation WHERE one = 1;
