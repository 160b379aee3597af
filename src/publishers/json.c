/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Lines of JSON. Keys come in one order, so that lines can be compared; what does not apply is left
 * out; bytes that are no text are shown as far as they are and follow in hex. */

#include "publishers/json.h"

/* The longest of all but the names in a line. */
#define PLAIN_MAX 256U

#define PUT(to, literal) mempcpy(to, literal, strlen(literal))
#define ADD(b, literal) buffer_add(b, literal, strlen(literal))

static void add_key(Buffer *b, const char *key) {
        ADD(b, ",\"");
        buffer_add_string(b, key);
        ADD(b, "\":");
}

static void add_number(Buffer *b, const char *key, uint64_t value) {
        add_key(b, key);
        buffer_add_u64(b, value);
}

static void add_text(Buffer *b, const char *key, const char *s, size_t n) {
        add_key(b, key);
        buffer_add_json(b, s, n);
}

static void add_true(Buffer *b, const char *key) {
        add_key(b, key);
        buffer_add_string(b, "true");
}

static void add_raw(Buffer *b, const char *key, const char *s, size_t n) {
        add_key(b, key);
        buffer_add_char(b, '"');
        buffer_add_hex(b, s, n);
        buffer_add_char(b, '"');
}

static void add_details(Buffer *b, const Notice *n) {
        if (n->source)
                add_text(b, detail_names[DETAIL_SOURCE_PATH].json, n->source, n->source_len);
        if (n->flags & NOTICE_HAS_SIZE)
                add_number(b, detail_names[DETAIL_SIZE].json, n->size);
        if (n->flags & NOTICE_HAS_DURATION)
                add_number(b, detail_names[DETAIL_DURATION_USEC].json, n->duration_usec);
        if (n->flags & NOTICE_HAS_CHUNKS)
                add_number(b, detail_names[DETAIL_CHUNKS].json, n->chunks);
        if (n->flags & NOTICE_INITIAL)
                add_true(b, detail_names[DETAIL_INITIAL].json);
        if (n->flags & NOTICE_RESCAN)
                add_true(b, detail_names[DETAIL_RESCAN].json);
        if (n->reason != REASON_NONE) {
                const char *reason = reason_names[n->reason];

                add_text(b, detail_names[DETAIL_REASON].json, reason, strlen(reason));
        }
        if (!text_is_utf8(n->path, n->path_len))
                add_raw(b, detail_names[DETAIL_RAW_PATH].json, n->path, n->path_len);
        if (n->source && !text_is_utf8(n->source, n->source_len))
                add_raw(b, detail_names[DETAIL_RAW_SOURCE_PATH].json, n->source, n->source_len);
}

/* Ends the line; a line that did not fit into memory is no line at all. */
static void end_line(Buffer *b, size_t begin) {
        ADD(b, "}\n");
        if (b->failed)
                b->length = begin;
}

void json_add_notice(Buffer *b, const Notice *n) {
        size_t watch_at;

        json_add_notice_at(b, n, &watch_at);
}

/* What is in each line, of a notice with names that need no escape. Returns where it ends. */
static char *put_plain(char *to, const Notice *n, size_t watch_len, size_t *ret_watch) {
        char *p = to;

        p = PUT(p, "{\"sequence\":");
        p = text_put_u64(p, n->sequence);
        p = PUT(p, ",\"usec\":");
        p = text_put_u64(p, n->usec);
        p = PUT(p, ",\"watch\":\"");
        *ret_watch = (size_t) (p - to);
        p = mempcpy(p, n->watch, watch_len);
        p = PUT(p, "\",\"event\":\"");
        p = stpcpy(p, member_names[n->member].event);
        p = PUT(p, "\",\"path\":\"");
        p = mempcpy(p, n->path, n->path_len);
        p = PUT(p, "\",\"mask\":");
        p = text_put_u64(p, n->mask);
        p = PUT(p, ",\"cookie\":");
        return text_put_u64(p, n->cookie);
}

static void add_escaped(Buffer *b, const Notice *n, size_t watch_len, size_t *ret_watch) {
        size_t begin = b->length;

        ADD(b, "{\"sequence\":");
        buffer_add_u64(b, n->sequence);
        add_number(b, "usec", n->usec);
        add_key(b, "watch");
        *ret_watch = b->length + 1 - begin;
        buffer_add_json(b, n->watch, watch_len);
        add_text(b, "event", member_names[n->member].event, strlen(member_names[n->member].event));
        add_text(b, "path", n->path, n->path_len);
        add_number(b, "mask", n->mask);
        add_number(b, "cookie", n->cookie);
}

void json_add_notice_at(Buffer *b, const Notice *n, size_t *ret_watch) {
        size_t begin = b->length, watch_len = strlen(n->watch);
        bool is_plain = text_is_plain(n->path, n->path_len) && text_is_plain(n->watch, watch_len);

        if (is_plain && buffer_reserve(b, PLAIN_MAX + watch_len + n->path_len)) {
                char *end = put_plain(b->data + begin, n, watch_len, ret_watch);
                b->length = (size_t) (end - b->data);
        } else
                add_escaped(b, n, watch_len, ret_watch);
        *ret_watch += begin;
        if (!is_plain || n->source || n->flags != 0 || n->reason != REASON_NONE)
                add_details(b, n);
        end_line(b, begin);
}

void json_add_gap(Buffer *b, uint64_t from, uint64_t to) {
        size_t begin = b->length;

        ADD(b, "{\"event\":\"gap\"");
        add_number(b, "from", from);
        add_number(b, "to", to);
        end_line(b, begin);
}
