/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service manager's descriptor store: what is put there comes back to the next process, after a
 * restart and after a crash. Without a service manager, or with one that keeps nothing, there is
 * nothing to come back, and nothing else changes. */

#pragma once

#include "base/macros.h"

#define STORE_HISTORY "history"
#define STORE_HISTORY_SPARE "history-next" /* while one takes another's place */
#define STORE_STREAM "stream" /* listening sockets, FileDescriptorName= of the socket units */

typedef struct Store Store;

/* Takes over what the service manager has handed to this process. Returns 0 or -ENOMEM. */
int store_new(Store **ret);

/* Closes what nobody took; it stays in the store, for a process that comes further than this one. */
Store *store_free(Store *s);
DEFINE_CLEANUP(Store, store_free);

/* The descriptor of that name, or -ENOENT: borrowed; the caller's from now on. */
int store_find(const Store *s, const char *name);
int store_take(Store *s, const char *name);

/* Has what nobody took removed from the store. */
void store_drop_rest(const Store *s);

/* Has the service manager keep a duplicate under that name (letters, digits and punctuation but ':').
 * It is removed when the service stops for good. */
void store_put(const char *name, int fd);
void store_remove(const char *name);
