/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Numbers first, then each text with its NUL: path, source if there is one, watch, unit. */

#include "publishers/job-record.h"
#include "publishers/unit-name.h"

typedef struct Record {
        uint64_t sequence;
        usec_t usec;
        uint64_t size;
        usec_t duration_usec;
        uint32_t mask;
        uint32_t cookie;
        uint32_t chunks;
        uint16_t path_len;
        uint16_t source_len;
        uint8_t watch_len;
        uint8_t unit_len;
        uint8_t member;
        uint8_t flags;
        uint8_t reason;
        uint8_t has_source;
        uint8_t padding[2];
} Record;

static_assert(sizeof(Record) == 56, "the layout has no holes");

int job_record_add(Buffer *b, const Notice *n, const char *unit) {
        size_t watch_len = strlen(n->watch), unit_len = strlen(unit);
        Record record = {
                .sequence = n->sequence,
                .usec = n->usec,
                .size = n->size,
                .duration_usec = n->duration_usec,
                .mask = n->mask,
                .cookie = n->cookie,
                .chunks = n->chunks,
                .path_len = (uint16_t) n->path_len,
                .source_len = (uint16_t) n->source_len,
                .watch_len = (uint8_t) watch_len,
                .unit_len = (uint8_t) unit_len,
                .member = (uint8_t) n->member,
                .flags = (uint8_t) n->flags,
                .reason = (uint8_t) n->reason,
                .has_source = n->source != NULL,
        };

        if (n->path_len > UINT16_MAX || n->source_len > UINT16_MAX || watch_len > UINT8_MAX ||
                        unit_len > UNIT_NAME_MAX)
                return -EMSGSIZE;
        buffer_add(b, &record, sizeof(record));
        buffer_add(b, n->path, n->path_len + 1);
        if (n->source)
                buffer_add(b, n->source, n->source_len + 1);
        buffer_add(b, n->watch, watch_len + 1);
        buffer_add(b, unit, unit_len + 1);
        return b->failed ? -ENOMEM : 0;
}

/* Takes the next text, which has `length` bytes and ends at a NUL. */
static const char *take_text(const char **p, size_t length) {
        const char *text = *p;

        *p += length + 1;
        return strnlen(text, length + 1) == length ? text : NULL;
}

int job_record_read(const void *data, size_t n, Notice *ret, const char **ret_unit) {
        const Record *record = data;
        const char *p = (const char *) data + sizeof(Record);

        if (n < sizeof(Record) || record->member >= _MEMBER_MAX || record->reason >= _REASON_MAX ||
                        record->has_source > 1 ||
                        n != sizeof(Record) + record->path_len + 1U +
                                                        (record->has_source ? record->source_len + 1U
                                                                            : 0) +
                                                        record->watch_len + 1U + record->unit_len +
                                                        1U)
                return -EBADMSG;
        *ret = (Notice){
                .member = (Member) record->member,
                .flags = (NoticeFlags) record->flags,
                .reason = (Reason) record->reason,
                .mask = record->mask,
                .cookie = record->cookie,
                .sequence = record->sequence,
                .usec = record->usec,
                .size = record->size,
                .duration_usec = record->duration_usec,
                .chunks = record->chunks,
                .path = take_text(&p, record->path_len),
                .path_len = record->path_len,
        };
        if (record->has_source) {
                ret->source = take_text(&p, record->source_len);
                ret->source_len = record->source_len;
        }
        ret->watch = take_text(&p, record->watch_len);
        *ret_unit = take_text(&p, record->unit_len);
        if (!ret->path || (record->has_source && !ret->source) || !ret->watch || !*ret_unit)
                return -EBADMSG;
        return 0;
}
