/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as what read(2) of inotify gave: decoded as they are, and handed to a tree that watches a
 * real directory and to the processors behind it, in reads as the bytes themselves say. The kernel's
 * inotify is left out: it takes tens of milliseconds to be closed, and might say something itself. */

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "processors/processor.h"
#include "tree/decode.h"
#include "tree/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Has nothing to say, ever: a pipe that nobody writes to. */
int inotify_init1(int flags) {
        static int ends[2];

        if (ends[1] > 0)
                (void) close(ends[1]);
        return pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : ends[0];
}

/* One number for one file, as the kernel has it. */
int inotify_add_watch(int fd, const char *path, uint32_t mask) {
        static ino_t files[64];
        struct stat st;

        if (stat(path, &st) < 0)
                return -1;
        for (int i = 0; i < (int) ELEMENTSOF(files); i++)
                if (files[i] == st.st_ino || files[i] == 0) {
                        files[i] = st.st_ino;
                        return i + 1;
                }
        errno = ENOSPC;
        return -1;
}

int inotify_rm_watch(int fd, int wd) {
        return 0;
}

typedef struct Rig {
        Tree *tree;
        Processor *processors[2];
        usec_t now;
} Rig;

static int take_notice(const Notice *n, void *userdata) {
        assert(n->path && n->path_len == strlen(n->path));
        assert(!n->source || n->source_len == strlen(n->source));
        return 0;
}

static int take_event(const Event *e, void *userdata) {
        Rig *rig = userdata;

        assert(e->path && e->path_len == strlen(e->path));
        for (size_t i = 0; i < ELEMENTSOF(rig->processors); i++)
                (void) processor_process(rig->processors[i], e, rig->now);
        return 0;
}

static void add_processor(Rig *rig, size_t i, const char *name) {
        const ProcessorType *type = processor_type_find(name);
        static _Alignas(16) char settings[2][512];
        static bool is_preset[2];

        assert(type && type->settings_size <= sizeof(settings[i]));
        if (type->settings && !TAKE(is_preset[i], true) &&
                        settings_init(type->settings, settings[i]) < 0)
                abort();
        if (processor_new(type, settings[i], take_notice, NULL, &rig->processors[i]) < 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static const char *const roots[] = { "/tmp", "/tmp/fuzz-decode-is-not-there", NULL };
        TreeOptions options = { .roots = (char *const *) roots, .mask = IN_ALL_EVENTS };
        Rig rig = { .now = USEC_PER_SEC };
        Raw raw;

        for (size_t at = 0; at < n && raw_decode(data + at, n - at, &raw) >= 0; at += raw.size)
                assert(raw.name_len < raw.size && raw.name[raw.name_len] == '\0');

        add_processor(&rig, 0, "all");
        add_processor(&rig, 1, "chunked");
        if (tree_new(&options, take_event, &rig, &rig.tree) < 0 ||
                        tree_start(rig.tree, rig.now, 1) < 0)
                abort();
        while (n > 1) {
                size_t length = MIN_OF((size_t) data[0] * 8 + 16, n - 1);

                (void) tree_feed(rig.tree, data + 1, length, rig.now, 1);
                rig.now += (usec_t) data[0] * USEC_PER_MSEC;
                (void) tree_elapse(rig.tree, rig.now);
                for (size_t i = 0; i < ELEMENTSOF(rig.processors); i++)
                        (void) processor_elapse(rig.processors[i], rig.now);
                data += length + 1;
                n -= length + 1;
        }
        tree_free(rig.tree);
        for (size_t i = 0; i < ELEMENTSOF(rig.processors); i++)
                processor_free(rig.processors[i]);
        return 0;
}
