/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <sys/mman.h>

#include "base/ini.h"
#include "base/text.h"
#include "test.h"

/* What was read, as lines: `1 [Type name]` and `2 Key=value`; problems after them, as told. */
static void on_section(void *userdata, const char *type, const char *name, unsigned line) {
        Buffer *b = userdata;

        buffer_add_u64(b, line);
        buffer_add_string(b, " [");
        buffer_add_string(b, type);
        buffer_add_string(b, *name ? " " : "");
        buffer_add_string(b, name);
        buffer_add_string(b, "]\n");
}

static void on_assignment(void *userdata, const char *key, const char *value, unsigned line) {
        Buffer *b = userdata;

        buffer_add_u64(b, line);
        buffer_add_char(b, ' ');
        buffer_add_string(b, key);
        buffer_add_char(b, '=');
        buffer_add_string(b, value);
        buffer_add_char(b, '\n');
}

static void read_into(Buffer *b, const void *data, size_t n) {
        const IniHandler handler = { on_section, on_assignment, b };
        _cleanup_(problems_done) Problems problems = {};
        /* A copy of the exact size, so that a sanitizer sees reads beyond it. */
        _cleanup_free_ char *copy = malloc(MAX_OF(n, (size_t) 1));

        memcpy(copy, data, n);
        buffer_clear(b);
        buffer_add(b, "", 0);
        EXPECT_OK(ini_read_memory("f", copy, n, &handler, &problems));
        for (size_t i = 0; i < problems.n_items; i++) {
                buffer_add_string(b, problems.items[i].text);
                buffer_add_char(b, '\n');
        }
        EXPECT(!problems.out_of_memory);
}

static void expect_read_bytes(const void *data, size_t n, const char *expected) {
        Buffer b = {};

        read_into(&b, data, n);
        EXPECT_STREQ(b.data, expected);
        buffer_done(&b);
}

static void expect_read(const char *text, const char *expected) {
        expect_read_bytes(text, strlen(text), expected);
}

TEST(sections_and_assignments_come_in_order_with_their_lines) {
        expect_read("# comment\n[Manager]\nBus=auto\n\n[Watch a]\nPath=/a\nPath=/b\n",
                        "2 [Manager]\n3 Bus=auto\n5 [Watch a]\n6 Path=/a\n7 Path=/b\n");
}

TEST(empty_and_repeated_sections_are_told) {
        expect_read("[A]\n[A]\n[A]\n", "1 [A]\n2 [A]\n3 [A]\n");
        expect_read("[A]\nx=1\n[A]\ny=2\n", "1 [A]\n2 x=1\n3 [A]\n4 y=2\n");
}

TEST(blanks_do_not_count) {
        expect_read("  [ Watch   a ]  \n\tKey \t=  some value\t \n   Other=\n",
                        "1 [Watch a]\n2 Key=some value\n3 Other=\n");
}

TEST(an_indented_line_is_an_assignment_of_its_own) {
        expect_read("[A]\nPath=/a\n  Path=/b\n\tx=y\n", "1 [A]\n2 Path=/a\n3 Path=/b\n4 x=y\n");
        expect_read("[A]\nPath=/a\n  /b\n",
                        "1 [A]\n2 Path=/a\nf:3: Neither a [Section] nor Key=Value: '/b'\n");
}

TEST(comments_begin_a_line_or_follow_a_blank) {
        expect_read("; a\n # b\n[A] ; c\nBus=auto   ; d\nE=;x\nF= ;y\nG=a;b #c\nH=a\t;b ;c\n",
                        "3 [A]\n4 Bus=auto\n5 E=;x\n6 F=\n7 G=a;b #c\n8 H=a\n");
}

TEST(a_colon_is_part_of_the_value_and_no_equal_sign) {
        expect_read("[A]\nPath=/a:b=c\n", "1 [A]\n2 Path=/a:b=c\n");
        expect_read("[A]\nkey : value\na: b=c\n",
                        "1 [A]\n"
                        "f:2: An assignment is written Key=Value, with '=' instead of ':'\n"
                        "f:3: An assignment is written Key=Value, with '=' instead of ':'\n");
}

TEST(line_ends_of_every_kind_are_taken) {
        expect_read("[A]\r\nx=1\r\ny=2", "1 [A]\n2 x=1\n3 y=2\n");
        expect_read("\xef\xbb\xbf[A]\nx=1", "1 [A]\n2 x=1\n");
        expect_read("", "");
        expect_read("\n\n\n", "");
        expect_read("[A]", "1 [A]\n");
}

