/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pager is a child on a pipe. Whether it could be started is known before anything is written: the
 * child has a second pipe that closes when it becomes a pager, and says so if it cannot. */

#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "base/list.h"
#include "base/parse.h"
#include "ctl-pager.h"

/* What systemd gives to less: quit if it fits on one screen, keep colours, cut long lines, ... */
#define LESS_OPTIONS "FRSXMK"

static const char *pager_variable(void) {
        const char *pager = getenv("SYSTEMD_PAGER");

        return pager ?: getenv("PAGER");
}

bool pager_is_off(void) {
        const char *pager = pager_variable(), *terminal = getenv("TERM");

        return !terminal || streq(terminal, "dumb") ||
               (pager && (*pager == '\0' || streq(pager, "cat")));
}

/* Whether the pager is to be kept from starting programs: $SYSTEMD_PAGERSECURE, or where that is not set,
 * whether we run for another user than the one who is logged in. */
static bool is_secure(bool *ret_is_chosen) {
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };
        const char *value = getenv("SYSTEMD_PAGERSECURE");
        uid_t owner;

        *ret_is_chosen = value;
        for (size_t i = 0; value && i < ELEMENTSOF(no); i++)
                if (strcasecmp(value, no[i]) == 0)
                        return false;
        if (value)
                return true;
        return sd_pid_get_owner_uid(0, &owner) < 0 || owner != geteuid();
}

static void set_environment(bool secure) {
        const char *options = getenv("SYSTEMD_LESS"), *charset = getenv("SYSTEMD_LESSCHARSET");

        (void) setenv("LESS", options ?: LESS_OPTIONS, 1);
        if (!charset && streq(nl_langinfo(CODESET), "UTF-8"))
                charset = "utf-8";
        if (charset)
                (void) setenv("LESSCHARSET", charset, 1);
        if (secure)
                (void) setenv("LESSSECURE", "1", 1);
        else
                (void) unsetenv("LESSSECURE");
}

/* A command line, its words as a shell has them, without a shell. */
static void execute(const char *command) {
        List words = NULL;
        char *word;

        while (parse_word(&command, false, &word) > 0) {
                (void) list_add(&words, word, strlen(word));
                free(word);
        }
        if (words)
                (void) execvp(words[0], words);
        list_free(words);
}

/* Becomes a pager; returns if it cannot. */
static void become_pager(void) {
        const char *pager = pager_variable();
        bool is_chosen, secure = is_secure(&is_chosen);

        set_environment(secure);
        /* Of pagers that nobody vouched for only less is known to know what LESSSECURE means. */
        if (pager && (!secure || is_chosen))
                execute(pager);
        execute("less");
        if (!secure || is_chosen)
                execute("more");
}

static void run_child(int input, int failure) {
        char byte = 1;

        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void) signal(SIGPIPE, SIG_DFL);
        if (dup2(input, STDIN_FILENO) >= 0)
                become_pager();
        (void) !write(failure, &byte, 1);
        _exit(EXIT_FAILURE);
}

/* Returns the process with the end to write to; 0 if there is no pager. */
static int start(pid_t *ret_pid, int *ret_fd) {
        int text[2], failure[2];
        pid_t pid;
        char byte;

        if (pipe2(text, O_CLOEXEC) < 0)
                return -errno;
        if (pipe2(failure, O_CLOEXEC) < 0) {
                safe_close(text[0]);
                safe_close(text[1]);
                return -errno;
        }
        pid = fork();
        if (pid == 0)
                run_child(text[0], failure[1]);
        safe_close(text[0]);
        safe_close(failure[1]);
        if (pid > 0 && read(failure[0], &byte, 1) == 0) {
                safe_close(failure[0]);
                *ret_pid = pid;
                *ret_fd = text[1];
                return 1;
        }
        safe_close(failure[0]);
        safe_close(text[1]);
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
        return 0;
}

int pager_show(const Buffer *text) {
        pid_t pid = 0;
        int fd = -EBADF, r;

        r = start(&pid, &fd);
        if (r <= 0)
                return r;
        (void) signal(SIGPIPE, SIG_IGN);
        for (size_t written = 0; written < text->length;) {
                ssize_t n = write(fd, text->data + written, text->length - written);

                if (n < 0 && errno != EINTR)
                        break; /* the reader has seen enough */
                written += n > 0 ? (size_t) n : 0;
        }
        safe_close(fd);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return 1;
}
