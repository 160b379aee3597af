/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Values that stand alone: yes and no, numbers, sizes, time spans, strings. */

#include <strings.h>

#include "base/parse.h"

int parse_name(const char *const *names, size_t n_names, const char *value) {
        for (size_t i = 0; i < n_names; i++)
                if (streq(names[i], value))
                        return (int) i;
        return -EINVAL;
}

static int parse_boolean(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        /* As systemd's parse_boolean() takes them. */
        static const char *const words[] = {
                "0",
                "1",
                "no",
                "yes",
                "n",
                "y",
                "false",
                "true",
                "f",
                "t",
                "off",
                "on",
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(value, words[i]) == 0) {
                        *(bool *) target = i % 2 != 0;
                        return 0;
                }
        *ret_why = "write yes or no";
        return -EINVAL;
}

static bool boolean_equal(const void *a, const void *b) {
        return *(const bool *) a == *(const bool *) b;
}

static bool uint64_equal(const void *a, const void *b) {
        return *(const uint64_t *) a == *(const uint64_t *) b;
}

/* Takes the digits that *s begins with and moves it past them. Returns 0, -EINVAL if there are
 * none, -ERANGE if they are too many. */
static int take_digits(const char **s, uint64_t *ret) {
        const char *at = *s;
        uint64_t n = 0;

        for (; *at >= '0' && *at <= '9'; at++)
                if (__builtin_mul_overflow(n, 10, &n) ||
                                __builtin_add_overflow(n, (uint64_t) (*at - '0'), &n))
                        return -ERANGE;
        if (at == *s)
                return -EINVAL;
        *s = at;
        *ret = n;
        return 0;
}

static int parse_number(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        uint64_t n;
        int r;

        r = take_digits(&value, &n);
        if (r < 0 || *value != '\0') {
                *ret_why = r == -ERANGE ? "the number is too large"
                                        : "write a decimal number without a sign";
                return -EINVAL;
        }
        *(uint64_t *) target = n;
        return 0;
}

static int parse_size(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        static const char suffixes[] = "KMG";
        const char *suffix;
        uint64_t n;
        int r;

        r = take_digits(&value, &n);
        if (r >= 0 && *value != '\0') {
                suffix = strchr(suffixes, *value);
                if (!suffix || value[1] != '\0')
                        r = -EINVAL;
                else if (__builtin_mul_overflow(
                                         n, UINT64_C(1) << (10 * (suffix - suffixes + 1)), &n))
                        r = -ERANGE;
        }
        if (r < 0) {
                *ret_why = r == -ERANGE ? "the size is too large"
                                        : "write a whole number of bytes, with K, M or G after it "
                                          "if need be, such as 16M";
                return -EINVAL;
        }
        *(uint64_t *) target = n;
        return 0;
}

/* The units of systemd.time(7). */
static const struct {
        const char *name;
        usec_t usec;
} time_units[] = {
        { "usec", 1 },
        { "us", 1 },
        { "µs", 1 }, /* U+00B5 */
        { "μs", 1 }, /* U+03BC */
        { "msec", USEC_PER_MSEC },
        { "ms", USEC_PER_MSEC },
        { "seconds", USEC_PER_SEC },
        { "second", USEC_PER_SEC },
        { "sec", USEC_PER_SEC },
        { "s", USEC_PER_SEC },
        { "", USEC_PER_SEC },
        { "minutes", 60 * USEC_PER_SEC },
        { "minute", 60 * USEC_PER_SEC },
        { "min", 60 * USEC_PER_SEC },
        { "m", 60 * USEC_PER_SEC },
        { "hours", 3600 * USEC_PER_SEC },
        { "hour", 3600 * USEC_PER_SEC },
        { "hr", 3600 * USEC_PER_SEC },
        { "h", 3600 * USEC_PER_SEC },
        { "days", 86400 * USEC_PER_SEC },
        { "day", 86400 * USEC_PER_SEC },
        { "d", 86400 * USEC_PER_SEC },
        { "weeks", 7 * 86400 * USEC_PER_SEC },
        { "week", 7 * 86400 * USEC_PER_SEC },
        { "w", 7 * 86400 * USEC_PER_SEC },
        { "months", 2629800 * USEC_PER_SEC },
        { "month", 2629800 * USEC_PER_SEC },
        { "M", 2629800 * USEC_PER_SEC },
        { "years", 31557600 * USEC_PER_SEC },
        { "year", 31557600 * USEC_PER_SEC },
        { "y", 31557600 * USEC_PER_SEC },
};

