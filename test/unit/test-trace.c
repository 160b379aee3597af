/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A rule of a processor is a trace: what happens, then `---`, then what is told, with times that pass
 * as fast as they can be read. Each *.trace of test/traces (or of $TEST_TRACES) is a test.
 *
 *     # what it shows
 *     processor chunked
 *     set MaxAge=1h
 *     0ms    create a.part
 *     20ms   moved a.part -> a
 *     ---
 *     20ms   in_create a source=a.part chunks=0
 *
 * An input line is TIME [initial|scan|rescan|moved-in] [dir] [missed] [times=N] [ghost] [FACT…] VERB NAME.
 * Verbs are the names of events; `moved A -> B` is both halves of a move, `moved-from` and `moved-to` are one
 * that has no other; `rescanned` is the end of a rescan; `wait` only lets time pass. Names are below /w;
 * \xNN is a byte, and with times= each # of the name is the number of the repetition.
 *
 * There is a disk to look at. Events make files on it, write a byte each, rename and remove them, unless
 * they are a `ghost`: of a file that is not there any more, or not yet. Facts are inode=N, size=N,
 * links=N, ctime=TIME and special (no regular file). `disk NAME` says facts, and `gone NAME` takes a
 * file away, without any event.
 *
 * Of a processor that keeps what it tracks each trace is run once more with restarts: before every line
 * another processor goes on with what the one before has kept; and once more with each log of that begun
 * anew out of what there is. */

#include <dirent.h>

#include "base/text.h"
#include "processors/processor.h"
#include "test.h"
#include "trace-disk.h"

#define ROOT "/w"
#define REALTIME_USEC (1763629200 * USEC_PER_SEC) /* of 0ms */
#define TRACE_ELAPSES_MAX 1000000U

typedef enum Restarts {
        RESTARTS_NONE,
        RESTARTS_LOG,   /* with all that was kept */
        RESTARTS_SAVED, /* with what the last one has saved */
        _RESTARTS_MAX,
} Restarts;

typedef struct Trace {
        Restarts restarts;
        Buffer log; /* size_t and that many bytes, for each record */
        const ProcessorType *type;
        void *settings;
        Processor *processor;
        uint64_t seen; /* of setting_assign() */
        usec_t now;
        uint32_t cookie;
        Disk disk;
        Buffer told, expected;
        bool in_expected;
        unsigned line;
        unsigned n_inputs;
} Trace;

/* An input line, taken apart. */
typedef struct Input {
        Origin origin;
        uint32_t dir;
        uint64_t times;
        bool is_ghost;
        bool is_missed;
        DiskWish wish;
        const char *verb, *name, *other_name;
} Input;

static const struct {
        const char *name;
        usec_t usec;
} units[] = {
        { "ms", USEC_PER_MSEC },
        { "s", USEC_PER_SEC },
        { "min", 60 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC },
};

static const struct {
        const char *name;
        Origin origin;
} origins[] = {
        { "initial", ORIGIN_INITIAL },
        { "scan", ORIGIN_SCAN },
        { "rescan", ORIGIN_RESCAN },
        { "moved-in", ORIGIN_MOVED_IN },
};

#define TRACE_FAIL(t, what) TEST_FAIL("%s:%u: %s", test_case->name, (t)->line, (what))

static bool parse_time(const char *word, usec_t *ret) {
        char *unit;
        uint64_t n = strtoull(word, &unit, 10);

        for (size_t i = 0; unit != word && i < ELEMENTSOF(units); i++)
                if (streq(unit, units[i].name)) {
                        *ret = n * units[i].usec;
                        return true;
                }
        return false;
}

static void add_time(Buffer *b, usec_t usec) {
        buffer_add_u64(b, usec / USEC_PER_MSEC);
        buffer_add_string(b, "ms");
}

/* The path that a trace calls `name`: bytes and repetitions put in. */
static char *make_path(const char *name, uint64_t repetition, bool is_repeated) {
        Buffer b = {};

        buffer_add_string(&b, ROOT);
        if (!streq(name, "."))
                buffer_add_char(&b, '/');
        for (const char *s = streq(name, ".") ? "" : name; *s; s++) {
                unsigned byte;

                if (sscanf(s, "\\x%2x", &byte) == 1) {
                        buffer_add_char(&b, (char) byte);
                        s += 3;
                } else if (*s == '#' && is_repeated)
                        buffer_add_u64(&b, repetition);
                else
                        buffer_add_char(&b, *s);
        }
        assert(!b.failed);
        return b.data;
}

