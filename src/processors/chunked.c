/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `chunked`: a file has arrived when the temporary name that it was created under here is renamed. Not
 * when it was created, for it is empty then; not at any rename, for people rename files too. Each that
 * arrived is told once, as created, under its final name. */

#include "base/glob.h"
#include "base/parse.h"
#include "processors/processor.h"
#include "processors/transfers.h"

typedef struct ChunkedSettings {
        char **temporary_name;
        usec_t max_age;
} ChunkedSettings;

typedef struct Chunked {
        Globs *temporary;
        Transfers *transfers; /* each under a temporary name */
} Chunked;

static const Setting chunked_settings[] = {
        { "TemporaryName",
                        &setting_kind_globs,
                        offsetof(ChunkedSettings, temporary_name),
                        "*.part" },
        { "MaxAge", &setting_kind_time_span, offsetof(ChunkedSettings, max_age), "6h" },
        {},
};

static int chunked_check(const void *object, const char **ret_why) {
        const ChunkedSettings *settings = object;

        if (!settings->temporary_name || !settings->temporary_name[0])
                *ret_why = "TemporaryName= names nothing: chunked would never tell a file";
        else if (settings->max_age == 0)
                *ret_why = "MaxAge= must be more than nothing: chunked would never tell a file";
        else
                return 0;
        return -EINVAL;
}

static bool is_temporary(const Chunked *c, const char *path, size_t path_len) {
        const char *slash = memrchr(path, '/', path_len);
        const char *name = slash ? slash + 1 : path;

        return globs_match(c->temporary, name, path_len - (size_t) (name - path));
}

static Transfer *find_transfer(const Chunked *c, const char *path, size_t path_len) {
        return is_temporary(c, path, path_len) ? transfers_find(c->transfers, path, path_len)
                                               : NULL;
}

static void forget(Chunked *c, const char *path, size_t path_len) {
        Transfer *x = find_transfer(c, path, path_len);

        if (x)
                transfers_remove(c->transfers, x);
}

static void set_deadline(Processor *p) {
        const ChunkedSettings *settings = p->settings;
        const Chunked *c = p->state;
        const Transfer *oldest = transfers_oldest(c->transfers);

        p->deadline = oldest ? transfer_deadline(oldest, settings->max_age) : USEC_INFINITY;
}

static int say_arrived(Processor *p, const Event *e, const Transfer *x) {
        Notice n;

        notice_from_event(e, &n);
        n.member = MEMBER_IN_CREATE;
        n.mask = IN_CREATE;
        n.cookie = 0;
        if (x) {
                n.flags |= NOTICE_HAS_CHUNKS;
                n.chunks = x->chunks;
        }
        return processor_say(p, &n);
}

/* 0 where not known. */
static uint64_t inode_of(Processor *p, const Event *e) {
        FileStat st;

        return processor_look(p, e->path, &st) < 0 ? 0 : st.inode;
}

/* One that comes under a temporary name. */
static int follow(Chunked *c, const Event *e, uint64_t inode, usec_t now) {
        Transfer *x;
        int r;

        r = transfers_add(c->transfers, e->path, e->path_len, now, &x);
        if (r < 0)
                return r;
        x->inode = inode;
        x->started_usec = x->usec = e->usec;
        transfers_keep(c->transfers, x);
        return 0;
}

static int created(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;
        Transfer *x;

        /* Found rather than seen under its final name: it may have arrived before anyone could look,
         * and is better told than missed. */
        if (!is_temporary(c, e->path, e->path_len))
                return e->origin == ORIGIN_KERNEL ? 0 : say_arrived(p, e, NULL);

        uint64_t inode = e->origin == ORIGIN_KERNEL ? 0 : inode_of(p, e);
        x = transfers_find(c->transfers, e->path, e->path_len);
        if (x && e->origin != ORIGIN_KERNEL && (x->inode == inode || x->inode == 0 || inode == 0))
                return 0; /* found again */
        return follow(c, e, inode, now);
}

static int modified(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;
        Transfer *x = find_transfer(c, e->path, e->path_len);

        if (!x || x->chunks == UINT32_MAX)
                return 0;
        x->chunks++;
        x->usec = e->usec;
        transfers_keep(c->transfers, x);
        return 0;
}

