/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* inotifier(8): reads the configuration of an instance and serves it; or checks it; or, given paths,
 * watches them in the foreground and prints. */

#include <fcntl.h>
#include <getopt.h>

#include "base/log.h"
#include "base/path.h"
#include "build-config.h"
#include "manager.h"

typedef struct Arguments {
        ConfigSource source;
        bool check;
        bool json;
        bool recursive;
        uint32_t events;
        const char *processor;
        bool is_service;    /* an option that only a service has */
        bool is_foreground; /* ... that only the foreground has */
        char **paths;       /* borrowed from argv; the foreground if there are any */
} Arguments;

static void print_help(void) {
        printf("inotifier [OPTIONS…]\n"
               "inotifier [-r] [-e EVENTS] [-p PROCESSOR] [-o short|json] PATH…\n"
               "\n"
               "Tells every file that arrives: watches what is configured and serves it on D-Bus,\n"
               "or, given paths, watches these and prints.\n"
               "\n"
               "  -h --help             Show this help\n"
               "     --version          Show the version\n"
               "     --instance=NAME    The instance to be (default: %s, the main one)\n"
               "     --config=FILE      Read this file alone, no drop-ins\n"
               "     --system           Use the system's directories and bus (default)\n"
               "     --user             Use the user's directories and bus\n"
               "     --check            Read the configuration, print every error, exit\n"
               "\n"
               "In the foreground:\n"
               "  -r --recursive        Watch directories below as well\n"
               "  -e --events=EVENTS    Events, separated by commas or spaces (default: all)\n"
               "  -p --processor=NAME   Processor (default: all)\n"
               "  -o --output=FORMAT    short or json\n"
               "\n"
               "See inotifier(8) for more.\n",
                        MAIN_INSTANCE);
}

static int parse_events(const char *text, uint32_t *mask) {
        _cleanup_free_ char *copy = strdup(text);
        char *state = NULL;

        if (!copy)
                return log_oom();
        for (char *name = strtok_r(copy, ", \t", &state); name;
                        name = strtok_r(NULL, ", \t", &state)) {
                uint32_t bits;

                if (event_mask_from_name(name, &bits) < 0) {
                        log_error(0,
                                        "Unknown event '%s'; see inotifier.conf(5) for the names",
                                        name);
                        return -EINVAL;
                }
                *mask |= bits;
        }
        if (*mask == 0) {
                log_error(0, "-e names no event");
                return -EINVAL;
        }
        return 0;
}

/* Returns 0, or < 0 for what does not go together (said). */
static int check_arguments(const Arguments *a) {
        if (a->is_service && *a->paths) {
                log_error(0,
                                "With a PATH no configuration is read: it goes with none of --check, "
                                "--config= and --instance=");
                return -EINVAL;
        }
        if (a->is_foreground && !*a->paths) {
                log_error(0, "-r, -e, -p and -o need a PATH to watch in the foreground");
                return -EINVAL;
        }
        for (char **path = a->paths; *path; path++)
                if (**path == '\0') {
                        log_error(0, "A PATH is not empty; '.' is the directory we are in");
                        return -EINVAL;
                }
        if (!instance_name_is_valid(a->source.instance)) {
                log_error(0,
                                "'%s' is no name of an instance; use letters, digits, '_', '-' and '.', "
                                "at most %u bytes",
                                a->source.instance,
                                WATCH_NAME_MAX);
                return -EINVAL;
        }
        return 0;
}