/* The way back. */
static void add_name(Buffer *b, const char *path, size_t path_len) {
        static const char hex[] = "0123456789abcdef";

        if (strncmp(path, ROOT, strlen(ROOT)) != 0) {
                TEST_FAIL("%s: '%s' is not below " ROOT, test_case->name, path);
                return;
        }
        if (path_len != strlen(path))
                TEST_FAIL("%s: '%s' has not %zu bytes", test_case->name, path, path_len);
        if (path_len == strlen(ROOT))
                buffer_add_char(b, '.');
        for (const char *s = path + strlen(ROOT) + 1; s < path + path_len; s++)
                if (*s > ' ' && *s < 0x7f && *s != '\\')
                        buffer_add_char(b, *s);
                else
                        buffer_add(b, (char[]){ '\\', 'x', hex[(*s >> 4) & 15], hex[*s & 15] }, 4);
}

static void add_detail(Buffer *b, bool is_there, const char *name, uint64_t value) {
        if (!is_there)
                return;
        buffer_add_char(b, ' ');
        buffer_add_string(b, name);
        buffer_add_char(b, '=');
        buffer_add_u64(b, value);
}

static int take_notice(const Notice *n, void *userdata) {
        Trace *t = userdata;
        const MemberName *member = &member_names[n->member];

        if (member->mask != 0 && (n->mask & ~(uint32_t) IN_ISDIR) != member->mask)
                TEST_FAIL("%s: %s with mask 0x%x", test_case->name, member->event, n->mask);
        if (n->usec > REALTIME_USEC + t->now)
                TEST_FAIL("%s: %s from the future", test_case->name, member->event);
        add_time(&t->told, t->now);
        buffer_add_char(&t->told, ' ');
        buffer_add_string(&t->told, member->event);
        if (n->mask & IN_ISDIR)
                buffer_add_string(&t->told, " dir");
        buffer_add_char(&t->told, ' ');
        add_name(&t->told, n->path, n->path_len);
        if (n->source) {
                buffer_add_string(&t->told, " source=");
                add_name(&t->told, n->source, n->source_len);
        }
        add_detail(&t->told, n->cookie != 0, "cookie", n->cookie);
        add_detail(&t->told, n->flags & NOTICE_HAS_SIZE, "size", n->size);
        add_detail(&t->told, n->flags & NOTICE_HAS_DURATION, "duration", n->duration_usec);
        add_detail(&t->told, n->flags & NOTICE_HAS_CHUNKS, "chunks", n->chunks);
        if (n->flags & NOTICE_INITIAL)
                buffer_add_string(&t->told, " initial");
        if (n->flags & NOTICE_RESCAN)
                buffer_add_string(&t->told, " rescan");
        if (n->reason != REASON_NONE) {
                buffer_add_string(&t->told, " reason=");
                buffer_add_string(&t->told, reason_names[n->reason]);
        }
        buffer_add_char(&t->told, '\n');
        return 0;
}

static void keep_record(Processor *p, const void *record, size_t n, void *userdata) {
        Trace *t = userdata;

        buffer_add(&t->log, (const char *) &n, sizeof(n));
        buffer_add(&t->log, record, n);
}

static void start_processor(Trace *t) {
        EXPECT_OK(processor_new(t->type, t->settings, take_notice, t, &t->processor));
        t->processor->keep = keep_record;
        t->processor->keep_userdata = t;
        t->processor->look = disk_look;
        t->processor->look_userdata = &t->disk;
}

static void restart(Trace *t) {
        Processor *old = t->processor;
        size_t n;

        if (t->restarts == RESTARTS_SAVED) {
                buffer_clear(&t->log);
                processor_save(old);
        }
        processor_free(old);
        start_processor(t);
        for (size_t at = 0; at < t->log.length; at += n) {
                memcpy(&n, t->log.data + at, sizeof(n));
                at += sizeof(n);
                EXPECT_OK(processor_restore(
                                t->processor, t->log.data + at, n, t->now, REALTIME_USEC + t->now));
        }
}

static void read_processor(Trace *t, const char *name) {
        t->type = processor_type_find(name);
        if (!t->type) {
                TRACE_FAIL(t, "no such processor");
                return;
        }
        t->settings = calloc(1, MAX_OF(t->type->settings_size, (size_t) 1));
        assert(t->settings);
        if (t->type->settings)
                EXPECT_OK(settings_init(t->type->settings, t->settings));
}

static void read_setting(Trace *t, char *assignment) {
        const char *why = NULL, *key = strsep(&assignment, "=");
        const Setting *row =
                        t->type && t->type->settings ? setting_find(t->type->settings, key) : NULL;

        if (!row || !assignment)
                TRACE_FAIL(t, "no such setting");
        else if (setting_assign(t->type->settings, row, t->settings, &t->seen, assignment, &why) <
                        0)
                TRACE_FAIL(t, why);
}

