/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pager that systemd's tools use: $SYSTEMD_PAGER, $PAGER, less, more. */

#pragma once

#include "base/text.h"

/* Whether the environment asks for none: the variable is empty or "cat", or the terminal cannot. */
bool pager_is_off(void);

/* Shows the text and waits until the reader has done with it. Returns > 0, 0 if there is no pager to be
 * had (nothing was shown), or < 0. */
int pager_show(const Buffer *text);
