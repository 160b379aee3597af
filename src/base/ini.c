/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Our reader takes the file apart into lines and gives inih nothing but assignments, each in pieces
 * that fit its buffer, whatever its size was set to when it was built. What inih makes of them is
 * put together again and delivered when the next line is asked for. So inih never sees what it
 * would cut, merge or skip: section headers, comments, long lines, lines that do not fit. */

#include <fcntl.h>
#include <ini.h>
#include <sys/stat.h>

#include "base/ini.h"
#include "base/text.h"

/* Ends a piece that goes on, and begins the one that does: keeps inih from trimming blanks there and
 * from seeing a comment. Never part of a line, which has no control characters. */
#define MARK '\x01'

/* What surrounds a piece: a blank, two marks, a newline, a NUL, and one byte to spare, since inih
 * takes a line that fills its buffer for one that is too long. */
#define PIECE_OVERHEAD 6U

static const char blanks[] = " \t";

typedef struct Reader {
        const char *file;
        const IniHandler *handler;
        Problems *problems;

        const char *data; /* not yet taken */
        size_t n_data;
        unsigned line_number; /* of `line` */
        Buffer line;          /* stripped of blanks and comments */
        bool in_section;

        size_t handed;     /* bytes of `line` that inih has */
        unsigned n_handed; /* pieces of it that inih has */
        unsigned n_taken;  /* pieces of it that came out */
        char key[INI_KEY_MAX + 1];
        Buffer value;
} Reader;

/* Brings what inih made of the last line to the handler. */
static void deliver(Reader *r) {
        size_t begin, end;

        if (r->n_handed == 0)
                return;
        if (r->n_taken != r->n_handed)
                problem_error(r->problems,
                                r->file,
                                r->line_number,
                                "The line is too long for an inih built without multi-line values");
        else if (r->value.failed)
                r->problems->out_of_memory = true;
        else {
                begin = strspn(r->value.data, blanks);
                for (end = r->value.length; end > begin; end--)
                        if (!strchr(blanks, r->value.data[end - 1]))
                                break;
                r->value.data[end] = '\0';
                r->handler->assignment(r->handler->userdata,
                                r->key,
                                r->value.data + begin,
                                r->line_number);
        }
        r->n_handed = r->n_taken = 0;
}

/* Takes one piece of an assignment from inih. */
static int take_piece(void *userdata, const char *section, const char *name, const char *value) {
        Reader *r = userdata;
        size_t n;

        if (r->n_taken == 0) {
                (void) snprintf(r->key, sizeof(r->key), "%s", name);
                buffer_clear(&r->value);
                buffer_add(&r->value, "", 0);
        } else if (*value++ != MARK)
                return 0;
        n = strlen(value);
        if (n > 0 && value[n - 1] == MARK)
                n--;
        buffer_add(&r->value, value, n);
        r->n_taken++;
        return 1;
}

/* Gives inih the next piece of the line. */
static char *hand_piece(Reader *r, char *to, size_t size) {
        bool is_first = r->handed == 0, is_last;
        size_t n = r->line.length - r->handed;
        char *at = to;

        is_last = n <= size - PIECE_OVERHEAD;
        if (!is_last)
                n = size - PIECE_OVERHEAD;
        if (!is_first) {
                *at++ = ' ';
                *at++ = MARK;
        }
        at = mempcpy(at, r->line.data + r->handed, n);
        if (!is_last)
                *at++ = MARK;
        *at++ = '\n';
        *at = '\0';
        r->handed += n;
        r->n_handed++;
        return to;
}

static void line_error(Reader *r, const char *message) {
        problem_error(r->problems, r->file, r->line_number, "%s", message);
}

/* Cuts blanks and a comment off the end of the line. */
static void trim_line(Buffer *line) {
        char *equal = memchr(line->data, '=', line->length), *s;

        for (s = equal; s && (s = strchr(s, ';')); s++)
                if (strchr(blanks, s[-1])) {
                        *s = '\0';
                        line->length = (size_t) (s - line->data);
                        break;
                }
        while (line->length > 0 && strchr(blanks, line->data[line->length - 1]))
                line->data[--line->length] = '\0';
}

