/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A tree of names with one hash over it, so that moving a directory is one pointer and a directory of
 * many files is no slower than one of few. */

#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "picture.h"

struct Entry {
        Entry *parent;
        Entry *children;
        Entry *next;      /* in parent->children */
        Entry **previous; /* what points at it there */
        Entry *slot_next;
        bool is_dir;
        char name[];
};

static uint32_t hash_of(const Entry *parent, const char *name, size_t n) {
        uint32_t h = UINT32_C(2166136261) ^ (uint32_t) ((uintptr_t) parent >> 4);

        for (size_t i = 0; i < n; i++)
                h = (h ^ (uint8_t) name[i]) * UINT32_C(16777619);
        return h ^ h >> 15;
}

static Entry **slot_of(const Picture *p, const Entry *parent, const char *name, size_t n) {
        return &p->slots[hash_of(parent, name, n) & (p->n_slots - 1)];
}

static Entry *child_of(const Picture *p, const Entry *parent, const char *name, size_t n) {
        for (Entry *e = *slot_of(p, parent, name, n); e; e = e->slot_next)
                if (e->parent == parent && strlen(e->name) == n && memcmp(e->name, name, n) == 0)
                        return e;
        return NULL;
}

static void put_in_slot(Picture *p, Entry *e) {
        Entry **slot = slot_of(p, e->parent, e->name, strlen(e->name));

        e->slot_next = *slot;
        *slot = e;
}

static void grow(Picture *p) {
        Entry **old = p->slots;
        uint32_t n_old = p->n_slots;

        p->n_slots = n_old > 0 ? n_old * 2 : 256;
        p->slots = calloc(p->n_slots, sizeof(Entry *));
        if (!p->slots)
                err(EXIT_FAILURE, "calloc");
        for (uint32_t i = 0; i < n_old; i++)
                for (Entry *e = old[i], *next; e; e = next) {
                        next = e->slot_next;
                        put_in_slot(p, e);
                }
        free(old);
}

static Entry *entry_new(const char *name, size_t n, bool is_dir) {
        Entry *e = calloc(1, sizeof(Entry) + n + 1);

        if (!e)
                err(EXIT_FAILURE, "calloc");
        memcpy(e->name, name, n);
        e->is_dir = is_dir;
        return e;
}

static void attach(Picture *p, Entry *e, Entry *parent) {
        if (p->n_entries >= p->n_slots)
                grow(p);
        p->n_entries++;
        e->parent = parent;
        e->next = parent->children;
        e->previous = &parent->children;
        if (e->next)
                e->next->previous = &e->next;
        parent->children = e;
        put_in_slot(p, e);
}

/* Takes it out, with all below; it keeps what is below. */
static void detach(Picture *p, Entry *e) {
        Entry **slot = slot_of(p, e->parent, e->name, strlen(e->name));

        while (*slot != e)
                slot = &(*slot)->slot_next;
        *slot = e->slot_next;
        *e->previous = e->next;
        if (e->next)
                e->next->previous = e->previous;
        e->parent = NULL;
        p->n_entries--;
}

static void drop(Picture *p, Entry *e) {
        if (!e)
                return;
        while (e->children)
                drop(p, e->children);
        if (e->parent)
                detach(p, e);
        p->n_directories -= e->is_dir;
        free(e);
}

static Entry *find(const Picture *p, const char *path) {
        Entry *e = p->root;

        while (e && *path) {
                size_t n = strcspn(path, "/");

                e = child_of(p, e, path, n);
                path += n + (path[n] == '/');
        }
        return e;
}

/* The entry, made with all that it is in; what was told of a directory that nobody has told of is not
 * lost, it shows in the comparison. */
static Entry *make(Picture *p, const char *path, bool is_dir) {
        Entry *e = p->root, *child;

        while (*path) {
                size_t n = strcspn(path, "/");
                bool is_last = !path[n];

                child = child_of(p, e, path, n);
                if (child && is_last && child->is_dir != is_dir) {
                        drop(p, child);
                        child = NULL;
                }
                if (!child) {
                        child = entry_new(path, n, is_dir || !is_last);
                        p->n_directories += child->is_dir;
                        attach(p, child, e);
                }
                e = child;
                path += n + !is_last;
        }
        return e;
}

void picture_init(Picture *p) {
        *p = (Picture){ .root = entry_new("", 0, true), .n_directories = 1 };
        grow(p);
}

static void forget(Picture *p, unsigned i) {
        drop(p, p->away[i].entry);
        free(p->away[i].path);
        memmove(p->away + i, p->away + i + 1, (--p->n_away - i) * sizeof(Away));
}

void picture_done(Picture *p) {
        while (p->n_away > 0)
                forget(p, 0);
        drop(p, p->root);
        free(p->slots);
        free(p->doubled);
        *p = (Picture){};
}

void picture_add(Picture *p, const char *path, bool is_dir) {
        (void) make(p, path, is_dir);
}

/* Gives an entry without a place another name and a place. */
static void place(Picture *p, Entry *e, const char *path) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
        size_t n = strlen(name);
        _cleanup_free_ char *above = strndup(path, slash ? (size_t) (slash - path) : 0);
        Entry *renamed = entry_new(name, n, e->is_dir), *parent = make(p, above, true);

        while (e->children) {
                Entry *child = e->children;

                detach(p, child);
                attach(p, child, renamed);
        }
        free(e);
        attach(p, renamed, parent);
}

