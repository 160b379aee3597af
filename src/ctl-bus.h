/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The way to an instance: of this machine or another one, of the system or a user. What goes wrong on it
 * is said in one line that tells what to do. */

#pragma once

#include "ctl.h"

/* A new connection. Returns 0 or < 0, silently. */
int ctl_open_bus(const Ctl *c, sd_bus **ret);

/* Opens c->bus if that is not open. Returns 0 or < 0 (said). */
int ctl_connect(Ctl *c);

/* Calls a method of the instance; it connects if need be. `ret` may be NULL. Returns 0 or < 0 (said). */
int ctl_call(Ctl *c,
                const char *path,
                const char *interface,
                const char *member,
                sd_bus_message **ret,
                const char *types,
                ...);

/* Says why a call failed, and what to do. Returns a value < 0. */
int ctl_explain(const Ctl *c, const sd_bus_error *error, int r);

/* Whether the error means that the instance is not there now. */
bool ctl_is_absence(const sd_bus_error *error);

/* Why no connection can be had. Returns `r`. */
int ctl_explain_connection(const Ctl *c, int r);

/* Says that there is no watch of that name. Returns a value < 0. */
int ctl_no_such_watch(const char *name);
