/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "repeats.h"
#include "test.h"

typedef struct Fixture {
        History *history;
        Repeats repeats;
} Fixture;

static void done(Fixture *f) {
        repeats_done(&f->repeats);
        f->history = history_free(f->history);
}

static Notice notice(Member member, const char *path, const char *source) {
        return (Notice){
                .member = member,
                .path = path,
                .path_len = strlen(path),
                .source = source,
                .source_len = source ? strlen(source) : 0,
                .watch = "a",
        };
}

static void
told(Fixture *f, const char *watch, Member member, const char *path, const char *source) {
        Notice n = notice(member, path, source);

        n.watch = watch;
        EXPECT_OK(history_append(f->history, &n, 1));
}

static void read_all(Fixture *f) {
        EXPECT_OK(repeats_read(&f->repeats, f->history, (Cursor){}, history_end(f->history), "a"));
}

static bool
have(const Fixture *f, Member member, const char *path, const char *source, uint64_t sequence) {
        Notice n = notice(member, path, source);

        return repeats_have(&f->repeats, &n, sequence);
}

static bool end_with(const Fixture *f, Member member, const char *path) {
        Notice n = notice(member, path, NULL);

        return repeats_end_with(&f->repeats, &n);
}

TEST(an_empty_one_knows_nothing) {
        Fixture f = {};

        EXPECT(!have(&f, MEMBER_IN_CREATE, "/a", NULL, 0));
        EXPECT(!end_with(&f, MEMBER_IN_CREATE, "/a"));
}

TEST(what_says_the_same_is_known_again_by_all_that_it_says) {
        _cleanup_(done) Fixture f = {};

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f.history));
        told(&f, "a", MEMBER_IN_MOVED_TO, "/b", "/a");
        told(&f, "a", MEMBER_IN_CREATE, "/c", NULL);
        told(&f, "other", MEMBER_IN_CREATE, "/d", NULL);
        told(&f, "a", MEMBER_IN_CREATE, "/c", NULL);
        read_all(&f);
        EXPECT(have(&f, MEMBER_IN_MOVED_TO, "/b", "/a", 0));
        EXPECT(!have(&f, MEMBER_IN_MOVED_TO, "/b", "/a", 1));
        EXPECT(!have(&f, MEMBER_IN_MOVED_TO, "/b", "/c", 0));
        EXPECT(!have(&f, MEMBER_IN_MOVED_TO, "/b", NULL, 0));
        EXPECT(!have(&f, MEMBER_IN_CREATE, "/b", NULL, 0));
        EXPECT(!have(&f, MEMBER_IN_CREATE, "/d", NULL, 0));
        EXPECT(have(&f, MEMBER_IN_CREATE, "/c", NULL, 3)); /* the last one counts */
        EXPECT(!have(&f, MEMBER_IN_CREATE, "/c", NULL, 4));
}

TEST(what_a_look_finds_was_told_by_whatever_brought_it_there) {
        _cleanup_(done) Fixture f = {};

        EXPECT_OK(history_new(HISTORY_SIZE_MIN, &f.history));
        told(&f, "a", MEMBER_IN_CREATE, "/made", NULL);
        told(&f, "a", MEMBER_IN_MOVED_TO, "/moved", "/made-before");
        told(&f, "a", MEMBER_IN_CREATE, "/left", NULL);
        told(&f, "a", MEMBER_IN_MOVED_FROM, "/left", NULL);
        told(&f, "a", MEMBER_IN_DELETE, "/again", NULL);
        told(&f, "a", MEMBER_IN_MOVED_TO, "/again", "/elsewhere");
        told(&f, "a", MEMBER_IN_CREATE, "/written", NULL);
        told(&f, "a", MEMBER_IN_MODIFY, "/written", NULL);
        read_all(&f);
        EXPECT(end_with(&f, MEMBER_IN_CREATE, "/made"));
        EXPECT(end_with(&f, MEMBER_IN_CREATE, "/moved"));
        EXPECT(end_with(&f, MEMBER_IN_CREATE, "/again"));
        EXPECT(!end_with(&f, MEMBER_IN_CREATE, "/left"));
        EXPECT(!end_with(&f, MEMBER_IN_CREATE, "/made-before"));
        EXPECT(end_with(&f, MEMBER_IN_DELETE, "/left"));
        EXPECT(!end_with(&f, MEMBER_IN_DELETE, "/again"));
        EXPECT(end_with(&f, MEMBER_IN_CREATE, "/written"));
        EXPECT(end_with(&f, MEMBER_IN_MODIFY, "/written"));
        EXPECT(!end_with(&f, MEMBER_IN_MODIFY, "/made"));
}
