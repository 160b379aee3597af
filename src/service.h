/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The name of an instance on the bus, for those who own it and those who ask for it. */

#pragma once

#include "base/macros.h"

/* org.inotifier1 for the main instance, else org.inotifier1.LABEL. Returns 0 or -ENOMEM. */
int service_name(const char *instance, char **ret);