TEST(bytes_beyond_ascii_stand_for_themselves) {
        expect_read("[A]\nx=\xff\xfe é\n", "1 [A]\n2 x=\xff\xfe é\n");
}

TEST(control_characters_are_refused) {
        static const char text[] = "[A]\nx=a\0b\ny=\x1b[31m\nz=a\rb\nq=\x01\n# \x02\nok=1\n";

        expect_read_bytes(text,
                        sizeof(text) - 1,
                        "1 [A]\n7 ok=1\n"
                        "f:2: The line contains a control character (0x00)\n"
                        "f:3: The line contains a control character (0x1b)\n"
                        "f:4: The line contains a control character (0x0d)\n"
                        "f:5: The line contains a control character (0x01)\n");
}

TEST(lines_that_do_not_fit_are_errors) {
        expect_read("x=1\n[A]\ngarbage\n=v\nk ey=1\nk;=1\n[B\n[]\n[C] x\n[C]#\n",
                        "2 [A]\n7 [B]\n8 []\n9 [C]\n10 [C]\n"
                        "f:1: There is no [Section] before the line\n"
                        "f:3: Neither a [Section] nor Key=Value: 'garbage'\n"
                        "f:4: What is before the '=' is no key: '=v'\n"
                        "f:5: What is before the '=' is no key: 'k ey=1'\n"
                        "f:6: What is before the '=' is no key: 'k;=1'\n"
                        "f:7: The section header lacks its ']'\n"
                        "f:8: The section header has no name in it\n"
                        "f:9: There is something after the ']' of the section header\n"
                        "f:10: There is something after the ']' of the section header\n");
}

TEST(a_line_is_not_continued) {
        expect_read("[A]\nx=1 \\\n  y\n",
                        "1 [A]\n"
                        "f:2: A line is not continued by '\\' at its end; "
                        "assign to the key again to add to a list\n"
                        "f:3: Neither a [Section] nor Key=Value: 'y'\n");
}

/* A file of one assignment with a value of `n` bytes, made of `pattern` again and again. */
static void expect_whole(const char *pattern, size_t n) {
        _cleanup_free_ char *text = NULL, *expected = NULL, *value = malloc(n + 1);
        size_t length = strlen(pattern);

        for (size_t i = 0; i < n; i++)
                value[i] = pattern[i % length];
        /* Blanks around a value do not count. */
        value[0] = value[n - 1] = '/';
        value[n] = '\0';
        EXPECT(asprintf(&text, "[A]\nPath=%s\nNext=1\n", value) > 0);
        EXPECT(asprintf(&expected, "1 [A]\n2 Path=%s\n3 Next=1\n", value) > 0);
        expect_read(text, expected);
}

TEST(no_value_is_cut_whatever_its_length) {
        /* Around every place where inih's buffer could end. */
        for (size_t n = 2; n < 850; n++)
                expect_whole("abcdefghij", n);
        expect_whole("abcdefghij", 4000);
        expect_whole("abcdefghij", INI_LINE_MAX - 5);
}

TEST(no_value_is_changed_where_inih_is_given_pieces) {
        /* What inih would trim, take for a comment, a section or a key at the begin of a piece. */
        static const char *const patterns[] = {
                "  ",
                "a ",
                " a",
                ";",
                ";;a",
                "#",
                "# a",
                "[x]",
                "=",
                ":",
                "a=b",
                "\t",
                "\xff",
                "\\",
        };

        for (size_t i = 0; i < ELEMENTSOF(patterns); i++)
                for (size_t n = 170; n < 420; n += 3)
                        expect_whole(patterns[i], n);
}

TEST(a_comment_ends_a_long_value_wherever_it_begins) {
        for (size_t n = 150; n < 450; n++) {
                _cleanup_free_ char *text = NULL, *expected = NULL;
                char value[512];

                memset(value, 'v', n);
                value[n] = '\0';
                EXPECT(asprintf(&text, "[A]\nx=%s  ; %s\ny=1\n", value, value) > 0);
                EXPECT(asprintf(&expected, "1 [A]\n2 x=%s\n3 y=1\n", value) > 0);
                expect_read(text, expected);
        }
}