/* Returns > 0 to go on, 0 if all is done, < 0 for wrong usage (said). */
static int parse_arguments(int argc, char *argv[], Arguments *a) {
        enum {
                OPTION_VERSION = 0x100,
                OPTION_INSTANCE,
                OPTION_CONFIG,
                OPTION_SYSTEM,
                OPTION_USER,
                OPTION_CHECK,
        };
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, OPTION_VERSION },
                { "instance", required_argument, NULL, OPTION_INSTANCE },
                { "config", required_argument, NULL, OPTION_CONFIG },
                { "system", no_argument, NULL, OPTION_SYSTEM },
                { "user", no_argument, NULL, OPTION_USER },
                { "check", no_argument, NULL, OPTION_CHECK },
                { "recursive", no_argument, NULL, 'r' },
                { "events", required_argument, NULL, 'e' },
                { "processor", required_argument, NULL, 'p' },
                { "output", required_argument, NULL, 'o' },
                {},
        };
        int c;

        while ((c = getopt_long(argc, argv, "hre:p:o:", options, NULL)) >= 0)
                switch (c) {
                case 'h':
                        print_help();
                        return 0;
                case OPTION_VERSION:
                        puts("inotifier " PROJECT_VERSION);
                        return 0;
                case OPTION_INSTANCE:
                        a->source.instance = optarg;
                        a->is_service = true;
                        break;
                case OPTION_CONFIG:
                        a->source.file = optarg;
                        a->is_service = true;
                        break;
                case OPTION_SYSTEM:
                        a->source.scope = SCOPE_SYSTEM;
                        break;
                case OPTION_USER:
                        a->source.scope = SCOPE_USER;
                        break;
                case OPTION_CHECK:
                        a->check = true;
                        a->is_service = true;
                        break;
                case 'r':
                        a->recursive = true;
                        a->is_foreground = true;
                        break;
                case 'e':
                        if (parse_events(optarg, &a->events) < 0)
                                return -EINVAL;
                        a->is_foreground = true;
                        break;
                case 'p':
                        a->processor = optarg;
                        a->is_foreground = true;
                        break;
                case 'o':
                        if (!streq(optarg, "short") && !streq(optarg, "json")) {
                                log_error(0, "Unknown output '%s'; use short or json", optarg);
                                return -EINVAL;
                        }
                        a->json = streq(optarg, "json");
                        a->is_foreground = true;
                        break;
                default:
                        return -EINVAL; /* getopt has said what is wrong */
                }
        a->paths = argv + optind;
        return check_arguments(a) < 0 ? -EINVAL : 1;
}

static void print_problems(const Problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++)
                fprintf(stderr, "%s\n", problems->items[i].text);
}

static int check(const ConfigSource *source) {
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        r = config_load(source, &problems, &config);
        print_problems(&problems);
        if (r < 0 && r != -EBADMSG)
                log_error(r, "Cannot read the configuration");
        return r < 0 ? EXIT_CONFIG : EXIT_SUCCESS;
}

static int serve(const ManagerOptions *options, Config *config) {
        _cleanup_(manager_freep) Manager *m = NULL;
        int r;

        r = manager_new(options, config, &m);
        if (r >= 0)
                r = manager_run(m);
        return r < 0 ? EXIT_FAILURE : r;
}

static int run_service(const Arguments *a) {
        _cleanup_(problems_done) Problems problems = {};
        ManagerOptions options = { .source = &a->source };
        Config *config = NULL;
        int r;

        r = config_load(&a->source, &problems, &config);
        log_problems(&problems);
        if (r < 0) {
                log_error(r == -EBADMSG ? 0 : r, "Cannot start with this configuration");
                return EXIT_CONFIG;
        }
        return serve(&options, config);
}

static void free_paths(char ***paths) {
        for (char **p = *paths; p && *p; p++)
                free(*p);
        free(*paths);
}

static int run_foreground(const Arguments *a) {
        _cleanup_(free_paths) char **paths = NULL;
        ManagerOptions options = {
                .source = &a->source,
                .is_foreground = true,
                .json = a->json,
        };
        Config *config = NULL;
        size_t n = 0;
        int r;

        while (a->paths[n])
                n++;
        paths = calloc(n + 1, sizeof(char *));
        if (!paths)
                return log_oom(), EXIT_FAILURE;
        for (size_t i = 0; i < n; i++) {
                paths[i] = path_absolute(a->paths[i]);
                if (!paths[i])
                        return log_oom(), EXIT_FAILURE;
        }
        r = config_new_foreground(paths,
                        a->events ?: IN_ALL_EVENTS | MASK_ALWAYS,
                        a->recursive,
                        a->processor,
                        &config);
        if (r == -ENOENT) {
                log_error(0, "There is no processor '%s'", a->processor);
                return EXIT_FAILURE;
        }
        if (r < 0)
                return log_error(r, "Cannot watch"), EXIT_FAILURE;
        return serve(&options, config);
}

/* What is opened from now on is never taken for one of the three; a stdout that was closed is one that
 * cannot be written to. */
static void reserve_standard_descriptors(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDONLY);
        while (fd >= 0 && fd <= STDERR_FILENO);
        safe_close(fd);
}

int main(int argc, char *argv[]) {
        Arguments a = {
                .source = { .scope = SCOPE_SYSTEM, .instance = MAIN_INSTANCE },
        };
        int r;

        reserve_standard_descriptors();
        log_setup("inotifier");
        r = parse_arguments(argc, argv, &a);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (a.check)
                return check(&a.source);
        return *a.paths ? run_foreground(&a) : run_service(&a);
}
