/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tells notices to the journal, structured: MESSAGE, MESSAGE_ID and INOTIFIER_* fields. */

#pragma once

#include "publishers/publisher.h"

/* `instance` is borrowed and outlives it. Returns 0 or < 0. */
int journal_publisher_new(sd_event *event, History *history, const char *instance, Publisher **ret);
