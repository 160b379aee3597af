/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* As systemd has it: the environment first where it names an absolute path, then what is usual. */

#include <pwd.h>

#include "base/names.h"
#include "base/text.h"
#include "build-config.h"
#include "places.h"

static const char *const system_directories[] = {
        SYSCONFDIR "/inotifier",
        "/run/inotifier",
        PREFIX "/lib/inotifier",
};

static const char user_vendor_directory[] = PREFIX "/lib/inotifier/user";

/* What is relative in the environment does not count (XDG Base Directory Specification). */
static const char *environment_path(const char *name) {
        const char *value = secure_getenv(name);

        return value && value[0] == '/' ? value : NULL;
}

static const char *find_home(void) {
        const char *home = environment_path("HOME");
        const struct passwd *user;

        if (home)
                return home;
        user = getpwuid(geteuid());
        return user && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

/* $NAME, or `below` below the home; NULL in *ret where neither is known. */
static int find_user_directory(const Places *p, const char *name, const char *below, char **ret) {
        const char *value = environment_path(name);

        if (value)
                *ret = strdup(value);
        else if (!p->home || !below) {
                *ret = NULL;
                return 0;
        } else if (asprintf(ret, "%s/%s", p->home, below) < 0)
                *ret = NULL;
        return *ret ? 0 : -ENOMEM;
}

static int add_directory(Places *p, const char *root, const char *directory, const char *below) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s%s%s", root ?: "", directory, below) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        return list_add(&p->config, path, strlen(path));
}

static int init_system(Places *p, const char *root) {
        int r;

        p->runtime = strdup("/run");
        p->state = strdup("/var/lib");
        if (!p->runtime || !p->state)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(system_directories); i++) {
                r = add_directory(p, root, system_directories[i], "");
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_xdg_directories(Places *p, const char *root) {
        const char *value = secure_getenv("XDG_CONFIG_DIRS");
        _cleanup_free_ char *copy = strdup(value && *value ? value : "/etc/xdg");
        char *state = NULL;
        int r;

        if (!copy)
                return -ENOMEM;
        for (char *s = strtok_r(copy, ":", &state); s; s = strtok_r(NULL, ":", &state)) {
                if (s[0] != '/')
                        continue;
                r = add_directory(p, root, s, "/inotifier");
                if (r < 0)
                        return r;
        }
        return 0;
}

static int init_user(Places *p, const char *root) {
        _cleanup_free_ char *config_home = NULL;
        int r;

        r = find_user_directory(p, "XDG_RUNTIME_DIR", NULL, &p->runtime);
        if (r < 0)
                return r;
        r = find_user_directory(p, "XDG_STATE_HOME", ".local/state", &p->state);
        if (r < 0)
                return r;
        r = find_user_directory(p, "XDG_CONFIG_HOME", ".config", &config_home);
        if (r < 0)
                return r;
        if (config_home) {
                r = add_directory(p, root, config_home, "/inotifier");
                if (r < 0)
                        return r;
        }
        r = add_xdg_directories(p, root);
        if (r < 0)
                return r;
        return add_directory(p, root, user_vendor_directory, "");
}

void places_done(Places *p) {
        free(p->home);
        free(p->runtime);
        free(p->state);
        list_free(p->config);
        *p = (Places){};
}

int places_init(Places *p, Scope scope, const char *root) {
        const char *home = find_home();
        int r = 0;

        *p = (Places){};
        if (home && !(p->home = strdup(home)))
                return -ENOMEM;
        r = scope == SCOPE_USER ? init_user(p, root) : init_system(p, root);
        if (r < 0)
                places_done(p);
        return r;
}

int places_expand(const Places *p, const char *instance, const char *text, char **ret) {
        const struct {
                char letter;
                const char *value;
        } specifiers[] = {
                { 'i', streq(instance, MAIN_INSTANCE) ? "" : instance },
                { 'h', p->home },
                { 't', p->runtime },
                { 'S', p->state },
                { '%', "%" },
        };
        Buffer b = {};
        int r = 0;

        buffer_add(&b, "", 0);
        for (const char *s = text; *s != '\0' && r == 0; s++) {
                size_t i = 0;

                if (*s != '%') {
                        buffer_add_char(&b, *s);
                        continue;
                }
                s++;
                while (i < ELEMENTSOF(specifiers) && specifiers[i].letter != *s)
                        i++;
                if (i == ELEMENTSOF(specifiers))
                        r = -EINVAL;
                else if (!specifiers[i].value)
                        r = -ENOENT;
                else
                        buffer_add_string(&b, specifiers[i].value);
                if (*s == '\0')
                        break;
        }
        if (r == 0 && b.failed)
                r = -ENOMEM;
        if (r < 0) {
                buffer_done(&b);
                return r;
        }
        *ret = b.data;
        return 0;
}
