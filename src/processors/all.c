/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `all` and `create`: each event is told as it is. What differs is what the kernel is asked for. */

#include "processors/processor.h"

static int tell(Processor *p, const Event *e, usec_t now) {
        Notice n;

        if (processor_is_always_told(e))
                return 0;
        if (p->type->needs != 0 && (e->mask & p->type->needs) == 0)
                return 0;
        notice_from_event(e, &n);
        return processor_say(p, &n);
}

const ProcessorType all_processor = {
        .name = "all",
        .text = "tells every event as it comes",
        .process = tell,
};

const ProcessorType create_processor = {
        .name = "create",
        .text = "tells what is created, and nothing else",
        .needs = IN_CREATE,
        .tells = IN_CREATE,
        .process = tell,
};
