/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tree against the disk, without a clock, a process or chance: a seed makes a plan of operations
 * and of turns that the tree takes, and operations come between any two system calls that the tree
 * makes. At rest a subscriber's picture is what is on the disk, and nothing is left over in the tree.
 *
 *   model [-v] [-s] [-d] [SEEDS [FIRST]]
 *
 * -d: the tree dies now and then, between any two things that it does, and the next one goes on with what
 * it left. What is told is told once all the same, if files are known.
 *
 * A plan that fails is shortened as far as it goes and printed. */

#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "lives.h"
#include "operations.h"

#define TURNS_MAX 4096U
#define REST_MAX (600 * USEC_PER_SEC)

typedef enum TurnKind {
        TURN_OPERATION,
        TURN_WITHIN, /* an operation while the tree is at the turn before it */
        TURN_READ,
        TURN_WORK,
        TURN_ELAPSE,
        TURN_LOSE, /* reads, and the end of what was read is lost */
        TURN_REST,
        TURN_DIE,  /* while the tree is at the turn before it, or after that */
        TURN_STOP, /* the same, and all is lost but the ledger */
        TURN_COMPACT,
} TurnKind;

typedef struct Turn {
        TurnKind kind;
        unsigned skip; /* system calls to let pass first, or whatever one can die at; events to keep */
        Operation operation;
} Turn;

typedef struct Plan {
        Turn turns[TURNS_MAX];
        size_t n;
        size_t n_before; /* operations before the start */
        bool is_initial; /* what is there at the start is told */
        bool recovers;
        bool loses;
        bool dies;
        bool stops; /* and loses all but the ledger */
        bool mounts;
        uint32_t mask;
} Plan;

typedef struct Run {
        const Plan *plan;
        size_t position;
        unsigned n_passed; /* system calls since the last operation */
        unsigned n_done;   /* what one can die at, since then */
        bool is_within;
        bool is_started;
        bool is_dead;
        jmp_buf death;
        Lives lives;
        Picture picture;
        Buffer failure;
        const char *directory;
        char base[PATH_MAX];
        size_t base_len;
        usec_t now;
        bool is_checked; /* the mount table, since it last changed */
} Run;

static Run *run;
static bool verbose;

static void do_operation(const Operation *o) {
        int r = operation_do(o);

        if (r >= 0 && (o->kind == OPERATION_MOUNT || o->kind == OPERATION_UNMOUNT))
                run->is_checked = false;
        if (verbose) {
                printf("%s", run->is_within ? "    " : "");
                operation_print(o, stdout);
                printf("%s%s\n", r < 0 ? ": " : "", r < 0 ? strerror(-r) : "");
        }
}

/* Between two system calls of the tree. */
static void interrupt(void) {
        if (!run || !run->is_within)
                return;
        run->n_passed++;
        while (run->position < run->plan->n) {
                const Turn *turn = &run->plan->turns[run->position];

                if (turn->kind != TURN_WITHIN || run->n_passed <= turn->skip)
                        return;
                run->position++;
                run->n_passed = run->n_done = 0;
                do_operation(&turn->operation);
        }
}

static bool is_deadly(const Turn *turn) {
        return turn->kind == TURN_DIE || turn->kind == TURN_STOP;
}

/* What one can die at. */
static void dare(void) {
        if (!run || !run->is_within || !run->plan->dies || run->position == run->plan->n)
                return;
        const Turn *turn = &run->plan->turns[run->position];
        if (!is_deadly(turn) || run->n_done++ < turn->skip)
                return;
        run->is_dead = true;
        longjmp(run->death, 1);
}

void __wrap_crash_point(const char *name);
void __wrap_crash_point(const char *name) {
        dare();
}

/* The system calls of the tree: the linker puts these in their place. */
int __real_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask) {
        interrupt();
        dare();
        return __real_inotify_add_watch(fd, path, mask);
}

int __real_inotify_rm_watch(int fd, int wd);
int __wrap_inotify_rm_watch(int fd, int wd);
int __wrap_inotify_rm_watch(int fd, int wd) {
        interrupt();
        dare();
        return __real_inotify_rm_watch(fd, wd);
}

int __real_fstatat64(int fd, const char *path, struct stat64 *ret, int flags);
int __wrap_fstatat64(int fd, const char *path, struct stat64 *ret, int flags);
int __wrap_fstatat64(int fd, const char *path, struct stat64 *ret, int flags) {
        interrupt();
        dare();
        return __real_fstatat64(fd, path, ret, flags);
}

