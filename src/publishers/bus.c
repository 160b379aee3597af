/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Notices as signals. Two bounds keep both sides small: signals that the socket does not take wait in
 * sd-bus's queue, QUEUE_MAX at most; signals that the bus has taken but perhaps not passed on are
 * counted, and WINDOW_MAX of them may be on their way until the bus has answered a question that was
 * sent behind them. The answer also says that all before the question has left us for good. */

#include "publishers/bus.h"
#include "base/names.h"
#include "publishers/bus-string.h"

#define QUEUE_MAX 32U
#define QUEUE_LOW 8U
#define WINDOW_MAX 512U
#define N_PATHS 64U

/* The object of a watch, so that its path need not be encoded for each signal. */
typedef struct ObjectPath {
        char *watch;
        char *path;
} ObjectPath;

typedef struct BusPublisher {
        Publisher base;
        sd_bus *bus;
        sd_event_source *post;     /* on while something is in the queue */
        sd_bus_slot *question;     /* on its way to the bus */
        Cursor asked;              /* where we were when it was sent */
        bool full;                 /* the queue; publish was refused */
        uint64_t n_sent;           /* signals on this connection */
        uint64_t n_asked;          /* of them, sent before the question */
        uint64_t n_answered;       /* of them, known to have passed */
        Buffer path, source;       /* as strings for the bus, where they are none */
        ObjectPath paths[N_PATHS]; /* by the hash of the watch's name */
} BusPublisher;

static uint64_t queued(const BusPublisher *b) {
        uint64_t n = 0;

        return sd_bus_get_n_queued_write(b->bus, &n) < 0 ? 0 : n;
}

static void forget_path(ObjectPath *o) {
        free(o->watch);
        free(o->path);
        *o = (ObjectPath){};
}

static int object_path(BusPublisher *b, const char *watch, const char **ret) {
        unsigned hash = 5381;

        for (const char *p = watch; *p; p++)
                hash = hash * 33 + (unsigned char) *p;
        ObjectPath *o = &b->paths[hash % N_PATHS];
        if (!o->watch || !streq(o->watch, watch)) {
                forget_path(o);
                o->watch = strdup(watch);
                if (!o->watch || sd_bus_path_encode(OBJECT_WATCH_PREFIX, watch, &o->path) < 0) {
                        forget_path(o);
                        return -ENOMEM;
                }
        }
        *ret = o->path;
        return 0;
}

typedef struct DetailValue {
        Detail detail;
        bool applies;
        const void *value;
        size_t length; /* of raw bytes */
} DetailValue;

static int append_detail(sd_bus_message *m, const DetailValue *v) {
        const char *type = detail_names[v->detail].type;
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(m, 's', detail_names[v->detail].dbus);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'v', type);
        if (r < 0)
                return r;
        r = type[0] == 'a' ? sd_bus_message_append_array(m, 'y', v->value, v->length)
                           : sd_bus_message_append_basic(m, type[0], v->value);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;
        return sd_bus_message_close_container(m);
}

static int append_details(
                sd_bus_message *m, const Notice *n, const char *path, const char *source) {
        static const int yes = true;
        const DetailValue values[] = {
                { DETAIL_SOURCE_PATH, source, source },
                { DETAIL_SIZE, n->flags & NOTICE_HAS_SIZE, &n->size },
                { DETAIL_DURATION_USEC, n->flags & NOTICE_HAS_DURATION, &n->duration_usec },
                { DETAIL_CHUNKS, n->flags & NOTICE_HAS_CHUNKS, &n->chunks },
                { DETAIL_INITIAL, n->flags & NOTICE_INITIAL, &yes },
                { DETAIL_RESCAN, n->flags & NOTICE_RESCAN, &yes },
                { DETAIL_REASON, n->reason != REASON_NONE, reason_names[n->reason] },
                { DETAIL_RAW_PATH, path != n->path, n->path, n->path_len },
                { DETAIL_RAW_SOURCE_PATH, source != n->source, n->source, n->source_len },
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                if (!values[i].applies)
                        continue;
                r = append_detail(m, &values[i]);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int send_notice(BusPublisher *b, const Notice *n) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        const char *object, *path, *source = NULL;
        int r;

        path = bus_string(&b->path, n->path, n->path_len);
        if (!path)
                return -ENOMEM;
        if (n->source) {
                source = bus_string(&b->source, n->source, n->source_len);
                if (!source)
                        return -ENOMEM;
        }
        r = object_path(b, n->watch, &object);
        if (r < 0)
                return r;
        r = sd_bus_message_new_signal(
                        b->bus, &m, object, INTERFACE_WATCH, member_names[n->member].signal);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "suutt", path, n->mask, n->cookie, n->sequence, n->usec);
        if (r < 0)
                return r;
        r = append_details(m, n, path, source);
        if (r < 0)
                return r;
        return sd_bus_send(b->bus, m, NULL);
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        BusPublisher *b = userdata;

        b->question = sd_bus_slot_unref(b->question);
        /* How sd-bus ends what was under way on a connection that broke. */
        if (sd_bus_message_is_method_error(m, SD_BUS_ERROR_NO_REPLY))
                return 0;
        b->n_answered = b->n_asked;
        if (history_load(b->base.history, PUBLISHER_BUS).position < b->asked.position)
                history_save(b->base.history, PUBLISHER_BUS, &b->asked);
        publisher_wake(&b->base);
        return 0;
}

