/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What each event means for a transfer. Who has a file open is counted, as far as events tell; nothing
 * here says that a file is complete, but only by which sign it is whole. */

#include "processors/transfer-internal.h"

bool transfer_is_temporary(const TransferState *s, const char *path, size_t path_len) {
        const char *slash = memrchr(path, '/', path_len);
        const char *name = slash ? slash + 1 : path;

        return globs_match(s->temporary, name, path_len - (size_t) (name - path));
}

int transfer_begin(Processor *p, const Event *e, Phase phase, Transfer **ret) {
        TransferState *s = p->state;
        Transfer *x;
        int r;

        r = transfers_add(s->transfers, e->path, e->path_len, s->now, &x);
        if (r < 0)
                return r;
        x->started_usec = x->usec = e->usec;
        x->phase = (uint8_t) phase;
        x->origin = (uint8_t) e->origin;
        *ret = x;
        return 0;
}

/* Begins, is told to have begun, waits. */
int transfer_begin_told(Processor *p, const Event *e, Phase phase, const FileStat *st) {
        TransferState *s = p->state;
        Transfer *x;
        int r;

        r = transfer_begin(p, e, phase, &x);
        if (r < 0)
                return r;
        if (st)
                transfer_remember(s, x, st);
        x->chunks = e->mask & IN_MODIFY ? 1 : 0;
        transfer_wait(p, x);
        r = transfer_say_started(p, x, e);
        transfers_keep(s->transfers, x);
        return r;
}

/* Whether it matters what becomes of a file under its own name. */
bool transfer_minds_writers(const TransferState *s) {
        return s->wanted & (SIGN_CLOSED | SIGN_IDLE | SIGN_MARKED);
}

static int opened(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        const TransferSettings *settings = p->settings;

        if (!x)
                return 0;
        /* A close that was merged with another one is missing for ever. */
        if (x->phase == PHASE_DONE && e->usec > usec_add(x->usec, settings->idle))
                x->n_open = 0;
        x->usec = e->usec;
        if (x->n_open < UINT16_MAX)
                x->n_open++;
        if (x->phase == PHASE_CREATED) {
                if (!transfer_minds_writers(s)) {
                        transfer_drop(s, x);
                        return 0;
                }
                x->phase = PHASE_WRITING;
        }
        transfer_wait(p, x);
        return TRANSFER_CHANGED;
}

/* The first write to a file that is not under way. */
static int rewritten(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        bool is_temporary = transfer_is_temporary(s, e->path, e->path_len);
        FileStat st;
        int r;

        if (!is_temporary && !transfer_minds_writers(s))
                return 0;
        r = processor_look(p, e->path, &st);
        if (r < 0 && !x) /* gone; or a name that there is not, of a file without one */
                return 0;
        if (r >= 0 && !st.is_regular)
                return 0;
        /* Who has the file open that had this name before writes under it, too. */
        if (r >= 0 && x && transfer_is_same(x, &st) && !(x->marks & MARK_RACY))
                return 0;
        if (!x)
                return transfer_begin_told(p,
                                e,
                                is_temporary ? PHASE_TEMPORARY : PHASE_WRITING,
                                r < 0 ? NULL : &st);
        transfers_restart(s->transfers, x, s->now);
        x->age = 0;
        x->started_usec = x->usec = e->usec;
        x->phase = is_temporary ? PHASE_TEMPORARY : PHASE_WRITING;
        x->origin = (uint8_t) e->origin;
        x->marks = 0;
        x->chunks = 1;
        transfer_wait(p, x);
        r = transfer_say_started(p, x, e);
        return r < 0 ? r : TRANSFER_CHANGED;
}

static int modified(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;
        FileStat st;

        if (e->origin != ORIGIN_KERNEL) {
                int r = processor_look(p, e->path, &st);
                return transfer_found(p, x, e, r < 0 ? NULL : &st);
        }
        if (!x || x->phase == PHASE_DONE)
                return rewritten(p, x, e);
        if (x->phase == PHASE_ABANDONED)
                return 0;
        if (x->phase == PHASE_CREATED && !transfer_minds_writers(s)) {
                transfer_drop(s, x);
                return 0;
        }
        x->usec = e->usec;
        if (x->chunks < UINT32_MAX)
                x->chunks++;
        x->marks &= (uint8_t) ~MARK_CLOSED;
        if (x->phase == PHASE_TEMPORARY)
                return TRANSFER_CHANGED;
        x->phase = PHASE_WRITING;
        x->origin = ORIGIN_KERNEL;
        transfer_wait(p, x);
        return TRANSFER_CHANGED;
}