/* Whether the line can be looked at as text. */
static bool check_characters(Reader *r, const char *s, size_t n) {
        if (n > INI_LINE_MAX) {
                line_error(r, "A line has at most 64 KiB");
                return false;
        }
        for (size_t i = 0; i < n; i++)
                if (((uint8_t) s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f) {
                        problem_error(r->problems,
                                        r->file,
                                        r->line_number,
                                        "The line contains a control character (0x%02x)",
                                        (unsigned) (uint8_t) s[i]);
                        return false;
                }
        return true;
}

/* Takes the next line that says something. Returns false at the end. */
static bool take_line(Reader *r) {
        while (r->n_data > 0) {
                const char *s = r->data, *newline = memchr(s, '\n', r->n_data);
                size_t n = newline ? (size_t) (newline - s) : r->n_data;

                r->data += newline ? n + 1 : n;
                r->n_data -= newline ? n + 1 : n;
                r->line_number++;

                if (n > 0 && s[n - 1] == '\r')
                        n--;
                for (; n > 0 && (*s == ' ' || *s == '\t'); n--)
                        s++;
                if (n == 0 || *s == '#' || *s == ';' || !check_characters(r, s, n))
                        continue;
                buffer_clear(&r->line);
                buffer_add(&r->line, s, n);
                if (r->line.failed) {
                        r->problems->out_of_memory = true;
                        return false;
                }
                trim_line(&r->line);
                return true;
        }
        return false;
}

/* Takes a section header. One that is not right still begins a section, so that what follows is looked
 * at as meant. */
static void take_section(Reader *r) {
        char *type = r->line.data + 1 + strspn(r->line.data + 1, blanks);
        char *end = strchr(type, ']'), *name;

        if (!end) {
                line_error(r, "The section header lacks its ']'");
                end = r->line.data + r->line.length;
        } else {
                const char *rest = end + 1 + strspn(end + 1, blanks);

                if (*rest != '\0' && !(rest > end + 1 && *rest == ';'))
                        line_error(r, "There is something after the ']' of the section header");
        }
        while (end > type && strchr(blanks, end[-1]))
                end--;
        *end = '\0';

        r->in_section = true;
        name = type + strcspn(type, blanks);
        if (*name != '\0')
                *name++ = '\0';
        name += strspn(name, blanks);
        if (*type == '\0')
                line_error(r, "The section header has no name in it");
        r->handler->section(r->handler->userdata, type, name, r->line_number);
}

/* Whether the line is an assignment that can be given to inih. */
static bool check_assignment(Reader *r) {
        const char *line = r->line.data, *equal = strchr(line, '=');
        size_t n = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
        size_t after = n + strspn(line + n, blanks);

        if (!r->in_section)
                line_error(r, "There is no [Section] before the line");
        else if (n > 0 && line[after] == ':')
                line_error(r, "An assignment is written Key=Value, with '=' instead of ':'");
        else if (!equal)
                problem_error(r->problems,
                                r->file,
                                r->line_number,
                                "Neither a [Section] nor Key=Value: " QUOTE,
                                QUOTED(line));
        else if (n == 0 || line[after] != '=')
                problem_error(r->problems,
                                r->file,
                                r->line_number,
                                "What is before the '=' is no key: " QUOTE,
                                QUOTED(line));
        else if (after > INI_KEY_MAX)
                line_error(r, "A key, and the blanks after it, have at most 64 characters");
        else if (line[r->line.length - 1] == '\\')
                line_error(r,
                                "A line is not continued by '\\' at its end; "
                                "assign to the key again to add to a list");
        else
                return true;
        return false;
}

/* inih's reader, in the way of fgets(3). */
static char *read_piece(char *to, int size, void *stream) {
        Reader *r = stream;

        if (r->n_handed > 0 && r->handed < r->line.length)
                return hand_piece(r, to, (size_t) size);

        deliver(r);
        while (take_line(r))
                if (r->line.data[0] == '[')
                        take_section(r);
                else if (check_assignment(r)) {
                        /* The key and its '=' have to be in the first piece. */
                        if ((size_t) size < INI_KEY_MAX + 1 + PIECE_OVERHEAD) {
                                line_error(r, "inih was built with a buffer that is too small");
                                return NULL;
                        }
                        r->handed = 0;
                        return hand_piece(r, to, (size_t) size);
                }
        return NULL;
}

int ini_read_memory(const char *path,
                const void *data,
                size_t n,
                const IniHandler *handler,
                Problems *problems) {
        Reader r = {
                .file = path,
                .handler = handler,
                .problems = problems,
                .data = data,
                .n_data = n,
        };

        if (n > INI_FILE_MAX) {
                problem_error(problems, path, 0, "A file has at most 16 MiB");
                return 0;
        }
        if (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
                r.data += 3;
                r.n_data -= 3;
        }
        /* What it returns is the first line that it thinks is wrong. */
        if (ini_parse_stream(read_piece, &r, take_piece, &r) == -2)
                problems->out_of_memory = true;
        deliver(&r);
        buffer_done(&r.line);
        buffer_done(&r.value);
        return 0;
}

int ini_read_file(const char *path, const IniHandler *handler, Problems *problems) {
        /* Nobody is waited for who might write into a FIFO. */
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        char piece[4096];
        Buffer data = {};
        ssize_t n;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
                return -ENXIO;
        do {
                n = read(fd, piece, sizeof(piece));
                if (n > 0)
                        buffer_add(&data, piece, (size_t) n);
        } while ((n > 0 && data.length <= INI_FILE_MAX && !data.failed) ||
                        (n < 0 && errno == EINTR));
        if (n < 0)
                r = -errno;
        else if (data.failed)
                r = -ENOMEM;
        else
                r = ini_read_memory(path, data.data ?: "", data.length, handler, problems);
        buffer_done(&data);
        return r;
}
