/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service manager as it is on a bus (org.freedesktop.systemd1): starts units and hears what becomes
 * of them. It may go away and come back, as another one even; nothing here waits for it. */

#pragma once

#include <systemd/sd-bus.h>

#include "publishers/jobs.h"

typedef struct ServiceManager ServiceManager;
typedef struct ServiceCall ServiceCall;

typedef enum JobResult {
        JOB_ENDED_WELL,
        JOB_ENDED_BADLY,
        JOB_WAS_IN_VAIN, /* another unit that it depends on could not be started, and so it was not */
} JobResult;

typedef enum UnitState {
        UNIT_RUNS, /* or is about to */
        UNIT_DONE,
        UNIT_FAILED, /* and so done */
        UNIT_UNKNOWN,
} UnitState;

/* What it tells. Unit names are borrowed. */
typedef struct ServiceManagerOwner {
        /* It answers: what was started on this incarnation may be asked for. */
        void (*ready)(const Incarnation *incarnation, void *userdata);
        /* It is gone, and no call will be answered. */
        void (*gone)(void *userdata);
        /* The whole system, or the user's session, begins to shut down, or no longer does. */
        void (*shutting_down)(bool yes, void *userdata);
        /* The call was answered; it is the owner's to free. `error` NULL: the unit is started. */
        void (*started)(void *job, const sd_bus_error *error, void *userdata);
        /* A job of the unit's ended. */
        void (*job_ended)(const char *unit, JobResult result, void *userdata);
        /* How a unit is: it may be done, and should be asked for, or is not. */
        void (*unit_is)(const char *unit, bool may_be_done, void *userdata);
        /* The call to ask was answered; it is the owner's to free. `ran`: when it last began to run, in
         * CLOCK_MONOTONIC, if it is UNIT_FAILED; 0: never. */
        void (*answered)(void *job, UnitState state, usec_t ran, void *userdata);
        void *userdata;
} ServiceManagerOwner;

int service_manager_new(const ServiceManagerOwner *owner, ServiceManager **ret);
ServiceManager *service_manager_free(ServiceManager *s);
DEFINE_CLEANUP(ServiceManager, service_manager_free);

/* A connection to the bus that it is on, or NULL. Takes a reference. Returns 0 or < 0. */
int service_manager_set_bus(ServiceManager *s, sd_bus *bus);

/* Begins to start a unit, whose name is borrowed until the answer; a name that is an alias is an error.
 * `job` is the owner's. Returns 0 or < 0. */
int service_manager_start(ServiceManager *s, const char *unit, void *job, ServiceCall **ret);

/* Asks how it is. The answer does not count if meanwhile unit_is() said that it is not done. */
int service_manager_ask(ServiceManager *s, const char *unit, void *job, ServiceCall **ret);

/* Lets go of a call; if it is under way there will be no answer. */
ServiceCall *service_call_free(ServiceCall *c);
DEFINE_CLEANUP(ServiceCall, service_call_free);
