/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `status`: how the instance and its watches are doing, and what to do where they are not doing well. */

#include <inttypes.h>
#include <stdarg.h>

#include "base/log.h"
#include "base/names.h"
#include "ctl-bus.h"
#include "ctl-instance.h"
#include "ctl-time.h"

#define LABEL_WIDTH 12 /* "Directories:" */

static const struct {
        Sign sign;
        const char *advice; /* NULL: all is well */
} state_texts[_WATCH_STATE_MAX] = {
        [WATCH_WATCHING] = { SIGN_FILLED, NULL },
        [WATCH_WAITING] = { SIGN_HOLLOW,
                        "make what is missing, or correct Path= and reload; it is picked up by itself" },
        [WATCH_DEGRADED] = { SIGN_FILLED,
                        "remove the reason, which is noticed by itself or by 'inotifierctl rescan'" },
        [WATCH_FAILED] = { SIGN_CROSS,
                        "remove the reason, then restart the instance; the journal has more" },
};
#define OVERFLOW_ADVICE                                                                            \
        "raise fs.inotify.max_queued_events with sysctl(8): what was missed was found again"

typedef struct Page {
        const Ctl *ctl;
        const Terminal *terminal;
        Buffer *out;
        usec_t now;
} Page;

static void add_label(const Page *p, const char *label) {
        for (size_t i = strlen(label) + 1; i < LABEL_WIDTH; i++)
                buffer_add_char(p->out, ' ');
        buffer_add_string(p->out, label);
        buffer_add_string(p->out, *label ? ": " : "  ");
}

static _printf_(3, 4) void add_line(const Page *p, const char *label, const char *format, ...) {
        char text[256];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        add_label(p, label);
        buffer_add_string(p->out, text);
        buffer_add_char(p->out, '\n');
}

/* Text from outside. */
static void add_text(const Page *p, const char *label, const char *text, Colour colour) {
        add_label(p, label);
        terminal_begin(p->terminal, p->out, colour);
        terminal_add_string(p->terminal, p->out, text);
        terminal_end(p->terminal, p->out, colour);
        buffer_add_char(p->out, '\n');
}

/* A line each. */
static void add_list(const Page *p, const char *label, char *const *list) {
        for (; list && *list; list++, label = "")
                add_text(p, label, *list, COLOUR_NONE);
}

/* All on one line. */
static void add_words(const Page *p, const char *label, char *const *list) {
        add_label(p, label);
        for (char *const *word = list; word && *word; word++) {
                buffer_add_string(p->out, word == list ? "" : ", ");
                terminal_add_string(p->terminal, p->out, *word);
        }
        buffer_add_string(p->out, list && *list ? "\n" : "none\n");
}

static void add_advice(const Page *p, const char *advice) {
        add_label(p, "");
        terminal_add_sign(p->terminal, p->out, SIGN_ARROW);
        buffer_add_char(p->out, ' ');
        buffer_add_string(p->out, advice);
        buffer_add_char(p->out, '\n');
}

static void add_title(const Page *p, Sign sign, Colour colour, const char *name, const char *text) {
        terminal_begin(p->terminal, p->out, colour);
        terminal_add_sign(p->terminal, p->out, sign);
        terminal_end(p->terminal, p->out, colour);
        buffer_add_char(p->out, ' ');
        terminal_begin(p->terminal, p->out, COLOUR_BOLD);
        terminal_add_string(p->terminal, p->out, name);
        terminal_end(p->terminal, p->out, COLOUR_BOLD);
        buffer_add_string(p->out, " - ");
        terminal_begin(p->terminal, p->out, colour);
        terminal_add_string(p->terminal, p->out, text);
        terminal_end(p->terminal, p->out, colour);
        buffer_add_char(p->out, '\n');
}

static void add_counters(
                const Page *p, uint64_t n_events, uint64_t n_notices, uint64_t n_overflows) {
        add_line(p,
                        "Notices",
                        "%" PRIu64 " of %" PRIu64 " event%s",
                        n_notices,
                        n_events,
                        n_events == 1 ? "" : "s");
        if (n_overflows == 0)
                return;
        add_line(p, "Overflows", "%" PRIu64 " of the kernel's queue", n_overflows);
        add_advice(p, OVERFLOW_ADVICE);
}

static WatchState state_of(const WatchInfo *w) {
        for (WatchState s = 0; s < _WATCH_STATE_MAX; s++)
                if (streq(w->state, watch_state_names[s]))
                        return s;
        return WATCH_FAILED;
}

/* The whole is as well as the worst of its parts. */
static WatchState worst_state(const InstanceInfo *info) {
        WatchState worst = WATCH_WATCHING;

        for (size_t i = 0; i < info->n_infos; i++)
                worst = MAX_OF(worst, state_of(&info->watches[i]));
        return worst;
}

static void add_watches_line(const Page *p, const InstanceInfo *info) {
        unsigned n_by_state[_WATCH_STATE_MAX] = {};

        for (size_t i = 0; i < info->n_infos; i++)
                n_by_state[state_of(&info->watches[i])]++;
        add_label(p, "Watches");
        buffer_add_u64(p->out, info->n_infos);
        for (WatchState s = 0; s < _WATCH_STATE_MAX; s++) {
                if (n_by_state[s] == 0)
                        continue;
                buffer_add_string(p->out, ", ");
                buffer_add_u64(p->out, n_by_state[s]);
                buffer_add_char(p->out, ' ');
                buffer_add_string(p->out, watch_state_names[s]);
        }
        buffer_add_char(p->out, '\n');
}

