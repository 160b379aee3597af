/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The disk of a trace: what a processor that looks at a file is to see. Events change it as what they
 * tell of has done; a trace may say besides that it is otherwise. */

#pragma once

#include "base/text.h"
#include "tree/event.h"

#define DISK_SLOTS 65536U /* a power of two */

typedef struct DiskFile DiskFile;
struct DiskFile {
        DiskFile *next; /* in its slot */
        FileStat stat;
        char path[];
};

typedef struct Disk {
        DiskFile **slots;
        uint64_t last_inode;
} Disk;

/* What a trace says of a file; 0: nothing. */
typedef struct DiskWish {
        uint64_t inode, n_links, ctime_nsec;
        int64_t size; /* -1: nothing */
        bool is_special;
} DiskWish;

static inline DiskFile **disk_link(const Disk *d, const char *path) {
        DiskFile **link = &d->slots[text_hash(0, path, strlen(path)) & (DISK_SLOTS - 1)];

        while (*link && !streq((*link)->path, path))
                link = &(*link)->next;
        return link;
}

static inline void disk_done(Disk *d) {
        for (size_t i = 0; d->slots && i < DISK_SLOTS; i++)
                while (d->slots[i]) {
                        DiskFile *f = d->slots[i];

                        d->slots[i] = f->next;
                        free(f);
                }
        free(d->slots);
        *d = (Disk){};
}

static inline void disk_remove(Disk *d, const char *path) {
        DiskFile **link = disk_link(d, path), *f = *link;

        if (f)
                *link = f->next;
        free(f);
}

static inline DiskFile *disk_add(Disk *d, const char *path, const FileStat *stat) {
        DiskFile **link, *f;

        disk_remove(d, path);
        link = disk_link(d, path);
        f = calloc(1, sizeof(*f) + strlen(path) + 1);
        assert(f);
        f->stat = *stat;
        memcpy(f->path, path, strlen(path) + 1);
        *link = f;
        return f;
}

static inline bool disk_is_below(const char *path, const char *dir) {
        return strncmp(path, dir, strlen(dir)) == 0 && path[strlen(dir)] == '/';
}

/* All below a directory goes, or moves along. */
static inline void disk_move_below(Disk *d, const char *from, const char *to) {
        for (size_t i = 0; i < DISK_SLOTS; i++)
                for (DiskFile *f = d->slots[i], *next; f; f = next) {
                        _cleanup_free_ char *path = NULL;

                        next = f->next;
                        if (!disk_is_below(f->path, from))
                                continue;
                        if (to) {
                                int n = asprintf(&path, "%s%s", to, f->path + strlen(from));
                                assert(n >= 0);
                                (void) disk_add(d, path, &f->stat);
                        }
                        disk_remove(d, f->path);
                }
}

static inline void disk_wish(Disk *d, DiskFile *f, const DiskWish *wish) {
        if (wish->inode > 0)
                f->stat.inode = wish->inode;
        if (wish->n_links > 0)
                f->stat.n_links = (uint32_t) wish->n_links;
        if (wish->ctime_nsec > 0)
                f->stat.ctime_nsec = wish->ctime_nsec;
        if (wish->size >= 0)
                f->stat.size = (uint64_t) wish->size;
        f->stat.is_regular &= !wish->is_special;
}

/* The file of that path, made if it is not there. */
static inline DiskFile *disk_get(Disk *d, const char *path, usec_t usec) {
        DiskFile *f = *disk_link(d, path);
        FileStat fresh = {
                .inode = ++d->last_inode,
                .ctime_nsec = usec * 1000,
                .n_links = 1,
                .is_regular = true,
        };

        return f ?: disk_add(d, path, &fresh);
}

static inline void disk_write(Disk *d, const char *path, usec_t usec, const DiskWish *wish) {
        DiskFile *f = disk_get(d, path, usec);

        f->stat.ctime_nsec = usec * 1000;
        disk_wish(d, f, wish);
}

/* What an event has done; a write that says no size adds a byte. */
static inline void disk_event(Disk *d, const Event *e, const DiskWish *wish) {
        DiskFile *f;

        if (e->mask & IN_ISDIR) {
                if (e->source)
                        disk_move_below(d, e->source, e->path);
                else if (e->mask & IN_DELETE || e->unpaired)
                        disk_move_below(d, e->path, NULL);
                return;
        }
        if (e->mask & IN_DELETE || e->unpaired)
                disk_remove(d, e->path);
        if (e->mask & IN_CREATE && e->origin == ORIGIN_KERNEL)
                disk_remove(d, e->path);
        if (!(e->mask & (IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_ATTRIB)))
                return;
        DiskFile *source = e->source ? *disk_link(d, e->source) : NULL;
        if (source) {
                (void) disk_add(d, e->path, &source->stat);
                disk_remove(d, e->source);
        }
        f = disk_get(d, e->path, e->usec);
        if (e->mask & IN_MODIFY)
                f->stat.size++;
        if (!(e->mask & IN_CREATE))
                f->stat.ctime_nsec = e->usec * 1000;
        disk_wish(d, f, wish);
}

static inline int disk_look(const char *path, FileStat *ret, void *userdata) {
        const DiskFile *f = *disk_link(userdata, path);

        if (!f)
                return -ENOENT;
        *ret = f->stat;
        return 0;
}