ssize_t __real_getdents64(int fd, void *buffer, size_t length);
ssize_t __wrap_getdents64(int fd, void *buffer, size_t length);
ssize_t __wrap_getdents64(int fd, void *buffer, size_t length) {
        interrupt();
        dare();
        return __real_getdents64(fd, buffer, length);
}

int __real_openat64(int at, const char *path, int flags, ...);
int __wrap_openat64(int at, const char *path, int flags, ...);
int __wrap_openat64(int at, const char *path, int flags, ...) {
        interrupt();
        dare();
        return __real_openat64(at, path, flags, 0644);
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
        va_list ap;

        interrupt();
        dare();
        va_start(ap, request);
        void *argument = va_arg(ap, void *);
        va_end(ap);
        return __real_ioctl(fd, request, argument);
}

static const char *below_base(const char *path) {
        if (!path)
                return NULL;
        if (strncmp(path, run->base, run->base_len) != 0)
                return "?";
        path += run->base_len;
        return path + (*path == '/');
}

static int take_event(const Event *e, void *userdata) {
        Told told = {
                .member = e->mask ? member_from_mask(e->mask) : MEMBER_RESCANNED,
                .is_dir = e->mask & IN_ISDIR,
                .path = below_base(e->path),
                .source = below_base(e->source),
        };

        if (e->origin == ORIGIN_INITIAL && !run->plan->is_initial)
                return 0; /* as who passes events on does */
        if (verbose)
                printf("        told: %s %s%s%s%s%s\n",
                                member_names[told.member].event,
                                told.path,
                                told.is_dir ? "/" : "",
                                told.source ? " <- " : "",
                                told.source ?: "",
                                e->origin == ORIGIN_KERNEL ? "" : " (seen)");
        lives_tell(&run->lives, &told);
        dare();
        return 0;
}

static void fail(const char *what, long a, long b) {
        char line[256];

        (void) snprintf(line, sizeof(line), "%s: %ld, %ld\n", what, a, b);
        buffer_add_string(&run->failure, line);
}

static void expect_equal(const char *what, long a, long b) {
        if (a != b)
                fail(what, a, b);
}

static unsigned count_watches(int fd) {
        char path[64], line[512];
        unsigned n = 0;

        (void) snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        while (f && fgets(line, sizeof(line), f))
                n += strncmp(line, "inotify ", 8) == 0;
        return n;
}

/* Operations may come between its system calls, and an end. */
static int run_call(int (*call)(Tree *t)) {
        volatile int r = 1; /* what a death is */

        run->is_within = run->is_started || run->plan->is_initial;
        run->n_passed = run->n_done = 0;
        if (setjmp(run->death) == 0)
                r = call(run->lives.tree);
        run->is_within = false;
        if (r < 0)
                fail("the tree failed", r, 0);
        return r;
}

static int begin(Tree *t) {
        return lives_begin(&run->lives, run->now);
}

/* The turn that it died at is over; another one begins. */
static void bury(void) {
        const Turn *turn = &run->plan->turns[run->position++];

        if (chdir(run->directory) < 0)
                err(EXIT_FAILURE, "%s", run->directory);
        lives_bury(&run->lives, turn->kind == TURN_STOP);
        lives_hear(&run->lives, &run->picture);
        if (verbose)
                puts(turn->kind == TURN_STOP ? "DIES, AND ALL IS LOST" : "DIES");
        run->is_dead = run->is_checked = false;
        run->now += USEC_PER_MSEC;
        (void) run_call(begin);
}

/* A turn of the tree. */
static int take(int (*call)(Tree *t)) {
        int r = run_call(call);

        while (run->is_dead) {
                bury();
                r = 1;
        }
        return r;
}

static int turn_read(Tree *t) {
        return tree_read(t, run->now, 1);
}
static int turn_work(Tree *t) {
        return tree_is_busy(t) ? tree_work(t, run->now, 1) : 0;
}
static int turn_elapse(Tree *t) {
        return tree_deadline(t) <= run->now ? tree_elapse(t, run->now) : 0;
}
static int turn_compact(Tree *t) {
        return lives_compact(&run->lives);
}
static int turn_check(Tree *t) {
        return tree_check_roots(t, run->now, 1);
}

/* What the kernel does when its queue is full: the later events are dropped, and the last one says so.
 * Their room is kept, since the tree counts bytes. */
