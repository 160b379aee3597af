/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a listener asks for: the call of Subscribe, and the matches where there can be none. */

#pragma once

#include "ctl.h"

typedef struct Subscription {
        char *const *watches; /* NULL-terminated; all, where it is empty */
        bool has_since, initial;
        uint64_t since;
        bool is_again; /* an instance that is gone is not started */
} Subscription;

/* Calls Subscribe for a stream. */
int subscribe_call(const Ctl *c,
                sd_bus *bus,
                const Subscription *subscription,
                sd_bus_message_handler_t answered,
                void *userdata,
                sd_bus_slot **ret);

/* Asks for the property Sequence: a variant. */
int subscribe_ask_sequence(const Ctl *c,
                sd_bus *bus,
                sd_bus_message_handler_t answered,
                void *userdata,
                sd_bus_slot **ret);

/* The instance's name comes and goes, the connection ends. */
int subscribe_to_name(const Ctl *c,
                sd_bus *bus,
                sd_bus_message_handler_t handler,
                void *userdata,
                sd_bus_slot **ret);
int subscribe_to_end(
                sd_bus *bus, sd_bus_message_handler_t handler, void *userdata, sd_bus_slot **ret);

/* All signals of one interface of the instance. */
int subscribe_to_signals(const Ctl *c,
                sd_bus *bus,
                const char *interface,
                sd_bus_message_handler_t handler,
                void *userdata,
                sd_bus_slot **ret);

/* Whether the signal is of a watch and an event that are wanted. */
bool subscribe_wants(const Ctl *c, char *const *watches, sd_bus_message *m);
