/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* inotifierctl(1): asks an instance, tells what it says, live if wanted. */

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>

#include "base/log.h"
#include "base/parse.h"
#include "build-config.h"
#include "ctl-pager.h"
#include "ctl.h"
#include "service.h"

typedef struct Command {
        const char *name;
        const char *arguments; /* what it takes any number of; NULL: nothing */
        bool is_local;         /* looks at this machine alone, whatever the instance */
        const char *help;
        int (*run)(Ctl *c, char *const *arguments);
} Command;

/* The first is the default. */
static const Command commands[] = {
        { "status", "WATCH", false, "Show how the watches are doing", ctl_status },
        { "list", NULL, false, "List the watches", ctl_list },
        { "monitor", "WATCH", false, "Print notices as they come", ctl_monitor },
        { "rescan", "WATCH", false, "Look again at all files", ctl_rescan },
        { "reload", NULL, false, "Read the configuration anew", ctl_reload },
        { "check", "FILE", true, "Say what is wrong with a configuration", ctl_check },
        { "processors", NULL, true, "List processors and their settings", ctl_processors },
};

/* The column of the commands is so wide. */
#define HELP_WIDTH 22

static void print_command(const Command *command) {
        int n = printf("  %s", command->name);

        if (command->arguments)
                n += printf(" [%s…]", command->arguments) - 2; /* three bytes are one dot */
        printf("%*s%s\n", HELP_WIDTH + 2 - n, "", command->help);
}

static void print_help(void) {
        printf("inotifierctl [OPTIONS…] COMMAND …\n"
               "\n"
               "Ask the file watcher inotifier, and listen to it.\n"
               "\n"
               "Commands:\n");
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                print_command(&commands[i]);
        printf("\n"
               "Options:\n"
               "  -h --help             Show this help\n"
               "     --version          Show the version\n"
               "     --system           Ask the system's instance (default)\n"
               "     --user             Ask the user's instance\n"
               "  -H --host=HOST        Ask an instance on another host, with ssh: [USER@]HOST\n"
               "  -M --machine=MACHINE  Ask an instance in a container\n"
               "  -i --instance=NAME    The instance to ask (default: %s, the main one)\n"
               "     --json=MODE        Print JSON: short, pretty or off\n"
               "     --no-legend        Print neither header nor count\n"
               "     --no-pager         Do not use a pager\n"
               "  -q --quiet            Print no notes on the connection\n"
               "\n"
               "Of monitor:\n"
               "     --since=N          Begin after the notice with this sequence\n"
               "     --initial          Begin with the files that are there already\n"
               "     --event=EVENT      Print these events alone, separated by commas\n"
               "  -n --lines=N          End after so many notices\n"
               "\n"
               "See inotifierctl(1) for more.\n",
                        MAIN_INSTANCE);
}

static int parse_number(const char *text, uint64_t max, uint64_t *ret) {
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        return *text < '0' || *text > '9' || *end || errno != 0 || *ret > max ? -EINVAL : 0;
}

static int parse_events(Ctl *c, const char *text) {
        _cleanup_free_ char *copy = strdup(text);
        char *state = NULL;

        if (!copy)
                return log_oom();
        for (char *name = strtok_r(copy, ", \t", &state); name;
                        name = strtok_r(NULL, ", \t", &state)) {
                uint32_t members;

                if (members_from_name(name, &members) < 0)
                        return log_error(0, "Unknown event '%s': see inotifierctl(1)", name),
                               -EINVAL;
                c->members |= members;
        }
        return 0;
}

enum {
        OPTION_VERSION = 0x100,
        OPTION_SYSTEM,
        OPTION_USER,
        OPTION_JSON,
        OPTION_NO_LEGEND,
        OPTION_NO_PAGER,
        OPTION_SINCE,
        OPTION_INITIAL,
        OPTION_EVENT,
};

