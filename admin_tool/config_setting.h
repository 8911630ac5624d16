/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include <stddef.h>

/* The name of a setting and what it decides, from 0 on; NULL behind the last. */
const char *config_setting(size_t at, const char **summary);

#endif
