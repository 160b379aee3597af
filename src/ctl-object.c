/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A row a property. A property of another type than the table's is a misunderstanding between versions,
 * and is skipped as an unknown one is. */

#include "ctl-object.h"
#include "entries.h"

static void *field_of(const Property *p, const void *object) {
        return (char *) object + p->offset;
}

static const Property *find(const Property *table, const char *name) {
        for (const Property *p = table; p->name; p++)
                if (streq(p->name, name))
                        return p;
        return NULL;
}

static int read_strings(sd_bus_message *m, List *list) {
        const char *s;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        *list = list_free(*list);
        while ((r = sd_bus_message_read_basic(m, 's', &s)) > 0) {
                r = list_add(list, s, strlen(s));
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

static int read_string(sd_bus_message *m, char **field) {
        const char *s;
        char *copy;
        int r;

        r = sd_bus_message_read_basic(m, 's', &s);
        if (r < 0)
                return r;
        copy = strdup(s);
        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int read_field(const Property *p, sd_bus_message *m, void *field) {
        int boolean, r;

        switch (p->type) {
        case 'a':
                return read_strings(m, field);
        case 's':
                return read_string(m, field);
        case 'b':
                r = sd_bus_message_read_basic(m, 'b', &boolean);
                if (r >= 0)
                        *(bool *) field = boolean;
                return r;
        default:
                return sd_bus_message_read_basic(m, p->type, field);
        }
}

static int read_variant(const Property *p, sd_bus_message *m, void *object) {
        const char type[] = { p ? p->type : 0, '\0' };
        const char *contents, *wanted = p && p->type == 'a' ? "as" : type;
        char kind;
        int r;

        r = sd_bus_message_peek_type(m, &kind, &contents);
        if (r < 0)
                return r;
        if (!p || kind != 'v' || !streq(contents, wanted))
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r < 0)
                return r;
        r = read_field(p, m, field_of(p, object));
        if (r < 0)
                return r;
        return sd_bus_message_exit_container(m);
}

/* What one property is read into. */
typedef struct Target {
        const Property *table;
        void *object;
} Target;

static int read_property(sd_bus_message *m, void *userdata) {
        const Target *target = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read_basic(m, 's', &name);
        if (r < 0)
                return r;
        return read_variant(find(target->table, name), m, target->object);
}

int object_read(const Property *table, sd_bus_message *m, void *object) {
        return entries_read(m, "sv", read_property, &(Target){ table, object });
}

void object_done(const Property *table, void *object) {
        for (const Property *p = table; p->name; p++) {
                void *field = field_of(p, object);

                if (p->type == 'a')
                        *(List *) field = list_free(*(List *) field);
                else if (p->type == 's') {
                        free(*(char **) field);
                        *(char **) field = NULL;
                }
        }
}

static void add_value(const Property *p, const void *field, JsonWriter *w) {
        const char *s;

        switch (p->type) {
        case 'a':
                json_strings(w, *(const List *) field);
                break;
        case 's':
                s = *(char *const *) field ?: "";
                json_string(w, s, strlen(s));
                break;
        case 'b':
                json_boolean(w, *(const bool *) field);
                break;
        case 'u':
                json_number(w, *(const uint32_t *) field);
                break;
        case 't':
                json_number(w, *(const uint64_t *) field);
                break;
        default:
                assert(false);
        }
}

void object_add_json(const Property *table, const void *object, JsonWriter *w) {
        for (const Property *p = table; p->name; p++) {
                json_key_string(w, p->json);
                add_value(p, field_of(p, object), w);
        }
}