static void lose(unsigned keep) {
        _Alignas(struct inotify_event) char buffer[INTAKE_READ_MAX];
        ssize_t n = read(tree_fd(run->lives.tree), buffer, sizeof(buffer));
        struct inotify_event *last = NULL;
        size_t kept = 0;

        for (ssize_t i = 0; i < n; kept++) {
                struct inotify_event *e = (void *) (buffer + i);

                i += (ssize_t) sizeof(*e) + e->len;
                if (kept < keep || e->mask & IN_Q_OVERFLOW)
                        continue;
                *e = (struct inotify_event){ .wd = INT_MAX, .mask = IN_ACCESS, .len = e->len };
                last = e;
        }
        if (last) {
                last->wd = -1;
                last->mask = IN_Q_OVERFLOW;
        }
        if (verbose)
                puts(last ? "lose" : "read");
        if (n > 0 && tree_feed(run->lives.tree, buffer, (size_t) n, run->now, 1) < 0)
                fail("the tree failed", 0, 0);
}

static bool is_readable(void) {
        int n = 0;

        return ioctl(tree_fd(run->lives.tree), FIONREAD, &n) >= 0 && n > 0;
}

static void settle(void) {
        usec_t end = run->now + REST_MAX;
        int r;

        for (;;) {
                size_t before = run->position;

                if (!run->is_checked) {
                        run->is_checked = true;
                        (void) take(turn_check);
                }
                r = take(turn_read);
                while (tree_is_busy(run->lives.tree))
                        r |= take(turn_work) + 1;
                if (r == 0 && tree_deadline(run->lives.tree) != USEC_INFINITY) {
                        run->now = MAX_OF(run->now, tree_deadline(run->lives.tree));
                        r = take(turn_elapse) + 1;
                }
                if (run->now > end) {
                        fail("no rest", 0, 0);
                        return;
                }
                if (r == 0 && run->is_checked && run->position == before && !is_readable())
                        return;
        }
}

static void compare(void) {
        _cleanup_(picture_done) Picture disk;
        Tree *t = run->lives.tree;

        lives_hear(&run->lives, &run->picture);
        picture_init(&disk);
        picture_look(&disk, "in");
        (void) picture_compare(&run->picture,
                        &disk,
                        (run->plan->loses || run->plan->stops) && !run->plan->recovers,
                        &run->failure);
        if (run->picture.is_doubtful)
                fail("still doubtful", 1, 0);
        expect_equal("finds left", t->finds.n, 0);
        expect_equal("shadowed", t->n_shadowed, 0);
        expect_equal("watched, on the disk", tree_n_directories(t), disk.n_directories);
        expect_equal("nodes, ours", t->nodes.wds.n_used, disk.n_directories + (long) t->n_steps);
        /* One that died may have asked for what is elsewhere by now: its next event ends that. */
        if (!run->plan->dies || count_watches(tree_fd(t)) < t->nodes.wds.n_used)
                expect_equal("kernel's, nodes", count_watches(tree_fd(t)), t->nodes.wds.n_used);
        expect_equal("state", tree_state(t), TREE_WATCHING);
        /* Of a file that was replaced while nobody saw it, its coming alone is told. */
        if (run->picture.n_doubled > 0 && !run->plan->loses && !run->plan->stops &&
                        (run->plan->recovers || !run->plan->dies)) {
                buffer_add_string(&run->failure, "told twice: ");
                buffer_add_string(&run->failure, run->picture.doubled);
                buffer_add_char(&run->failure, '\n');
        }
        run->picture.n_doubled = 0;
}

static void take_turn(const Turn *turn) {
        run->now += USEC_PER_MSEC;
        switch (turn->kind) {
        case TURN_OPERATION:
        case TURN_WITHIN:
                do_operation(&turn->operation);
                return;
        case TURN_READ:
                if (verbose)
                        puts("read");
                (void) take(turn_read);
                return;
        case TURN_WORK:
                if (verbose)
                        puts("work");
                (void) take(turn_work);
                return;
        case TURN_ELAPSE:
                if (verbose)
                        puts("elapse");
                run->now += 50 * USEC_PER_MSEC;
                (void) take(turn_elapse);
                return;
        case TURN_LOSE:
                lose(turn->skip);
                return;
        case TURN_COMPACT:
                if (verbose)
                        puts("compact");
                (void) take(turn_compact);
                return;
        case TURN_DIE:
        case TURN_STOP:
                run->position--;
                bury();
                while (run->is_dead)
                        bury();
                return;
        case TURN_REST:
                if (verbose)
                        puts("rest");
                settle();
                compare();
        }
}

static void start(const Plan *plan, char *const *roots) {
        int r;
        TreeOptions options = {
                .roots = roots,
                .mask = plan->mask,
                .scan_initial = plan->is_initial,
                .recursive = true,
                .reach.cross_mounts = true,
                .recover = plan->recovers,
        };
        lives_init(&run->lives, plan->dies ? "state" : NULL, &options);
        run->lives.sink = take_event;
        run->lives.userdata = run;
        r = lives_begin(&run->lives, run->now);
        if (r < 0)
                errx(EXIT_FAILURE, "cannot start: %s", strerror(-r));
}