static bool start(Trace *t) {
        const char *why = NULL;

        if (t->processor)
                return true;
        if (!t->type)
                TRACE_FAIL(t, "no processor named");
        else if (t->type->check && t->type->check(t->settings, &why) < 0)
                TRACE_FAIL(t, why);
        else
                start_processor(t);
        return t->processor;
}

/* Lets time pass as a watch does: deadline by deadline. */
static void pass_time(Trace *t, usec_t until) {
        unsigned n = 0;

        while (t->processor->deadline <= until) {
                t->now = MAX_OF(t->now, t->processor->deadline);
                EXPECT_OK(processor_elapse(t->processor, t->now));
                if (++n > TRACE_ELAPSES_MAX) {
                        TRACE_FAIL(t, "the deadline stands still");
                        return;
                }
        }
        if (until < t->now)
                TRACE_FAIL(t, "time goes back");
        t->now = until;
}

static void happen(Trace *t, const Input *in, uint32_t mask, const char *path, const char *source) {
        Event e = {
                .mask = mask | in->dir,
                .origin = in->origin,
                .usec = REALTIME_USEC + t->now,
                .cookie = mask & IN_MOVE ? t->cookie : 0,
                .path = path,
                .path_len = strlen(path),
                .source = source,
                .source_len = source ? strlen(source) : 0,
                .unpaired = streq(in->verb, "moved-from"),
                .is_missed = in->is_missed && mask & IN_MOVED_TO,
        };

        if (!in->is_ghost)
                disk_event(&t->disk, &e, &in->wish);
        EXPECT_OK(processor_process(t->processor, &e, t->now));
}

static bool change_disk(Trace *t, const Input *in) {
        _cleanup_free_ char *path = make_path(in->name, 0, false);

        if (streq(in->verb, "gone"))
                disk_remove(&t->disk, path);
        else if (streq(in->verb, "disk"))
                disk_write(&t->disk, path, REALTIME_USEC + t->now, &in->wish);
        else
                return false;
        return true;
}

static void act(Trace *t, const Input *in) {
        static const struct {
                const char *verb;
                uint32_t mask;
        } verbs[] = {
                { "moved", 0 },
                { "moved-from", IN_MOVED_FROM },
                { "moved-to", IN_MOVED_TO },
                { "rescanned", 0 },
        };
        uint32_t mask = 0;
        size_t v = 0;

        if (change_disk(t, in))
                return;
        while (v < ELEMENTSOF(verbs) && !streq(in->verb, verbs[v].verb))
                v++;
        if (v < ELEMENTSOF(verbs))
                mask = verbs[v].mask;
        else if (event_mask_from_name(in->verb, &mask) < 0)
                TRACE_FAIL(t, "no such verb");
        for (uint64_t i = 0; i < in->times; i++) {
                _cleanup_free_ char *path = make_path(in->name, i, in->times > 1);
                _cleanup_free_ char *other =
                                in->other_name ? make_path(in->other_name, i, in->times > 1) : NULL;

                t->cookie++;
                if (other) {
                        happen(t, in, IN_MOVED_FROM, path, NULL);
                        happen(t, in, IN_MOVED_TO, other, path);
                } else
                        happen(t, in, mask, path, NULL);
        }
}

static bool read_fact(const char *word, Input *in) {
        DiskWish *wish = &in->wish;
        usec_t usec;

        if (strncmp(word, "ctime=", 6) == 0 && parse_time(word + 6, &usec)) {
                wish->ctime_nsec = (REALTIME_USEC + usec) * 1000;
                return true;
        }
        if (streq(word, "ghost"))
                return in->is_ghost = true;
        if (streq(word, "missed"))
                return in->is_missed = true;
        if (streq(word, "special"))
                return wish->is_special = true;
        return sscanf(word, "inode=%" SCNu64, &wish->inode) == 1 ||
               sscanf(word, "links=%" SCNu64, &wish->n_links) == 1 ||
               sscanf(word, "size=%" SCNi64, &wish->size) == 1 ||
               sscanf(word, "times=%" SCNu64, &in->times) == 1;
}

