/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of processors, and what they have in common. */

#include "processors/processor.h"
#include "extra-processors.h"

extern const ProcessorType all_processor;
extern const ProcessorType create_processor;
extern const ProcessorType chunked_processor;
extern const ProcessorType transfer_processor;

const ProcessorType *const processor_types[] = {
        &all_processor,
        &create_processor,
        &chunked_processor,
        &transfer_processor,
        EXTRA_PROCESSOR_ROWS NULL,
};

/* How each origin is told. */
static const NoticeFlags origin_flags[_ORIGIN_MAX] = {
        [ORIGIN_INITIAL] = NOTICE_INITIAL,
        [ORIGIN_RESCAN] = NOTICE_RESCAN,
};

const ProcessorType *processor_type_find(const char *name) {
        for (size_t i = 0; processor_types[i]; i++)
                if (streq(processor_types[i]->name, name))
                        return processor_types[i];
        return NULL;
}

Processor *processor_free(Processor *p) {
        if (!p)
                return NULL;
        if (p->type->stop)
                p->type->stop(p);
        free(p->state);
        free(p);
        return NULL;
}

int processor_new(const ProcessorType *type,
                const void *settings,
                NoticeSink sink,
                void *userdata,
                Processor **ret) {
        void *state = calloc(1, MAX_OF(type->state_size, (size_t) 1));
        _cleanup_(processor_freep) Processor *p = malloc(sizeof(*p));
        int r;

        if (!p || !state) {
                free(state);
                free(TAKE_PTR(p));
                return -ENOMEM;
        }
        *p = (Processor){
                .type = type,
                .settings = settings,
                .state = state,
                .deadline = USEC_INFINITY,
                .sink = sink,
                .userdata = userdata,
        };
        if (type->start) {
                r = type->start(p);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(p);
        return 0;
}

int processor_elapse(Processor *p, usec_t now) {
        return now < p->deadline ? 0 : p->type->elapse(p, now);
}

int processor_process(Processor *p, const Event *e, usec_t now) {
        int r = processor_elapse(p, now);
        int q = p->type->process(p, e, now);

        return r ?: q;
}

void processor_keep(Processor *p, const void *record, size_t n) {
        assert(n <= PROCESSOR_RECORD_MAX);
        if (p->keep)
                p->keep(p, record, n, p->keep_userdata);
}

void processor_save(Processor *p) {
        if (p->type->save)
                p->type->save(p);
}

int processor_restore(Processor *p, const void *record, size_t n, usec_t now, usec_t usec) {
        RecordSink keep = TAKE_PTR(p->keep);
        int r = p->type->restore ? p->type->restore(p, record, n, now, usec) : 0;

        p->keep = keep;
        return r;
}

int processor_look(Processor *p, const char *path, FileStat *ret) {
        return p->look ? p->look(path, ret, p->look_userdata) : -EOPNOTSUPP;
}

void notice_from_event(const Event *e, Notice *ret) {
        *ret = (Notice){
                .member = e->mask == 0 ? MEMBER_RESCANNED : member_from_mask(e->mask),
                .flags = origin_flags[e->origin],
                .mask = e->mask,
                .cookie = e->cookie,
                .usec = e->usec,
                .path = e->path,
                .path_len = e->path_len,
                .source = e->source,
                .source_len = e->source_len,
        };
}

int processor_say(Processor *p, const Notice *n) {
        return p->sink(n, p->userdata);
}

int processor_is_always_told(const Event *e) {
        return e->mask == 0 || (e->mask & MASK_ALWAYS) != 0;
}
