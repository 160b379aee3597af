/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Second halves seen ahead are a set of cookies, filled only when a first half is not followed by its
 * second at once, and each record of the intake is looked at once for it: a burst of moves out of the
 * tree costs no search per move. Sources are a handful of buffers that are used again and again. */

#include "tree/moves.h"

#define N_SLOTS_MIN 1024U
#define N_SLOTS_KEPT 32768U /* for longer than a burst */

/* A second half that lies ahead. */
typedef struct Second {
        uint32_t cookie; /* 0: none */
        IntakePlace place;
} Second;

struct Moves {
        Second *seconds;  /* by the hash of their cookies; at most half full */
        uint32_t n_slots; /* a power of two, or 0 until the first is needed */
        uint32_t n_seconds;
        IntakePlace seen; /* the intake was searched up to here */
        bool is_seen_valid;
        Source *sources;
        size_t n_sources;
        size_t n_used;
        Source taken;
};

int moves_new(Moves **ret) {
        Moves *m = calloc(1, sizeof(Moves));
        if (!m)
                return -ENOMEM;
        *ret = m;
        return 0;
}

Moves *moves_free(Moves *m) {
        if (!m)
                return NULL;
        for (size_t i = 0; i < m->n_sources; i++)
                buffer_done(&m->sources[i].path);
        free(m->sources);
        buffer_done(&m->taken.path);
        free(m->seconds);
        free(m);
        return NULL;
}

static Second *second_slot(const Moves *m, uint32_t cookie) {
        uint32_t i = cookie * UINT32_C(2654435761) & (m->n_slots - 1);

        while (m->seconds[i].cookie != 0 && m->seconds[i].cookie != cookie)
                i = (i + 1) & (m->n_slots - 1);
        return &m->seconds[i];
}

static bool grow(Moves *m) {
        Moves grown = { .n_slots = MAX_OF(2 * m->n_slots, N_SLOTS_MIN) };

        grown.seconds = calloc(grown.n_slots, sizeof(Second));
        if (!grown.seconds)
                return false;
        for (uint32_t i = 0; i < m->n_slots; i++)
                if (m->seconds[i].cookie != 0)
                        *second_slot(&grown, m->seconds[i].cookie) = m->seconds[i];
        free(m->seconds);
        m->seconds = grown.seconds;
        m->n_slots = grown.n_slots;
        return true;
}

/* One that there is no memory for is told as half a move. */
static void add_second(Moves *m, uint32_t cookie, const IntakePlace *place) {
        if (cookie == 0 || (m->n_seconds >= m->n_slots / 2 && !grow(m)))
                return;
        Second *second = second_slot(m, cookie);
        if (second->cookie == 0) {
                *second = (Second){ cookie, *place };
                m->n_seconds++;
        }
}

int moves_find_second(Moves *m,
                const Intake *i,
                const IntakePlace *place,
                uint32_t cookie,
                IntakeRecord *ret) {
        IntakePlace p = *place;
        IntakeRecord record;
        int r;

        /* As good as always it is the very next record. */
        r = intake_next(i, &p, &record);
        if (r > 0 && raw_is_moved_to(&record.raw) && record.raw.cookie == cookie) {
                *ret = record;
                return 1;
        }
        if (r == 0)
                return 0;

        if (!m->is_seen_valid || m->seen.offset < place->offset)
                m->seen = *place;
        m->is_seen_valid = true;
        for (p = m->seen; (r = intake_next(i, &m->seen, &record)) != 0; p = m->seen)
                if (r > 0 && raw_is_moved_to(&record.raw))
                        add_second(m, record.raw.cookie, &p);
        if (m->n_slots == 0)
                return 0;
        p = second_slot(m, cookie)->place;
        if (second_slot(m, cookie)->cookie == 0 || intake_next(i, &p, &record) <= 0)
                return 0;
        *ret = record;
        return 2;
}

int moves_add_source(Moves *m, uint32_t cookie, const char *path, size_t path_len, Source **ret) {
        size_t i = 0;

        while (i < m->n_sources && m->sources[i].cookie != 0)
                i++;
        if (i == m->n_sources) {
                Source *grown = reallocarray(m->sources, m->n_sources + 1, sizeof(Source));
                if (!grown)
                        return -ENOMEM;
                m->sources = grown;
                m->sources[m->n_sources++] = (Source){};
        }
        Source *s = &m->sources[i];
        buffer_clear(&s->path);
        buffer_add(&s->path, path, path_len);
        if (s->path.failed)
                return -ENOMEM;
        s->cookie = cookie;
        s->wd = 0;
        s->inode = s->print = 0;
        s->is_missed = false;
        m->n_used++;
        *ret = s;
        return 0;
}

bool moves_has_source(const Moves *m, uint32_t cookie) {
        for (size_t i = 0; m->n_used > 0 && cookie != 0 && i < m->n_sources; i++)
                if (m->sources[i].cookie == cookie)
                        return true;
        return false;
}

const Source *moves_take_source(Moves *m, uint32_t cookie) {
        for (size_t i = 0; m->n_used > 0 && cookie != 0 && i < m->n_sources; i++)
                if (m->sources[i].cookie == cookie) {
                        Source taken = m->sources[i];

                        m->sources[i] = (Source){ .path = m->taken.path };
                        m->taken = taken;
                        m->n_used--;
                        return &m->taken;
                }
        return NULL;
}

size_t moves_n_sources(const Moves *m) {
        return m->n_used;
}

const Source *moves_next_source(const Moves *m, size_t *position) {
        while (*position < m->n_sources) {
                const Source *s = &m->sources[(*position)++];
                if (s->cookie != 0)
                        return s;
        }
        return NULL;
}

void moves_restart(Moves *m) {
        if (m->n_slots > N_SLOTS_KEPT) {
                free(m->seconds);
                m->seconds = NULL;
                m->n_slots = m->n_seconds = 0;
        } else if (m->n_seconds > 0) {
                memset(m->seconds, 0, m->n_slots * sizeof(Second));
                m->n_seconds = 0;
        }
        m->is_seen_valid = false;
        for (size_t i = 0; m->n_used > 0 && i < m->n_sources; i++)
                if (m->sources[i].cookie != 0) {
                        m->sources[i].cookie = 0;
                        m->n_used--;
                }
}