/* Carries the plan out. Returns whether it passes; else `ret` tells why. */
static bool passes(const Plan *plan, const char *directory, Buffer *ret) {
        static const Turn rest = { .kind = TURN_REST };
        static Run r; /* none of it is in a register when somebody dies */
        char *roots[] = { r.base, NULL };

        r = (Run){ .plan = plan, .now = USEC_PER_SEC, .is_checked = true, .directory = directory };

        if (chdir(directory) < 0 || (mkdir("in", 0755) | mkdir("out", 0755)) < 0)
                err(EXIT_FAILURE, "%s", directory);
        (void) snprintf(r.base, sizeof(r.base), "%s/in", directory);
        r.base_len = strlen(r.base);
        run = &r;
        picture_init(&r.picture);
        for (; r.position < MIN_OF(plan->n_before, plan->n); r.position++)
                if (plan->turns[r.position].kind <= TURN_WITHIN)
                        do_operation(&plan->turns[r.position].operation);
        r.is_checked = true;
        start(plan, roots);
        settle();
        lives_hear(&r.lives, &r.picture);
        r.is_started = true;
        if (!plan->is_initial)
                picture_look(&r.picture, "in");
        while (r.position < plan->n && r.failure.length == 0)
                take_turn(&plan->turns[r.position++]);
        if (r.failure.length == 0)
                take_turn(&rest);
        lives_done(&r.lives);
        picture_done(&r.picture);
        run = NULL;
        remove_all("in");
        remove_all("out");
        if (plan->dies)
                remove_all("state");
        buffer_clear(ret);
        if (r.failure.length > 0)
                buffer_add(ret, r.failure.data, r.failure.length);
        buffer_done(&r.failure);
        return ret->length == 0;
}

static void make_plan(uint64_t seed, bool is_root, Plan *plan) {
        uint64_t state = seed * 7919;
        unsigned turn_percent, within_percent, rest_every;
        Habit habit;

        habit_choose(&state, is_root, &habit);
        *plan = (Plan){
                .n_before = random_below(&state, 2) == 0 ? 0 : random_below(&state, 100),
                .is_initial = random_below(&state, 2) == 0,
                .n = 200 + random_below(&state, 1800),
                .loses = random_below(&state, 3) == 0,
                .recovers = random_below(&state, 2) == 0,
                .mounts = habit.mounts,
                .mask = random_below(&state, 2) == 0 ? IN_ALL_EVENTS
                                                     : IN_CREATE | IN_DELETE | IN_MOVE,
        };
        turn_percent = 1 + random_below(&state, 40);
        within_percent = random_below(&state, 90);
        rest_every = 20 + random_below(&state, 200);
        for (size_t i = 0; i < plan->n; i++) {
                Turn *turn = &plan->turns[i];

                operation_choose(&state, &habit, &turn->operation);
                if (random_below(&state, 100) < turn_percent) {
                        static const TurnKind tree_turns[] = { TURN_READ, TURN_WORK, TURN_ELAPSE };

                        turn->kind = tree_turns[random_below(&state, ELEMENTSOF(tree_turns))];
                        if (turn->kind == TURN_READ && plan->loses &&
                                        random_below(&state, 2) == 0) {
                                turn->kind = TURN_LOSE;
                                turn->skip = random_below(&state, 10);
                        }
                } else if (random_below(&state, 100) < within_percent) {
                        turn->kind = TURN_WITHIN;
                        turn->skip = random_below(&state, 6);
                }
                if (random_below(&state, rest_every) == 0)
                        turn->kind = TURN_REST;
        }
}

/* A plan that others live through is one to die in. */
static void add_deaths(uint64_t seed, Plan *plan) {
        uint64_t state = seed * 15485863;
        unsigned n = 1 + random_below(&state, 6);

        plan->dies = true;
        plan->stops = random_below(&state, 4) == 0;
        plan->is_initial = false;
        for (unsigned i = 0; i < n; i++) {
                Turn *turn = &plan->turns[plan->n_before +
                                          random_below(&state,
                                                          (unsigned) (plan->n - plan->n_before))];

                turn->kind = plan->stops && random_below(&state, 2) == 0 ? TURN_STOP : TURN_DIE;
                turn->skip = random_below(&state, 1U << random_below(&state, 8));
        }
        plan->turns[plan->n_before + random_below(&state, (unsigned) (plan->n - plan->n_before))]
                        .kind = TURN_COMPACT;
}

