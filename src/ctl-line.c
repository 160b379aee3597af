/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A reader of as much JSON as the stream has. What is decoded is never longer than what it is written
 * as, so that room for the line is made once and what points into it stays. */

#include <ctype.h>

#include "ctl-line.h"

typedef struct Reader {
        const char *at, *end;
        Buffer *text;
} Reader;

void line_done(Line *l) {
        buffer_done(&l->text);
        l->n_fields = 0;
}

static void skip_blanks(Reader *r) {
        while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
                r->at++;
}

/* Returns whether it was there; then it is passed. */
static bool take(Reader *r, char c) {
        skip_blanks(r);
        if (r->at == r->end || *r->at != c)
                return false;
        r->at++;
        return true;
}

static int hex_value(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        c = (char) (c | 0x20);
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EBADMSG;
}

/* The four digits of \uXXXX. */
static int read_unit(Reader *r, uint32_t *ret) {
        *ret = 0;
        if (r->end - r->at < 4)
                return -EBADMSG;
        for (int i = 0; i < 4; i++) {
                int digit = hex_value(*r->at++);

                if (digit < 0)
                        return digit;
                *ret = *ret << 4 | (uint32_t) digit;
        }
        return 0;
}

static void add_character(Buffer *b, uint32_t c) {
        if (c < 0x80)
                buffer_add_char(b, (char) c);
        else if (c < 0x800) {
                buffer_add_char(b, (char) (0xc0 | c >> 6));
                buffer_add_char(b, (char) (0x80 | (c & 0x3f)));
        } else if (c < 0x10000) {
                buffer_add_char(b, (char) (0xe0 | c >> 12));
                buffer_add_char(b, (char) (0x80 | (c >> 6 & 0x3f)));
                buffer_add_char(b, (char) (0x80 | (c & 0x3f)));
        } else {
                buffer_add_char(b, (char) (0xf0 | c >> 18));
                buffer_add_char(b, (char) (0x80 | (c >> 12 & 0x3f)));
                buffer_add_char(b, (char) (0x80 | (c >> 6 & 0x3f)));
                buffer_add_char(b, (char) (0x80 | (c & 0x3f)));
        }
}

/* What follows \u; a pair of surrogates is one character, a half of one is none. */
static int read_unicode(Reader *r) {
        uint32_t c, low;
        int k;

        k = read_unit(r, &c);
        if (k < 0)
                return k;
        if (c >= 0xd800 && c < 0xdc00) {
                if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
                        return -EBADMSG;
                r->at += 2;
                k = read_unit(r, &low);
                if (k < 0 || low < 0xdc00 || low >= 0xe000)
                        return -EBADMSG;
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        } else if (c >= 0xdc00 && c < 0xe000)
                return -EBADMSG;
        add_character(r->text, c);
        return 0;
}

static int read_escape(Reader *r) {
        static const char escapes[] = "\"\\/bfnrt", characters[] = "\"\\/\b\f\n\r\t";
        const char *escape;

        if (r->at == r->end)
                return -EBADMSG;
        if (*r->at == 'u') {
                r->at++;
                return read_unicode(r);
        }
        escape = *r->at ? strchr(escapes, *r->at) : NULL;
        if (!escape)
                return -EBADMSG;
        r->at++;
        buffer_add_char(r->text, characters[escape - escapes]);
        return 0;
}

/* Ends what was added since `begin` with a NUL. */
static const char *finish(Reader *r, size_t begin, size_t *ret_len) {
        if (ret_len)
                *ret_len = r->text->length - begin;
        buffer_add_char(r->text, '\0');
        return r->text->data + begin;
}

static int read_string(Reader *r, const char **ret, size_t *ret_len) {
        size_t begin = r->text->length;
        int k;

        if (!take(r, '"'))
                return -EBADMSG;
        while (r->at < r->end && *r->at != '"') {
                if (*r->at != '\\') {
                        buffer_add_char(r->text, *r->at++);
                        continue;
                }
                r->at++;
                k = read_escape(r);
                if (k < 0)
                        return k;
        }
        if (r->at == r->end)
                return -EBADMSG;
        r->at++;
        *ret = finish(r, begin, ret_len);
        return 0;
}

/* A number or a word. */
static int read_literal(Reader *r, const char **ret, size_t *ret_len) {
        size_t begin = r->text->length;

        skip_blanks(r);
        while (r->at < r->end && (isalnum((unsigned char) *r->at) || strchr("+-.", *r->at)))
                buffer_add_char(r->text, *r->at++);
        if (r->text->length == begin)
                return -EBADMSG;
        *ret = finish(r, begin, ret_len);
        return 0;
}

static int read_field(Reader *r, LineField *field) {
        int k;

        k = read_string(r, &field->key, NULL);
        if (k < 0)
                return k;
        if (!take(r, ':'))
                return -EBADMSG;
        skip_blanks(r);
        field->is_string = r->at < r->end && *r->at == '"';
        return field->is_string ? read_string(r, &field->value, &field->value_len)
                                : read_literal(r, &field->value, &field->value_len);
}

static int read_fields(Reader *r, Line *l) {
        int k;

        do {
                if (l->n_fields == LINE_FIELDS_MAX)
                        return -EBADMSG;
                k = read_field(r, &l->fields[l->n_fields]);
                if (k < 0)
                        return k;
                l->n_fields++;
        } while (take(r, ','));
        return take(r, '}') ? 0 : -EBADMSG;
}

int line_parse(Line *l, const char *s, size_t n) {
        Reader r = { .at = s, .end = s + n, .text = &l->text };
        int k;

        l->n_fields = 0;
        buffer_clear(&l->text);
        /* A value of a digit and its NUL are as long as the value and what stands around it. */
        if (!buffer_reserve(&l->text, n + 1))
                return -ENOMEM;
        if (!take(&r, '{'))
                return -EBADMSG;
        k = take(&r, '}') ? 0 : read_fields(&r, l);
        if (k < 0)
                return k;
        skip_blanks(&r);
        return r.at == r.end ? 0 : -EBADMSG;
}

const LineField *line_find(const Line *l, const char *key) {
        for (size_t i = 0; i < l->n_fields; i++)
                if (streq(l->fields[i].key, key))
                        return &l->fields[i];
        return NULL;
}

uint64_t line_number(const Line *l, const char *key) {
        const LineField *field = line_find(l, key);

        return field && !field->is_string ? strtoull(field->value, NULL, 10) : 0;
}

bool line_add_bytes(Buffer *b, const LineField *hex) {
        if (hex->value_len % 2 != 0)
                return false;
        for (size_t i = 0; i < hex->value_len; i += 2) {
                int high = hex_value(hex->value[i]), low = hex_value(hex->value[i + 1]);

                if (high < 0 || low < 0)
                        return false;
                buffer_add_char(b, (char) (high << 4 | low));
        }
        return true;
}
