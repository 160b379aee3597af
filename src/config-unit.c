/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What Publish=unit needs besides. */

#include "base/parse.h"
#include "config-internal.h"
#include "publishers/jobs.h"
#include "publishers/unit-name.h"

static int parse_template(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        int r;

        r = unit_template_check(value, ret_why);
        if (r < 0)
                return r;
        return setting_kind_string.parse(setting, value, target, ret_why);
}

static void template_reset(void *target) {
        setting_kind_string.reset(target);
}

static bool template_equal(const void *a, const void *b) {
        return setting_kind_string.equal(a, b);
}

const SettingKind kind_unit_template = {
        .name = "name",
        .size = sizeof(char *),
        .parse = parse_template,
        .reset = template_reset,
        .equal = template_equal,
};

static_assert(JOBS_RUNNING_MAX == 1024, "the text below tells it");

static int parse_max_units(
                const Setting *setting, const char *value, void *target, const char **ret_why) {
        uint64_t n;
        int r;

        r = setting_kind_number.parse(setting, value, &n, ret_why);
        if (r == -ENOMEM)
                return r;
        if (r < 0 || n < 1 || n > JOBS_RUNNING_MAX) {
                *ret_why = "write a number from 1 to 1024";
                return -ERANGE;
        }
        *(uint64_t *) target = n;
        return 0;
}

static bool max_units_equal(const void *a, const void *b) {
        return setting_kind_number.equal(a, b);
}

const SettingKind kind_max_units = {
        .name = "number",
        .size = sizeof(uint64_t),
        .parse = parse_max_units,
        .equal = max_units_equal,
};