static void read_input(Trace *t, usec_t time, char *rest) {
        Input in = { .origin = ORIGIN_KERNEL, .times = 1, .wish.size = -1 };
        char *word = NULL, *state = NULL;

        for (word = strtok_r(rest, " \t", &state); word; word = strtok_r(NULL, " \t", &state)) {
                size_t i = 0;

                while (i < ELEMENTSOF(origins) && !streq(word, origins[i].name))
                        i++;
                if (i < ELEMENTSOF(origins))
                        in.origin = origins[i].origin;
                else if (streq(word, "dir"))
                        in.dir = IN_ISDIR;
                else if (!read_fact(word, &in))
                        break;
        }
        in.verb = word;
        in.name = strtok_r(NULL, " \t", &state);
        const char *arrow = strtok_r(NULL, " \t", &state);
        in.other_name = strtok_r(NULL, " \t", &state);
        t->n_inputs++;
        if (!start(t))
                return;
        if (t->restarts != RESTARTS_NONE && t->type->restore)
                restart(t);
        pass_time(t, time);
        if (in.verb && streq(in.verb, "wait") && !in.name)
                return;
        if (!in.verb || !in.name || (arrow && (!streq(arrow, "->") || !in.other_name)) ||
                        streq(in.verb, "moved") != !!arrow)
                TRACE_FAIL(t, "cannot read this line");
        else
                act(t, &in);
}

static void read_expected(Trace *t, usec_t time, char *rest) {
        char *state = NULL;

        add_time(&t->expected, time);
        for (char *word = strtok_r(rest, " \t", &state); word;
                        word = strtok_r(NULL, " \t", &state)) {
                buffer_add_char(&t->expected, ' ');
                buffer_add_string(&t->expected, word);
        }
        buffer_add_char(&t->expected, '\n');
}

static void read_line(Trace *t, char *line) {
        char *rest = NULL, *word = strtok_r(line, " \t", &rest);
        usec_t time;

        if (!word || *word == '#')
                return;
        if (streq(word, "---"))
                t->in_expected = true;
        else if (streq(word, "processor") && !t->type)
                read_processor(t, strtok_r(NULL, " \t", &rest) ?: "");
        else if (streq(word, "set"))
                read_setting(t, rest);
        else if (!parse_time(word, &time))
                TRACE_FAIL(t, "cannot read this line");
        else if (t->in_expected)
                read_expected(t, time, rest);
        else
                read_input(t, time, rest);
}

/* Prints both sides line by line: what was expected (-), what was told (+), what is in both. */
static void print_difference(char *expected, char *told) {
        while (*expected || *told) {
                char *e = *expected ? strsep(&expected, "\n") : NULL;
                char *g = *told ? strsep(&told, "\n") : NULL;

                if (e && g && streq(e, g)) {
                        fprintf(stderr, "  %s\n", e);
                        continue;
                }
                if (e)
                        fprintf(stderr, "- %s\n", e);
                if (g)
                        fprintf(stderr, "+ %s\n", g);
        }
}

static const char *trace_directory(void) {
        return getenv("TEST_TRACES") ?: "test/traces";
}

static void run_trace_with(Restarts restarts) {
        _cleanup_free_ char *path = NULL, *line = NULL;
        _cleanup_fclose_ FILE *f = NULL;
        Trace t = {
                .restarts = restarts,
                .disk.slots = calloc(DISK_SLOTS, sizeof(DiskFile *)),
        };
        size_t allocated = 0;

        if (asprintf(&path, "%s/%s", trace_directory(), test_case->name) < 0)
                abort();
        f = fopen(path, "re");
        EXPECT(f);
        for (; f && getline(&line, &allocated, f) >= 0;) {
                t.line++;
                line[strcspn(line, "\n")] = 0;
                read_line(&t, line);
        }
        EXPECT(t.in_expected);
        EXPECT_INT(t.n_inputs, >, 0);
        buffer_add_string(&t.told, "");
        buffer_add_string(&t.expected, "");
        if (!streq(t.expected.data, t.told.data)) {
                TEST_FAIL("%s: expected (-) is not what was told (+), restarts %d:",
                                test_case->name,
                                restarts);
                print_difference(t.expected.data, t.told.data);
        }
        processor_free(t.processor);
        disk_done(&t.disk);
        if (t.type && t.type->settings)
                settings_done(t.type->settings, t.settings);
        free(t.settings);
        buffer_done(&t.told);
        buffer_done(&t.expected);
        buffer_done(&t.log);
}

static void run_trace(void) {
        for (Restarts restarts = 0; restarts < _RESTARTS_MAX; restarts++)
                run_trace_with(restarts);
}

static int is_trace(const struct dirent *entry) {
        const char *dot = strrchr(entry->d_name, '.');

        return dot && streq(dot, ".trace");
}

/* Each file is a test. The names live as long as the program. */
__attribute__((constructor)) static void find_traces(void) {
        static struct dirent **entries;
        int n = scandir(trace_directory(), &entries, is_trace, alphasort);

        for (int i = 0; i < n && n_test_cases < TEST_CASES_MAX; i++)
                test_cases[n_test_cases++] = (TestCase){ entries[i]->d_name, run_trace };
}