/* Without a time limit: a bus that does not answer is waited for, and one that goes away ends it. */
static int ask(BusPublisher *b) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(b->bus,
                        &m,
                        "org.freedesktop.DBus",
                        "/org/freedesktop/DBus",
                        "org.freedesktop.DBus",
                        "GetId");
        if (r < 0)
                return r;
        r = sd_bus_call_async(b->bus, &b->question, m, on_answer, b, UINT64_MAX);
        if (r < 0)
                return r;
        b->n_asked = b->n_sent;
        b->asked = b->base.cursor;
        return 0;
}

/* Whether the bus may be handed another signal. Returns > 0 if so, 0 if not now, < 0 on failure. */
static int has_room(BusPublisher *b) {
        int r;

        if (!b->bus)
                return 0;
        b->full = queued(b) >= QUEUE_MAX;
        if (b->full)
                return 0;
        if (!b->question && b->n_sent - b->n_answered >= WINDOW_MAX / 2) {
                r = ask(b);
                if (r < 0)
                        return r;
        }
        return b->n_sent - b->n_answered < WINDOW_MAX;
}

/* What came of sending. A connection that broke is no failure of the notice: that waits for the next
 * connection. */
static int outcome(BusPublisher *b, int r) {
        if (r == -ENOTCONN || r == -ECONNRESET || r == -EPIPE || r == -ESHUTDOWN)
                return 0;
        if (r < 0)
                return r;
        b->n_sent++;
        return 1;
}

static int bus_publish(Publisher *p, const Notice *n) {
        BusPublisher *b = (BusPublisher *) p;
        int r;

        r = has_room(b);
        if (r == 0)
                return 0;
        if (r > 0)
                r = send_notice(b, n);
        return outcome(b, r);
}

static int bus_gap(Publisher *p, uint64_t from, uint64_t to) {
        BusPublisher *b = (BusPublisher *) p;
        int r;

        r = has_room(b);
        if (r == 0)
                return 0;
        if (r > 0)
                r = sd_bus_emit_signal(
                                b->bus, OBJECT_MANAGER, INTERFACE_MANAGER, "Gap", "tt", from, to);
        return outcome(b, r);
}

static void bus_end(Publisher *p) {
        BusPublisher *b = (BusPublisher *) p;
        bool waits = b->bus && queued(b) > 0;

        (void) sd_event_source_set_enabled(b->post, waits ? SD_EVENT_ON : SD_EVENT_OFF);
}

static bool bus_is_drained(Publisher *p) {
        BusPublisher *b = (BusPublisher *) p;

        return b->bus && queued(b) == 0;
}

/* The loop has dispatched something: sd-bus perhaps, which then wrote what is queued. Our own turn is
 * such a thing too, so it is asked for only when there is something in it to do. */
static int on_post(sd_event_source *s, void *userdata) {
        BusPublisher *b = userdata;
        uint64_t n = b->bus ? queued(b) : 0;

        if (n == 0 || (b->full && n <= QUEUE_LOW))
                publisher_wake(&b->base);
        return 0;
}

static void forget_connection(BusPublisher *b) {
        b->question = sd_bus_slot_unref(b->question);
        b->bus = sd_bus_unref(b->bus);
        b->n_sent = b->n_asked = b->n_answered = 0;
        b->full = false;
}

void bus_publisher_set_bus(Publisher *p, sd_bus *bus) {
        BusPublisher *b = (BusPublisher *) p;

        if (b->bus) {
                /* What had not left is told again. */
                p->cursor = history_load(p->history, PUBLISHER_BUS);
                p->gap_from = p->gap_to = 0;
        }
        forget_connection(b);
        b->bus = sd_bus_ref(bus);
        publisher_wake(p);
}

static void bus_free(Publisher *p) {
        BusPublisher *b = (BusPublisher *) p;

        publisher_done(p);
        forget_connection(b);
        b->post = sd_event_source_disable_unref(b->post);
        for (size_t i = 0; i < N_PATHS; i++)
                forget_path(&b->paths[i]);
        buffer_done(&b->path);
        buffer_done(&b->source);
        free(b);
}

static const PublisherType bus_type = {
        .name = "bus",
        .kind = PUBLISHER_BUS,
        .publish = bus_publish,
        .gap = bus_gap,
        .end = bus_end,
        .is_drained = bus_is_drained,
        .free = bus_free,
};

int bus_publisher_new(sd_event *event, History *history, Publisher **ret) {
        _cleanup_(publisher_freep) Publisher *p = NULL;
        BusPublisher *b;
        int r;

        b = calloc(1, sizeof(BusPublisher));
        if (!b)
                return -ENOMEM;
        p = &b->base;
        p->type = &bus_type;
        r = publisher_init(p, &bus_type, event, history);
        if (r < 0)
                return r;
        r = sd_event_add_post(event, &b->post, on_post, b);
        if (r < 0)
                return r;
        (void) sd_event_source_set_enabled(b->post, SD_EVENT_OFF);
        *ret = TAKE_PTR(p);
        return 0;
}