static void moved_from(Picture *p, const char *path, bool is_dir) {
        Entry *e = find(p, path);

        for (unsigned i = p->n_away; i-- > 0;) /* that one was moved out */
                if (streq(p->away[i].path, path) && p->away[i].entry->is_dir == is_dir)
                        forget(p, i);
        if (!e || e == p->root || e->is_dir != is_dir)
                return; /* nobody was told of it: it came and went unseen */
        detach(p, e);
        if (p->n_away == AWAY_MAX)
                forget(p, 0);
        p->away[p->n_away++] = (Away){ e, strdup(path) };
}

static void moved_to(Picture *p, const Told *told) {
        Entry *there = find(p, told->path), *e;
        unsigned i = told->source ? p->n_away : 0;

        while (i > 0 && (!streq(p->away[i - 1].path, told->source) ||
                                        p->away[i - 1].entry->is_dir != told->is_dir))
                i--;
        drop(p, there == p->root ? NULL : there);
        if (i == 0) {
                (void) make(p, told->path, told->is_dir);
                return;
        }
        e = TAKE_PTR(p->away[i - 1].entry);
        forget(p, i - 1);
        place(p, e, told->path);
}

static void created(Picture *p, const Told *told) {
        Entry *e = find(p, told->path);

        if (e && e != p->root) {
                p->n_doubled++;
                free(p->doubled);
                p->doubled = strdup(told->path);
        }
        (void) make(p, told->path, told->is_dir);
}

static void deleted(Picture *p, const Told *told) {
        Entry *e = find(p, told->path);

        if (e && e != p->root && e->is_dir == told->is_dir)
                drop(p, e);
}

static void emptied(Picture *p, const Told *told) {
        Entry *e = find(p, told->path);

        while (e && e->children)
                drop(p, e->children);
}

void picture_apply(Picture *p, const Told *told) {
        switch (told->member) {
        case MEMBER_IN_MOVED_FROM:
                moved_from(p, told->path, told->is_dir);
                break;
        case MEMBER_IN_MOVED_TO:
                moved_to(p, told);
                break;
        case MEMBER_IN_CREATE:
                created(p, told);
                break;
        case MEMBER_IN_DELETE:
                deleted(p, told);
                break;
        case MEMBER_IN_UNMOUNT:
        case MEMBER_IN_IGNORED: /* what comes now is told anew */
                emptied(p, told);
                break;
        case MEMBER_IN_Q_OVERFLOW:
                p->is_doubtful = true;
                break;
        case MEMBER_RESCANNED:
                p->is_doubtful = false;
                break;
        default: /* says nothing of what is there */
                break;
        }
}

static void look(Picture *p, int at, const char *name, Entry *e) {
        int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
        const struct dirent *d;

        while (dir && (d = readdir(dir))) {
                struct stat st;

                if (streq(d->d_name, ".") || streq(d->d_name, "..") ||
                                fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue;
                Entry *child = entry_new(d->d_name, strlen(d->d_name), S_ISDIR(st.st_mode));
                attach(p, child, e);
                p->n_directories += child->is_dir;
                if (child->is_dir)
                        look(p, fd, d->d_name, child);
        }
        if (dir)
                (void) closedir(dir);
}

void picture_look(Picture *p, const char *path) {
        look(p, AT_FDCWD, path, p->root);
}

static void add_line(const char *what, const Entry *e, Buffer *lines) {
        _cleanup_(buffer_done) Buffer path = {};

        for (const Entry *at = e; at->parent; at = at->parent) {
                _cleanup_(buffer_done) Buffer joined = {};

                buffer_add_char(&joined, '/');
                buffer_add_string(&joined, at->name);
                if (path.data)
                        buffer_add(&joined, path.data, path.length);
                Buffer old = path;
                path = joined;
                joined = old;
        }
        buffer_add_string(lines, what);
        buffer_add_escaped(lines, path.data, path.length);
        buffer_add_string(lines, e->is_dir ? "/\n" : "\n");
}

/* What is in `a` and is not, or is something else, in `b`. */
static unsigned compare(const Picture *pa,
                const Entry *a,
                const Picture *pb,
                const Entry *b,
                bool directories,
                const char *what,
                Buffer *lines) {
        unsigned n = 0;

        for (const Entry *e = a->children; e; e = e->next) {
                const Entry *other = b ? child_of(pb, b, e->name, strlen(e->name)) : NULL;

                if (directories && !e->is_dir)
                        continue;
                if (!other || other->is_dir != e->is_dir) {
                        add_line(what, e, lines);
                        n++;
                        continue; /* what is below says nothing more */
                }
                n += compare(pa, e, pb, other, directories, what, lines);
        }
        return n;
}

unsigned picture_compare(
                const Picture *told, const Picture *disk, bool directories, Buffer *lines) {
        return compare(told,
                               told->root,
                               disk,
                               disk->root,
                               directories,
                               "told, not there: ",
                               lines) +
               compare(disk, disk->root, told, told->root, directories, "there, not told: ", lines);
}