/* A move of what is not followed. One whose beginning nobody could see is better told than missed, too. */
static int moved_unknown(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;

        forget(c, e->path, e->path_len); /* what was there is overwritten */
        if (!e->is_missed || (e->source && !is_temporary(c, e->source, e->source_len)))
                return 0;
        return is_temporary(c, e->path, e->path_len) ? follow(c, e, 0, now)
                                                     : say_arrived(p, e, NULL);
}

static int moved_to(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;
        Transfer *x = e->source ? find_transfer(c, e->source, e->source_len) : NULL;
        int r;

        if (!x)
                return moved_unknown(p, e, now);
        if (is_temporary(c, e->path, e->path_len))
                return transfers_move(c->transfers, x, e->path, e->path_len);
        r = say_arrived(p, e, x);
        transfers_remove(c->transfers, x);
        return r;
}

static int went(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;

        forget(c, e->path, e->path_len);
        return 0;
}

static int moved_from(Processor *p, const Event *e, usec_t now) {
        return e->unpaired ? went(p, e, now) : 0;
}

static int directory_went(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;

        transfers_remove_below(c->transfers, e->path, e->path_len);
        return 0;
}

static int directory_moved_from(Processor *p, const Event *e, usec_t now) {
        return e->unpaired ? directory_went(p, e, now) : 0;
}

static int directory_moved_to(Processor *p, const Event *e, usec_t now) {
        Chunked *c = p->state;

        if (!e->source)
                return directory_went(
                                p, e, now); /* nothing that was below this path is there now */
        return transfers_move_below(c->transfers, e->source, e->source_len, e->path, e->path_len);
}

/* A watch ended: of a directory, or of the file that is watched itself. */
static int ended(Processor *p, const Event *e, usec_t now) {
        (void) directory_went(p, e, now);
        return went(p, e, now);
}

/* What each event means, of a file and of a directory. */
static const struct {
        uint32_t mask;
        int (*file)(Processor *p, const Event *e, usec_t now);
        int (*directory)(Processor *p, const Event *e, usec_t now);
} meanings[] = {
        { IN_MODIFY, modified, NULL },
        { IN_CREATE, created, NULL },
        { IN_MOVED_FROM, moved_from, directory_moved_from },
        { IN_MOVED_TO, moved_to, directory_moved_to },
        { IN_DELETE, went, directory_went },
        { IN_DELETE_SELF | IN_IGNORED | IN_UNMOUNT, ended, ended },
};

static int chunked_process(Processor *p, const Event *e, usec_t now) {
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(meanings); i++)
                if (e->mask & meanings[i].mask) {
                        int (*act)(Processor *, const Event *, usec_t) =
                                        e->mask & IN_ISDIR ? meanings[i].directory
                                                           : meanings[i].file;
                        r = act ? act(p, e, now) : 0;
                        break;
                }
        set_deadline(p);
        return r;
}

static int chunked_elapse(Processor *p, usec_t now) {
        Chunked *c = p->state;

        for (; p->deadline <= now; set_deadline(p))
                transfers_remove(c->transfers, transfers_oldest(c->transfers));
        return 0;
}

static void chunked_stop(Processor *p) {
        Chunked *c = p->state;

        c->transfers = transfers_free(c->transfers);
        c->temporary = globs_free(c->temporary);
}

static int chunked_start(Processor *p) {
        const ChunkedSettings *settings = p->settings;
        Chunked *c = p->state;
        int r;

        r = globs_new(settings->temporary_name, &c->temporary);
        if (r < 0)
                return r;
        r = transfers_new(&c->transfers);
        return r < 0 ? r : transfers_set_keeper(c->transfers, p);
}

static void chunked_save(Processor *p) {
        const Chunked *c = p->state;

        transfers_save(c->transfers);
}

static int chunked_restore(Processor *p, const void *record, size_t n, usec_t now, usec_t usec) {
        Chunked *c = p->state;
        int r = transfers_restore(c->transfers, record, n, now, usec);

        set_deadline(p);
        return r;
}

const ProcessorType chunked_processor = {
        .name = "chunked",
        .text = "tells a file as created once the temporary name it was written under is renamed",
        .needs = IN_CREATE | IN_MODIFY | IN_MOVE | IN_DELETE,
        .tells = IN_CREATE,
        .needs_initial = true,
        .settings = chunked_settings,
        .settings_size = sizeof(ChunkedSettings),
        .check = chunked_check,
        .state_size = sizeof(Chunked),
        .start = chunked_start,
        .stop = chunked_stop,
        .process = chunked_process,
        .elapse = chunked_elapse,
        .save = chunked_save,
        .restore = chunked_restore,
};