static void add_history(const Page *p, const InstanceInfo *info) {
        if (info->sequence == 0)
                add_line(p, "History", "nothing told yet");
        else if (info->oldest_sequence > info->sequence)
                add_line(p, "History", "nothing kept, the last was %" PRIu64, info->sequence);
        else
                add_line(p,
                                "History",
                                "%" PRIu64 " to %" PRIu64 ", %" PRIu64 " kept for who asks later",
                                info->oldest_sequence,
                                info->sequence,
                                info->sequence - info->oldest_sequence + 1);
}

static void add_instance(const Page *p, const InstanceInfo *info) {
        static const struct {
                const char *text;
                Colour colour;
        } titles[_WATCH_STATE_MAX] = {
                [WATCH_WATCHING] = { "all is watched", COLOUR_GREEN },
                [WATCH_WAITING] = { "a path is not there", COLOUR_YELLOW },
                [WATCH_DEGRADED] = { "not all is watched", COLOUR_YELLOW },
                [WATCH_FAILED] = { "a watch failed", COLOUR_RED },
        };
        WatchState worst = worst_state(info);
        const char *text = info->n_infos > 0 ? titles[worst].text : "nothing is configured";
        Colour colour = info->n_infos > 0 ? titles[worst].colour : COLOUR_YELLOW;

        add_title(p, state_texts[worst].sign, colour, info->instance ?: p->ctl->instance, text);
        add_text(p, "Version", info->version ?: "", COLOUR_NONE);
        add_list(p, "Read", info->config_files);
        add_watches_line(p, info);
        add_line(p, "Directories", "%" PRIu32, info->n_directories);
        add_counters(p, info->n_events, info->n_notices, info->n_overflows);
        add_history(p, info);
        add_line(p, "Subscribers", "%" PRIu32, info->n_subscribers);
}

static void add_watch(const Page *p, const WatchInfo *w) {
        WatchState state = state_of(w);
        Colour colour = watch_info_colour(w);

        add_title(p, state_texts[state].sign, colour, w->name, w->state);
        if (w->state_reason && *w->state_reason)
                add_text(p, "Reason", w->state_reason, colour);
        if (state_texts[state].advice)
                add_advice(p, state_texts[state].advice);
        add_list(p, "Path", w->paths);
        add_line(p,
                        "Directories",
                        "%" PRIu32 "%s",
                        w->n_directories,
                        w->recursive ? ", recursive" : "");
        add_words(p, "Processors", w->processors);
        add_words(p, "Publishers", w->publishers);
        add_counters(p, w->n_events, w->n_notices, w->n_overflows);
        if (w->last_event == 0)
                return;
        add_label(p, "Last event");
        time_add_stamp(p->out, w->last_event);
        buffer_add_string(p->out, "; ");
        time_add_relative(p->out, w->last_event, p->now);
        buffer_add_char(p->out, '\n');
}

static void add_json_watch(const WatchInfo *watch, JsonWriter *w) {
        json_open(w, '{');
        json_key_string(w, "object");
        json_string(w, watch->object, strlen(watch->object));
        object_add_json(watch_properties, watch, w);
        json_close(w, '}');
}

static bool is_wanted(const WatchInfo *w, char *const *names) {
        return !*names || list_contains(names, w->name);
}

static void add_json(const InstanceInfo *info, char *const *names, JsonWriter *w) {
        json_open(w, '{');
        object_add_json(instance_properties, info, w);
        json_key_string(w, "watches");
        json_open(w, '[');
        for (size_t i = 0; i < info->n_infos; i++)
                if (is_wanted(&info->watches[i], names))
                        add_json_watch(&info->watches[i], w);
        json_close(w, ']');
        json_close(w, '}');
        json_end(w);
}

/* With names: these watches alone, as systemctl does with units. */
static void add_page(const Page *p, const InstanceInfo *info, char *const *names) {
        bool is_first = true;

        if (!*names) {
                add_instance(p, info);
                is_first = false;
        }
        for (size_t i = 0; i < info->n_infos; i++) {
                if (!is_wanted(&info->watches[i], names))
                        continue;
                buffer_add_string(p->out, is_first ? "" : "\n");
                add_watch(p, &info->watches[i]);
                is_first = false;
        }
}

int ctl_status(Ctl *c, char *const *arguments) {
        _cleanup_(instance_info_done) InstanceInfo info = {};
        _cleanup_(buffer_done) Buffer out = {};
        JsonWriter w = { .out = &out, .mode = c->json };
        Page page = { c, &c->terminal, &out, time_now() };
        int r;

        r = instance_info_get(&info, c);
        if (r < 0)
                return r;
        r = instance_info_get_watches(&info, c);
        if (r < 0)
                return r;
        for (char *const *name = arguments; *name; name++)
                if (!instance_info_find(&info, *name))
                        return ctl_no_such_watch(*name);
        if (c->json != JSON_OFF)
                add_json(&info, arguments, &w);
        else
                add_page(&page, &info, arguments);
        return ctl_show(c, &out);
}