/* Leaves out whatever is not needed for the failure. */
static void shorten(Plan *plan, const char *directory, Buffer *failure) {
        static Plan shorter;
        bool was_verbose = TAKE(verbose, false);
        char first[8]; /* the same kind of failure */

        memcpy(first, failure->data, sizeof(first));

        for (size_t size = plan->n / 2; size > 0;) {
                bool any = false;

                for (size_t i = 0; i + size <= plan->n;) {
                        shorter = *plan;
                        memmove(shorter.turns + i,
                                        shorter.turns + i + size,
                                        (plan->n - i - size) * sizeof(Turn));
                        shorter.n -= size;
                        if (i < plan->n_before)
                                shorter.n_before -= MIN_OF(size, plan->n_before - i);
                        if (passes(&shorter, directory, failure) ||
                                        memcmp(failure->data, first, sizeof(first)) != 0)
                                i += size;
                        else {
                                *plan = shorter;
                                any = true;
                        }
                }
                if (!any || size > 1)
                        size /= 2;
        }
        verbose = was_verbose;
}

static void print_plan(const Plan *plan) {
        static const char *const names[] = {
                [TURN_READ] = "read",
                [TURN_WORK] = "work",
                [TURN_ELAPSE] = "elapse",
                [TURN_LOSE] = "lose after",
                [TURN_REST] = "rest",
                [TURN_DIE] = "die after",
                [TURN_STOP] = "stop after",
                [TURN_COMPACT] = "compact",
        };

        for (size_t i = 0; i < plan->n; i++) {
                const Turn *turn = &plan->turns[i];

                if (i == plan->n_before)
                        fprintf(stderr, "start\n");
                if (turn->kind == TURN_WITHIN)
                        fprintf(stderr, "    within, after %u: ", turn->skip);
                if (turn->kind == TURN_WITHIN || turn->kind == TURN_OPERATION)
                        operation_print(&turn->operation, stderr);
                else
                        fprintf(stderr, "%s", names[turn->kind]);
                if (turn->kind == TURN_LOSE || is_deadly(turn))
                        fprintf(stderr, " %u", turn->skip);
                fputc('\n', stderr);
        }
}

int main(int argc, char *argv[]) {
        static Plan plan;
        _cleanup_(buffer_done) Buffer failure = {};
        unsigned long n_passed = 0, n_failed = 0, n, first;
        char directory[] = "/dev/shm/inotifier-model-XXXXXX",
             on_disk[] = "/var/tmp/inotifier-model-XXXXXX";
        bool is_root, is_short = false, is_deadly_day = false;
        int c;

        while ((c = getopt(argc, argv, "vsd")) >= 0)
                switch (c) {
                case 'v':
                        verbose = true;
                        break;
                case 'd':
                        is_deadly_day = true;
                        break;
                case 's':
                        is_short = true;
                        break;
                default:
                        return EXIT_FAILURE;
                }
        n = optind < argc ? strtoul(argv[optind], NULL, 10) : 200;
        first = optind + 1 < argc ? strtoul(argv[optind + 1], NULL, 10) : 1;
        if (!mkdtemp(directory) || !mkdtemp(on_disk))
                err(EXIT_FAILURE, "mkdtemp");
        is_root = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
                  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
        for (unsigned long seed = first; seed < first + n; seed++) {
                const char *where = seed % 8 == 0 ? on_disk : directory;

                make_plan(seed, is_root, &plan);
                if (is_deadly_day)
                        add_deaths(seed, &plan);
                if (passes(&plan, where, &failure)) {
                        n_passed++;
                        continue;
                }
                n_failed++;
                fprintf(stderr,
                                "FAILED: seed %lu%s%s%s%s%s, mask %x\n%s",
                                seed,
                                plan.is_initial ? ", initial" : "",
                                plan.recovers ? ", recovers" : "",
                                plan.loses ? ", loses events" : "",
                                plan.mounts ? ", mounts" : "",
                                plan.stops ? ", stops" : "",
                                plan.mask,
                                failure.data);
                if (!is_short) {
                        shorten(&plan, where, &failure);
                        print_plan(&plan);
                        verbose = true;
                        (void) passes(&plan, where, &failure);
                        verbose = false;
                        fprintf(stderr, "%s\n", failure.data);
                }
        }
        (void) rmdir(directory);
        (void) rmdir(on_disk);
        printf("%lu passed, %lu failed\n", n_passed, n_failed);
        return n_failed > 0 || n_passed == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