static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "system", no_argument, NULL, OPTION_SYSTEM },
        { "user", no_argument, NULL, OPTION_USER },
        { "host", required_argument, NULL, 'H' },
        { "machine", required_argument, NULL, 'M' },
        { "instance", required_argument, NULL, 'i' },
        { "json", required_argument, NULL, OPTION_JSON },
        { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
        { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
        { "quiet", no_argument, NULL, 'q' },
        { "since", required_argument, NULL, OPTION_SINCE },
        { "initial", no_argument, NULL, OPTION_INITIAL },
        { "event", required_argument, NULL, OPTION_EVENT },
        { "lines", required_argument, NULL, 'n' },
        {},
};

/* The options of monitor. Returns 0, or < 0 for a wrong value (said). */
static int parse_monitor_option(Ctl *c, int option) {
        uint64_t n;

        c->is_monitor_only = true;
        switch (option) {
        case OPTION_SINCE:
                if (parse_number(optarg, UINT64_MAX, &c->since) < 0)
                        return log_error(0, "--since= takes a sequence number, not '%s'", optarg),
                               -EINVAL;
                c->has_since = true;
                return 0;
        case OPTION_INITIAL:
                c->initial = true;
                return 0;
        case OPTION_EVENT:
                return parse_events(c, optarg);
        default:
                if (parse_number(optarg, UINT32_MAX, &n) < 0 || n == 0)
                        return log_error(0, "-n takes a number of notices, not '%s'", optarg),
                               -EINVAL;
                c->n_max = (uint32_t) n;
                return 0;
        }
}

static int parse_json(Ctl *c, const char *text) {
        int mode = parse_name(json_mode_names, _JSON_MODE_MAX, text);

        if (mode < 0)
                return log_error(0, "Unknown --json= mode '%s': use short, pretty or off", text),
                       -EINVAL;
        c->json = (JsonMode) mode;
        return 0;
}

static void set_transport(Ctl *c, Transport transport, const char *where) {
        c->transport = transport;
        c->where = where;
}

/* Returns > 0 to go on, 0 if all is done, < 0 for wrong usage (said). */
static int parse_option(Ctl *c, int option) {
        switch (option) {
        case 'h':
                print_help();
                return 0;
        case OPTION_VERSION:
                puts("inotifierctl " PROJECT_VERSION);
                return 0;
        case OPTION_SYSTEM:
                c->scope = SCOPE_SYSTEM;
                return 1;
        case OPTION_USER:
                c->scope = SCOPE_USER;
                return 1;
        case 'H':
                set_transport(c, TRANSPORT_HOST, optarg);
                return 1;
        case 'M':
                set_transport(c, TRANSPORT_MACHINE, optarg);
                return 1;
        case 'i':
                c->instance = optarg;
                return 1;
        case OPTION_JSON:
                return parse_json(c, optarg) < 0 ? -EINVAL : 1;
        case OPTION_NO_LEGEND:
                c->no_legend = true;
                return 1;
        case OPTION_NO_PAGER:
                c->no_pager = true;
                return 1;
        case 'q':
                c->quiet = true;
                return 1;
        case '?':
                return -EINVAL; /* getopt has said what is wrong */
        default:
                return parse_monitor_option(c, option) < 0 ? -EINVAL : 1;
        }
}

static const Command *find_command(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(commands); i++)
                if (streq(commands[i].name, name))
                        return &commands[i];
        return NULL;
}

/* Returns 0, or < 0 for what does not go together (said). */
static int check_usage(const Ctl *c, const Command *command, unsigned n_arguments) {
        if (n_arguments > 0 && !command->arguments)
                log_error(0, "'%s' takes no arguments: see inotifierctl(1)", command->name);
        else if (c->is_monitor_only && command->run != ctl_monitor)
                log_error(0, "--since=, --initial, --event= and -n go with 'monitor'");
        else if (c->has_since && c->initial)
                log_error(0, "--since= and --initial do not go together: what is there has no sequence");
        else if (command->is_local && c->transport != TRANSPORT_LOCAL)
                log_error(0, "'%s' looks at this machine: run it on the other one", command->name);
        else if (c->transport == TRANSPORT_HOST && c->scope == SCOPE_USER)
                log_error(0, "--user does not go with --host: use ssh(1) and --user there");
        else if (!instance_name_is_valid(c->instance))
                log_error(0,
                                "'%s' is no name of an instance; use letters, digits, '_', '-' and "
                                "'.', at most %u bytes",
                                c->instance,
                                WATCH_NAME_MAX);
        else
                return 0;
        return -EINVAL;
}

/* Returns > 0 with the command and its arguments; else as parse_option. */
static int parse_arguments(
                Ctl *c, int argc, char *argv[], const Command **ret, char ***ret_arguments) {
        const Command *command = &commands[0];
        int option, r;

        while ((option = getopt_long(argc, argv, "hH:M:i:qn:", options, NULL)) >= 0) {
                r = parse_option(c, option);
                if (r <= 0)
                        return r;
        }
        if (optind < argc) {
                command = find_command(argv[optind]);
                if (!command) {
                        log_error(0,
                                        "Unknown command '%s': see 'inotifierctl --help'",
                                        argv[optind]);
                        return -EINVAL;
                }
                optind++;
        }
        if (check_usage(c, command, (unsigned) (argc - optind)) < 0)
                return -EINVAL;
        *ret = command;
        *ret_arguments = argv + optind;
        return 1;
}

int ctl_show(const Ctl *c, const Buffer *text) {
        int r = 0;

        if (text->failed)
                return log_oom();
        if (!c->no_pager && !pager_is_off() && isatty(STDOUT_FILENO))
                r = pager_show(text);
        if (r != 0)
                return r < 0 ? log_error(r, "Cannot start the pager, see --no-pager") : 0;
        if (fwrite(text->data, 1, text->length, stdout) != text->length || fflush(stdout) != 0)
                return errno == EPIPE ? 0 : log_error(-errno, "Cannot write to stdout");
        return 0;
}

static void ctl_done(Ctl *c) {
        sd_bus_flush_close_unref(c->bus);
        free(c->service);
}

/* What is opened from now on is never taken for one of the three; a stdout that was closed is one that
 * cannot be written to. */
static void reserve_standard_descriptors(void) {
        int fd;

        do
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && fd <= STDERR_FILENO);
        safe_close(fd);
}

int main(int argc, char *argv[]) {
        _cleanup_(ctl_done) Ctl c = { .scope = SCOPE_SYSTEM, .instance = MAIN_INSTANCE };
        const Command *command;
        char **arguments;
        int r;

        reserve_standard_descriptors();
        (void) setlocale(LC_CTYPE, "");
        (void) signal(SIGPIPE, SIG_IGN);
        log_setup("inotifierctl");
        r = parse_arguments(&c, argc, argv, &command, &arguments);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        terminal_init(&c.terminal, isatty(STDOUT_FILENO) && isatty(STDERR_FILENO));
        r = service_name(c.instance, &c.service);
        if (r < 0)
                return log_oom(), EXIT_FAILURE;
        return command->run(&c, arguments) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
