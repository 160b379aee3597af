/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Places at which a process may die, for the tests that have it die there: each is between two writes
 * that the next process sees. Only the tests' own build has them. */

#pragma once

#include "base/macros.h"

#ifdef CRASH_POINTS
/* Dies as of SIGKILL if $INOTIFIER_CRASH is NAME, or, with NAME:N, when it is passed for the Nth time. */
void crash_point(const char *name);
#else
static inline void crash_point(const char *name) {
}
#endif
