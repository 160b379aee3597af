/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The least that anyone could do with a queue of events: what the ways of an event are measured against. */

#pragma once

/* Nanoseconds of CPU per event of a loop of read(2) that empties the kernel's queue, filled by
 * scratch_touch() with `n_files` in the directory `i`. */
double bare_read(unsigned i, unsigned n_files);
