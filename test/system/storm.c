/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The world of test/world in a system: `storm SEED SECONDS` lives in the working directory for so long,
 * says "lived" and, when a line comes on stdin, ends and has what was told on a stream since 0 (from
 * `listener`, its lines copied to `told`) held against what happened. */

#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../world/world.h"

#define N_FILES_MAX 1000000U
#define PATIENCE_SEC 30U

/* The value of a member in a line of JSON, of names that need no escapes; "" if there is none. */
static const char *find_value(const char *line, const char *name, char *buffer, size_t size) {
        char key[64];
        const char *at;
        size_t n;

        (void) snprintf(key, sizeof(key), "\"%s\":", name);
        at = strstr(line, key);
        at = at ? at + strlen(key) : "";
        at += *at == '"';
        n = MIN_OF(strcspn(at, "\",}\n"), size - 1);
        memcpy(buffer, at, n);
        buffer[n] = '\0';
        return buffer;
}

static Member find_member(const char *event) {
        for (Member m = 0; m < _MEMBER_MAX; m++)
                if (streq(member_names[m].event, event))
                        return m;
        return _MEMBER_INVALID;
}

static const char *relative(const char *path, const char *base) {
        return strncmp(path, base, strlen(base)) == 0 ? path + strlen(base) + 1 : NULL;
}

/* Returns whether it was the last one of a watch. */
static bool take_line(World *w, const char *line, const char *base) {
        char sequence[32], watch[64], event[64], path[4096], source[4096], mask[32];
        WorldNotice n = {
                .sequence = strtoull(
                                find_value(line, "sequence", sequence, sizeof(sequence)), NULL, 10),
                .watch = find_value(line, "watch", watch, sizeof(watch)),
                .member = find_member(find_value(line, "event", event, sizeof(event))),
                .is_dir = strtoul(find_value(line, "mask", mask, sizeof(mask)), NULL, 10) &
                          IN_ISDIR,
                .path = relative(find_value(line, "path", path, sizeof(path)), base),
                .source = relative(find_value(line, "source_path", source, sizeof(source)), base),
        };

        if (n.member < 0) {
                printf("no notice: %s", line);
                exit(EXIT_FAILURE);
        }
        if (!n.path) { /* of another watch */
                w->sequence = n.sequence;
                return false;
        }
        world_take(w, &n);
        return n.member == MEMBER_IN_CREATE && world_is_last(n.path);
}

static void on_alarm(int signal) {
}

/* Whether all is as it was told by now, or never will be. */
static bool is_over(World *w) {
        if (w->failures.length > 0 || world_verify(w))
                return true;
        buffer_clear(&w->failures); /* of what is not told yet */
        return false;
}

int main(int argc, char *argv[]) {
        static World w;
        char *line = NULL, base[4096], told_path[4200];
        size_t size = 0;
        unsigned n_last = 0;
        FILE *told, *copy;

        if (argc != 3 || !getcwd(base, sizeof(base)))
                return EXIT_FAILURE;
        world_init(&w, strtoull(argv[1], NULL, 10));
        if (getline(&line, &size, stdin) < 0)
                return EXIT_FAILURE;
        world_act(&w, strtoull(argv[2], NULL, 10) * USEC_PER_SEC, N_FILES_MAX);
        (void) puts("lived");
        (void) fflush(stdout);
        if (getline(&line, &size, stdin) < 0)
                return EXIT_FAILURE;
        world_end(&w);

        (void) snprintf(told_path, sizeof(told_path), "%s/told", base);
        copy = fopen(told_path, "we");
        told = popen("exec listener --subscribe since=0", "re");
        while (n_last < 3 && told && copy && getline(&line, &size, told) > 0) {
                (void) fputs(line, copy);
                n_last += take_line(&w, line, base);
        }
        /* What a look finds may come after them. */
        (void) sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm }, NULL);
        (void) alarm(PATIENCE_SEC);
        while (n_last >= 3 && !is_over(&w) && getline(&line, &size, told) > 0) {
                (void) fputs(line, copy);
                (void) take_line(&w, line, base);
        }
        if (n_last < 3 || fclose(copy) != 0) {
                (void) puts("The stream ended before all was told");
                return EXIT_FAILURE;
        }
        if (!world_verify(&w)) {
                (void) fputs(w.failures.data, stdout);
                return EXIT_FAILURE;
        }
        printf("%" PRIu64 " notices, %u of flat, %u of deep, %u uploads\n",
                        w.sequence,
                        w.n_flat,
                        w.n_deep,
                        w.n_up);
        return EXIT_SUCCESS;
}
