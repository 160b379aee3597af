/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A keyed hash of names: whoever may choose the names of files must not choose where they collide. */

#pragma once

#include "base/macros.h"

/* Of `name` in the directory of that number; each process has another key. */
uint32_t hash_name(int directory, const char *name, size_t n);