static const char blanks[] = " \t";

/* Takes the unit that *s begins with. */
static int take_time_unit(const char **s, usec_t *ret) {
        size_t n = strcspn(*s, " \t0123456789.");

        for (size_t i = 0; i < ELEMENTSOF(time_units); i++)
                if (strlen(time_units[i].name) == n && strncmp(*s, time_units[i].name, n) == 0) {
                        *s += n;
                        *ret = time_units[i].usec;
                        return 0;
                }
        return -EINVAL;
}

/* The digits after a decimal point, from *s to *ret_end; none if there is no point. */
static int take_fraction(const char **s, const char **ret_end) {
        size_t n;

        if (**s != '.') {
                *ret_end = *s;
                return 0;
        }
        n = strspn(*s + 1, "0123456789");
        if (n == 0)
                return -EINVAL;
        *s += 1;
        *ret_end = *s + n;
        return 0;
}

static int take_time_span(const char **s, usec_t *ret) {
        const char *fraction, *end;
        uint64_t n;
        usec_t unit, weight;
        int r;

        r = take_digits(s, &n);
        if (r < 0)
                return r;
        fraction = *s;
        r = take_fraction(&fraction, &end);
        if (r < 0)
                return r;
        *s = end + strspn(end, blanks);
        r = take_time_unit(s, &unit);
        if (r < 0)
                return r;
        if (__builtin_mul_overflow(n, unit, &n))
                return -ERANGE;
        for (weight = unit / 10; fraction < end; fraction++, weight /= 10)
                if (__builtin_add_overflow(n, (uint64_t) (*fraction - '0') * weight, &n))
                        return -ERANGE;
        *ret = n;
        return 0;
}

static int parse_time_span(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        usec_t sum = 0, part;
        int r = -EINVAL;

        if (streq(value, "infinity")) {
                *(usec_t *) target = USEC_INFINITY;
                return 0;
        }
        for (value += strspn(value, blanks); *value != '\0'; value += strspn(value, blanks)) {
                r = take_time_span(&value, &part);
                if (r >= 0 && (__builtin_add_overflow(sum, part, &sum) || sum == USEC_INFINITY))
                        r = -ERANGE;
                if (r < 0)
                        break;
        }
        if (r < 0) {
                *ret_why = r == -ERANGE ? "the time is too long"
                                        : "write a time span, such as 10s, 1h 30min or infinity";
                return -EINVAL;
        }
        *(usec_t *) target = sum;
        return 0;
}

static int parse_string(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*(char **) target);
        *(char **) target = copy;
        return 0;
}

static void string_reset(void *target) {
        freep(target);
        *(char **) target = NULL;
}

static bool string_equal(const void *a, const void *b) {
        const char *const *left = a, *const *right = b;

        return *left && *right ? streq(*left, *right) : *left == *right;
}

const SettingKind setting_kind_boolean = {
        .name = "boolean",
        .size = sizeof(bool),
        .parse = parse_boolean,
        .equal = boolean_equal,
};

const SettingKind setting_kind_number = {
        .name = "number",
        .size = sizeof(uint64_t),
        .parse = parse_number,
        .equal = uint64_equal,
};

const SettingKind setting_kind_size = {
        .name = "size",
        .size = sizeof(uint64_t),
        .parse = parse_size,
        .equal = uint64_equal,
};

const SettingKind setting_kind_time_span = {
        .name = "time span",
        .size = sizeof(usec_t),
        .parse = parse_time_span,
        .equal = uint64_equal,
};

const SettingKind setting_kind_string = {
        .name = "string",
        .size = sizeof(char *),
        .parse = parse_string,
        .reset = string_reset,
        .equal = string_equal,
};