TEST(a_value_may_begin_far_from_its_key) {
        char text[1024] = "[A]\nx=", *to = text + strlen(text);

        memset(to, ' ', 800);
        strcpy(to + 800, "v\n");
        expect_read(text, "1 [A]\n2 x=v\n");
}

TEST(keys_and_section_names_are_not_cut) {
        char name[201], key[INI_KEY_MAX + 2], text[512], expected[512];

        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        (void) snprintf(text, sizeof(text), "[Watch %s]\n", name);
        (void) snprintf(expected, sizeof(expected), "1 [Watch %s]\n", name);
        expect_read(text, expected);

        memset(key, 'k', sizeof(key) - 1);
        key[INI_KEY_MAX + 1] = '\0';
        (void) snprintf(text, sizeof(text), "[A]\n%s=1\n%s=2\n", key + 1, key);
        (void) snprintf(expected,
                        sizeof(expected),
                        "1 [A]\n2 %s=1\n"
                        "f:3: A key, and the blanks after it, have at most 64 characters\n",
                        key + 1);
        expect_read(text, expected);
}

TEST(a_line_has_an_end) {
        _cleanup_free_ char *text = malloc(INI_LINE_MAX + 100);
        char *to;

        assert(text);
        to = stpcpy(text, "[A]\nx=");
        memset(to, 'a', INI_LINE_MAX);
        strcpy(to + INI_LINE_MAX, "\ny=1\n");
        expect_read(text, "1 [A]\n3 y=1\nf:2: A line has at most 64 KiB\n");
}

TEST(a_file_has_an_end) {
        size_t n = INI_FILE_MAX + 1;
        _cleanup_free_ char *text = malloc(n);

        memset(text, '\n', n);
        expect_read_bytes(text, n, "f: A file has at most 16 MiB\n");
        expect_read_bytes(text, n - 1, "");
}

TEST(a_file_is_read_as_memory_is) {
        const IniHandler handler = { on_section, on_assignment, &(Buffer){} };
        _cleanup_(problems_done) Problems problems = {};
        _cleanup_close_ int fd = memfd_create("ini", MFD_CLOEXEC);
        char path[64];

        EXPECT(write(fd, "[A]\nx=1\noops\n", 13) == 13);
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        EXPECT_OK(ini_read_file(path, &handler, &problems));
        EXPECT_STREQ(((Buffer *) handler.userdata)->data, "1 [A]\n2 x=1\n");
        EXPECT_EQ(problems.n_errors, 1);
        EXPECT(strstr(problems_first_error(&problems), ":3: Neither"));
        buffer_done(handler.userdata);
}

TEST(a_file_that_cannot_be_read_is_told_by_its_errno) {
        const IniHandler handler = { on_section, on_assignment, NULL };
        _cleanup_(problems_done) Problems problems = {};

        EXPECT_EQ(ini_read_file("/nonexistent/file", &handler, &problems), -ENOENT);
        EXPECT_EQ(ini_read_file("/", &handler, &problems), -EISDIR);
        EXPECT_EQ(problems.n_items, 0);
}

TEST(nobody_is_waited_for_who_might_write_into_a_fifo) {
        const IniHandler handler = { on_section, on_assignment, NULL };
        _cleanup_(problems_done) Problems problems = {};
        char path[64];
        int fds[2];

        EXPECT_OK(pipe2(fds, O_CLOEXEC));
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
        EXPECT_EQ(ini_read_file(path, &handler, &problems), -ENXIO);
        close(fds[0]);
        close(fds[1]);
        EXPECT_EQ(problems.n_items, 0);
}

TEST(problems_are_escaped_and_have_an_end) {
        _cleanup_(problems_done) Problems problems = {};

        problem_error(&problems, "bad\x1b[31m", 7, "%s", "two\nlines");
        EXPECT_STREQ(problems_first_error(&problems), "bad\\x1b[31m:7: two\\nlines");
        problem_warning(&problems, NULL, 0, "no place");
        EXPECT_STREQ(problems.items[1].text, "no place");
        EXPECT(!problems.items[1].is_error);
        EXPECT_EQ(problems.n_errors, 1);
        for (int i = 0; i < 5000; i++)
                problem_error(&problems, "f", 1, "again");
        EXPECT_EQ(problems.n_items, 1001);
        EXPECT_EQ(problems.n_errors, 5001);
        EXPECT(strstr(problems.items[1000].text, "not listed"));
}