static void count_close(Transfer *x, const Event *e) {
        x->usec = e->usec;
        if (x->n_open > 0)
                x->n_open--;
}

static int closed(Processor *p, Transfer *x, const Event *e) {
        if (!x)
                return 0;
        count_close(x, e);
        switch ((Phase) x->phase) {
        case PHASE_DONE:
        case PHASE_HELD:
                return TRANSFER_CHANGED;
        case PHASE_ABANDONED: /* what is written from now on is another transfer */
                x->phase = PHASE_DONE;
                return TRANSFER_CHANGED;
        case PHASE_TEMPORARY:
                if (x->n_open == 0)
                        x->marks |= MARK_CLOSED;
                return TRANSFER_CHANGED;
        default:
                break;
        }
        x->origin = ORIGIN_KERNEL;
        x->phase = PHASE_CLOSED;
        if (x->n_open == 0)
                return transfer_sign(p, x, e, SIGN_CLOSED, NULL);
        transfer_wait(p, x);
        return TRANSFER_CHANGED;
}

static int closed_by_reader(Processor *p, Transfer *x, const Event *e) {
        if (!x)
                return 0;
        count_close(x, e);
        if (x->phase == PHASE_CLOSED && x->n_open == 0)
                return transfer_sign(p, x, e, SIGN_CLOSED, NULL);
        if (x->phase == PHASE_WRITING && x->n_open == 0 && x->chunks == 0)
                x->phase = PHASE_CREATED;
        transfer_wait(p, x);
        return TRANSFER_CHANGED;
}

int transfer_changed(Processor *p, Transfer *x, const Event *e) {
        FileStat st;

        if (!x)
                return 0;
        if (x->phase == PHASE_DONE && processor_look(p, x->path, &st) >= 0)
                transfer_remember(p->state, x, &st);
        else
                transfer_wait(p, x);
        return TRANSFER_CHANGED;
}

static int lost(Processor *p, Transfer *x, const Event *e) {
        TransferState *s = p->state;

        s->is_unsure = true;
        return 0;
}

typedef int (*Handler)(Processor *p, Transfer *x, const Event *e);

static const struct {
        uint32_t mask;
        Handler file, directory;
        bool comes; /* a name comes by it */
} meanings[] = {
        { IN_MODIFY, modified, NULL },
        { IN_CLOSE_WRITE, closed, NULL },
        { IN_CLOSE_NOWRITE, closed_by_reader, NULL },
        { IN_OPEN, opened, NULL },
        { IN_ATTRIB, transfer_changed, NULL },
        { IN_CREATE, transfer_created, NULL, true },
        { IN_MOVED_TO, transfer_moved_to, transfer_directory_moved_to, true },
        { IN_MOVED_FROM, transfer_moved_from, transfer_directory_moved_from },
        { IN_DELETE, transfer_went, transfer_directory_went },
        { IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT, transfer_ended, transfer_ended },
        { IN_Q_OVERFLOW, lost, lost },
};

/* Markers are no transfers; but their coming says something. */
static int marker_event(Processor *p, const Event *e, bool comes) {
        TransferState *s = p->state;

        if (e->mask & IN_MOVED_TO && e->source)
                transfer_drop(s, transfers_find(s->transfers, e->source, e->source_len));
        return comes ? transfer_marker_came(p, e) : 0;
}

int transfer_event(Processor *p, const Event *e) {
        TransferState *s = p->state;
        size_t i = 0;
        int r;

        while (i < ELEMENTSOF(meanings) && !(e->mask & meanings[i].mask))
                i++;
        if (i == ELEMENTSOF(meanings))
                return 0;
        Handler act = e->mask & IN_ISDIR ? meanings[i].directory : meanings[i].file;
        if (!act)
                return 0;
        if (!(e->mask & IN_ISDIR) && marker_is(&s->marker, e->path, e->path_len, NULL, NULL))
                return marker_event(p, e, meanings[i].comes);
        Transfer *x = transfers_find(s->transfers, e->path, e->path_len);
        r = act(p, x, e);
        if (r > 0)
                transfers_keep(s->transfers, x);
        return MIN_OF(r, 0);
}
