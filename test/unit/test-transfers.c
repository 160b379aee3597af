/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of files under way, also side by side with a simple list that is told the same. */

#include "processors/processor.h"
#include "processors/transfer-record.h"
#include "processors/transfers.h"
#include "test.h"

static Transfer *add(Transfers *t, const char *path, usec_t now) {
        Transfer *x = NULL;

        EXPECT_OK(transfers_add(t, path, strlen(path), now, &x));
        return x;
}

static Transfer *find(const Transfers *t, const char *path) {
        return transfers_find(t, path, strlen(path));
}

static int move_below(Transfers *t, const char *from, const char *to) {
        return transfers_move_below(t, from, strlen(from), to, strlen(to));
}

static Transfers *make(void) {
        Transfers *t = NULL;

        EXPECT_OK(transfers_new(&t));
        return t;
}

TEST(an_empty_table_has_nothing) {
        _cleanup_(transfers_freep) Transfers *t = make();

        EXPECT_EQ(transfers_n(t), 0);
        EXPECT(!transfers_oldest(t));
        EXPECT(!find(t, "/a"));
        transfers_remove_below(t, "/", 1);
        EXPECT_OK(move_below(t, "/a", "/b"));
}

TEST(a_transfer_is_found_by_its_whole_path) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *x = add(t, "/a/b.part", 5);

        EXPECT(find(t, "/a/b.part") == x);
        EXPECT(!find(t, "/a/b.par"));
        EXPECT(!find(t, "/a/b.part2"));
        EXPECT_STREQ(x->path, "/a/b.part");
        EXPECT_EQ(x->path_len, 9);
        EXPECT_EQ(x->started, 5);
        EXPECT_EQ(x->chunks, 0);
}

TEST(the_path_is_taken_by_its_length) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *x;

        EXPECT_OK(transfers_add(t, "/a.partXX", 7, 0, &x));
        EXPECT_STREQ(x->path, "/a.part");
        EXPECT(transfers_find(t, "/a.partYY", 7) == x);
}

TEST(a_transfer_of_the_same_path_replaces) {
        _cleanup_(transfers_freep) Transfers *t = make();

        add(t, "/a", 1)->chunks = 7;
        add(t, "/b", 2);
        EXPECT_EQ(add(t, "/a", 3)->chunks, 0);
        EXPECT_EQ(transfers_n(t), 2);
        EXPECT_STREQ(transfers_oldest(t)->path, "/b");
}

TEST(a_transfer_is_replaced_under_its_own_path) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *x = add(t, "/a", 1), *y;

        EXPECT_OK(transfers_add(t, x->path, x->path_len, 2, &y));
        EXPECT_STREQ(y->path, "/a");
        EXPECT_EQ(transfers_n(t), 1);
}

TEST(ages_are_kept_in_order) {
        _cleanup_(transfers_freep) Transfers *t = make();

        add(t, "/c", 1);
        Transfer *b = add(t, "/b", 2);
        add(t, "/a", 3);
        transfers_remove(t, b);
        EXPECT_STREQ(transfers_oldest(t)->path, "/c");
        transfers_remove(t, transfers_oldest(t));
        EXPECT_STREQ(transfers_oldest(t)->path, "/a");
        transfers_remove(t, transfers_oldest(t));
        EXPECT(!transfers_oldest(t));
        EXPECT_EQ(transfers_n(t), 0);
}

TEST(a_moved_transfer_keeps_what_it_is) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *x = add(t, "/x", 1);

        x->chunks = 3;
        add(t, "/y", 2);
        EXPECT_OK(transfers_move(t, x, "/y", 2));
        EXPECT_EQ(transfers_n(t), 1);
        EXPECT(find(t, "/y") == x);
        EXPECT(!find(t, "/x"));
        EXPECT_EQ(x->chunks, 3);
        EXPECT_EQ(x->started, 1);
        EXPECT_OK(transfers_move(t, x, "/y", 2));
        EXPECT(find(t, "/y") == x);
}

TEST(below_means_below_and_not_alike) {
        _cleanup_(transfers_freep) Transfers *t = make();
        static const char *const paths[] = { "/w/a",
                "/w/a/1",
                "/w/a/b/2",
                "/w/a-",
                "/w/a-/3",
                "/w/a0",
                "/w/ab/4",
                "/w/a\xff/5",
                "/v/a/6" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                add(t, paths[i], i);
        EXPECT_OK(move_below(t, "/w/a", "/x/longer"));
        EXPECT_EQ(transfers_n(t), ELEMENTSOF(paths));
        EXPECT(find(t, "/x/longer/1"));
        EXPECT(find(t, "/x/longer/b/2"));
        EXPECT(!find(t, "/w/a/1"));
        EXPECT_STREQ(transfers_oldest(t)->path, "/w/a");
        transfers_remove_below(t, "/x", 2);
        EXPECT_EQ(transfers_n(t), ELEMENTSOF(paths) - 2);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                EXPECT_EQ(!!find(t, paths[i]), i != 1 && i != 2);
        transfers_remove_below(t, "/", 1);
        EXPECT_EQ(transfers_n(t), 0);
}

TEST(a_moved_directory_replaces_what_was_there) {
        _cleanup_(transfers_freep) Transfers *t = make();

        add(t, "/to/1", 1);
        add(t, "/to/2", 2);
        add(t, "/from/2", 3);
        EXPECT_OK(move_below(t, "/from", "/to"));
        EXPECT_EQ(transfers_n(t), 1);
        EXPECT_EQ(find(t, "/to/2")->started, 3);
}

TEST(a_full_table_forgets_the_oldest) {
        _cleanup_(transfers_freep) Transfers *t = make();
        char path[32];

        for (unsigned i = 0; i < TRANSFERS_MAX + 2; i++) {
                (void) snprintf(path, sizeof(path), "/%u", i);
                add(t, path, i);
        }
        EXPECT_EQ(transfers_n(t), TRANSFERS_MAX);
        EXPECT(!find(t, "/0"));
        EXPECT(!find(t, "/1"));
        EXPECT(find(t, "/2"));
        EXPECT(find(t, path));
}

TEST(bytes_are_bounded_too_also_by_moves) {
        _cleanup_(transfers_freep) Transfers *t = make();
        static char dir[4000], path[sizeof(dir) + 32];
        unsigned n_fit = 0;

        memset(dir, 'd', sizeof(dir) - 1);
        dir[0] = '/';
        for (unsigned i = 0; i < 20000; i++) {
                (void) snprintf(path, sizeof(path), "/s/%05u", i);
                add(t, path, i);
        }
        EXPECT_EQ(transfers_n(t), 20000);
        EXPECT_OK(move_below(t, "/s", dir));
        n_fit = TRANSFERS_BYTES_MAX / (sizeof(dir) - 1 + 6);
        EXPECT_EQ(transfers_n(t), n_fit);
        (void) snprintf(path, sizeof(path), "%s/19999", dir);
        EXPECT(find(t, path));
        add(t, "/short", 30000);
        EXPECT(find(t, "/short"));
}

/* A keeper that tells another table at once. */
static void follow(Processor *p, const void *record, size_t n, void *userdata) {
        EXPECT_OK(transfers_restore(userdata, record, n, 0, 0));
}

/* A keeper that has the last record. */
typedef struct Last {
        char data[TRANSFER_RECORD_MAX];
        size_t n;
} Last;

static void keep_last(Processor *p, const void *record, size_t n, void *userdata) {
        Last *last = userdata;

        memcpy(last->data, record, n);
        last->n = n;
}

TEST(what_is_moved_does_not_make_room_for_itself) {
        static char name[1024];

        for (unsigned is_done = 0; is_done < 2; is_done++) {
                _cleanup_(transfers_freep) Transfers *t = make();
                Transfer *x = add(t, "/old", 0);
                size_t n = TRANSFERS_BYTES_MAX / (sizeof(name) - 1);

                (void) memset(name, 'x', sizeof(name) - 1);
                for (size_t i = 0; i < n; i++) {
                        (void) snprintf(name + sizeof(name) - 8, 8, "%07zu", i);
                        add(t, name, i);
                }
                EXPECT_EQ(transfers_n(t), n + 1);
                EXPECT(transfers_oldest(t) == x);
                if (is_done)
                        transfers_done(t, x);
                name[0] = '/';
                EXPECT_OK(transfers_move(t, x, name, sizeof(name) - 1));
                EXPECT(find(t, name) == x);
                EXPECT_EQ(transfers_n(t), n);
        }
}

TEST(what_began_before_the_machine_did_is_as_old_as_it_is) {
        const usec_t usec = 1000 * USEC_PER_SEC, hour = 3600 * USEC_PER_SEC;
        _cleanup_(transfers_freep) Transfers *t = make(), *later = make(), *soon = make();
        _cleanup_free_ Last *last = calloc(1, sizeof(*last));
        Processor keeper = { .keep = keep_last, .keep_userdata = last };
        Transfer *x = add(t, "/a.part", 500 * USEC_PER_SEC);

        EXPECT_OK(transfers_set_keeper(t, &keeper));
        x->started_usec = usec;
        x->chunks = 7;
        transfers_keep(t, x);

        /* An hour later, a minute after the next boot. */
        EXPECT_OK(transfers_restore(later, last->data, last->n, 60 * USEC_PER_SEC, usec + hour));
        x = find(later, "/a.part");
        EXPECT_EQ(x->chunks, 7);
        EXPECT_EQ(transfer_deadline(x, 2 * hour), hour + 60 * USEC_PER_SEC);
        EXPECT_EQ(transfer_deadline(x, hour / 2), 0); /* long ago */
        EXPECT_EQ(transfer_deadline(x, USEC_INFINITY), USEC_INFINITY);

        /* A second later, in the same boot; and by a clock that went back. */
        EXPECT_OK(transfers_restore(
                        soon, last->data, last->n, 501 * USEC_PER_SEC, usec + USEC_PER_SEC));
        EXPECT_EQ(transfer_deadline(find(soon, "/a.part"), hour), hour + 500 * USEC_PER_SEC);
        transfers_remove(soon, find(soon, "/a.part"));
        EXPECT_OK(transfers_restore(soon, last->data, last->n, 501 * USEC_PER_SEC, 5));
        EXPECT_EQ(transfer_deadline(find(soon, "/a.part"), hour), hour + 501 * USEC_PER_SEC);
}

TEST(records_that_say_nothing_are_refused) {
        _cleanup_(transfers_freep) Transfers *t = make();
        struct {
                TransferRecord fields;
                char paths[16];
        } record = { { .path_len = 2, .other_len = 2 }, "/a/b" };
        const size_t n = sizeof(TransferRecord) + 4;

        for (size_t i = 0; i < n; i++)
                EXPECT_EQ(transfers_restore(t, &record, i, 0, 0), -EBADMSG);
        EXPECT_EQ(transfers_restore(t, &record, n + 1, 0, 0), -EBADMSG);
        record.fields.change = _TRANSFER_CHANGE_MAX;
        EXPECT_EQ(transfers_restore(t, &record, n, 0, 0), -EBADMSG);
        record.fields.change = TRANSFER_MOVED;
        EXPECT_EQ(transfers_restore(t, &record, n, 0, 0), 0); /* nothing that we have */
        record.paths[1] = '\0';
        EXPECT_EQ(transfers_restore(t, &record, n, 0, 0), -EBADMSG);
        EXPECT_EQ(transfers_n(t), 0);
}

TEST(an_inode_finds_who_was_last_given_it) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *a = add(t, "/a", 1), *b = add(t, "/b", 2);

        EXPECT(!transfers_find_inode(t, 0));
        EXPECT(!transfers_find_inode(t, 7));
        transfers_set_inode(t, a, 7);
        EXPECT(transfers_find_inode(t, 7) == a);
        transfers_set_inode(t, b, 7);
        EXPECT(transfers_find_inode(t, 7) == b);
        transfers_remove(t, b);
        EXPECT(transfers_find_inode(t, 7) == a);
        transfers_set_inode(t, a, 7 + 4096);
        EXPECT(!transfers_find_inode(t, 7));
        EXPECT(transfers_find_inode(t, 7 + 4096) == a);
        transfers_set_inode(t, a, 0);
        EXPECT(!transfers_find_inode(t, 7 + 4096));
}

TEST(who_waits_is_found_in_the_order_of_time) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *a = add(t, "/a", 1), *b = add(t, "/b", 2), *c = add(t, "/c", 3);

        EXPECT(!transfers_first_waiting(t, 1));
        transfers_wait(t, a, 1, 10, 0);
        transfers_wait(t, b, 1, 30, 0);
        transfers_wait(t, c, 1, 20, 0);
        EXPECT(transfers_first_waiting(t, 1) == a);
        EXPECT(!transfers_first_waiting(t, 0));
        transfers_wait(t, a, 1, 40, 0);
        EXPECT(transfers_first_waiting(t, 1) == c);
        transfers_wait(t, c, 0, 5, 0);
        EXPECT(transfers_first_waiting(t, 0) == c);
        EXPECT(transfers_first_waiting(t, 1) == b);
        transfers_wait_no_more(t, b);
        transfers_wait_no_more(t, b);
        EXPECT(transfers_first_waiting(t, 1) == a);
        transfers_remove(t, a);
        EXPECT(!transfers_first_waiting(t, 1));
}

TEST(who_begins_anew_is_the_youngest_and_who_is_done_has_no_age) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Transfer *a = add(t, "/a", 1), *b = add(t, "/b", 2);

        transfers_restart(t, a, 3);
        EXPECT(transfers_oldest(t) == b);
        EXPECT_EQ(a->started, 3);
        transfers_wait(t, b, 0, 9, 0);
        transfers_done(t, b);
        EXPECT(transfers_oldest(t) == a);
        EXPECT(!transfers_first_waiting(t, 0));
        transfers_done(t, a);
        EXPECT(!transfers_oldest(t));
        EXPECT_EQ(transfers_n(t), 2);
}

typedef struct Told {
        unsigned n, n_full;
        char last[32];
} Told;

static void take_forgotten(const Transfer *x, bool is_full, void *userdata) {
        Told *told = userdata;

        told->n++;
        told->n_full += is_full;
        (void) snprintf(told->last, sizeof(told->last), "%s", x->path);
}

TEST(a_full_table_forgets_what_is_done_first_and_says_so) {
        _cleanup_(transfers_freep) Transfers *t = make();
        Told told = {};
        char path[32];

        transfers_on_forgotten(t, take_forgotten, &told);
        for (unsigned i = 0; i < TRANSFERS_MAX; i++) {
                (void) snprintf(path, sizeof(path), "/%u", i);
                Transfer *x = add(t, path, i);
                if (i == 7)
                        transfers_done(t, x);
        }
        EXPECT_EQ(told.n, 0);
        add(t, "/more", TRANSFERS_MAX);
        EXPECT_STREQ(told.last, "/7");
        add(t, "/even-more", TRANSFERS_MAX);
        EXPECT_STREQ(told.last, "/0");
        EXPECT_EQ(told.n_full, 2);
        transfers_remove(t, find(t, "/1"));
        EXPECT_EQ(told.n, 2);
        transfers_remove_below(t, "/", 1);
        EXPECT_EQ(told.n, 2 + TRANSFERS_MAX - 1);
        EXPECT_EQ(told.n_full, 2);
}

static int note_path(Transfer *x, void *userdata) {
        char *all = userdata;

        strcat(strcat(all, x->path), " ");
        return streq(x->path, "/stop") ? -ECANCELED : 0;
}

TEST(a_prefix_is_visited_in_order_and_no_further_than_wanted) {
        _cleanup_(transfers_freep) Transfers *t = make();
        static const char *const paths[] = {
                "/d/b.2", "/d/a", "/d/b", "/d/b.1", "/d/b.10", "/d/c", "/stop"
        };
        char all[128] = "";

        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                add(t, paths[i], i);
        EXPECT_OK(transfers_visit(t, "/d/b.", 5, 100, note_path, all));
        EXPECT_STREQ(all, "/d/b.1 /d/b.10 /d/b.2 ");
        all[0] = '\0';
        EXPECT_OK(transfers_visit(t, "/d/b.", 5, 2, note_path, all));
        EXPECT_STREQ(all, "/d/b.1 /d/b.10 ");
        all[0] = '\0';
        EXPECT_OK(transfers_visit(t, "/d/x", 4, 2, note_path, all));
        EXPECT_STREQ(all, "");
        EXPECT_EQ(transfers_visit(t, "/", 1, 100, note_path, all), -ECANCELED);
}

/* A list that does the same the slow way. */
typedef struct Model {
        struct {
                char path[64];
                uint32_t chunks;
        } items[512];
        size_t n;
} Model;

static void model_remove(Model *m, const char *path, bool below) {
        size_t kept = 0, len = strlen(path);

        for (size_t i = 0; i < m->n; i++) {
                bool hit = below ? strncmp(m->items[i].path, path, len) == 0 &&
                                                           m->items[i].path[len] == '/'
                                 : streq(m->items[i].path, path);

                if (!hit)
                        m->items[kept++] = m->items[i];
        }
        m->n = kept;
}

static void model_move_below(Model *m, const char *from, const char *to) {
        char path[64];
        size_t len = strlen(from);

        model_remove(m, to, true);
        for (size_t i = 0; i < m->n; i++)
                if (strncmp(m->items[i].path, from, len) == 0 && m->items[i].path[len] == '/') {
                        int n = snprintf(path, sizeof(path), "%s%s", to, m->items[i].path + len);
                        assert(n < (int) sizeof(path));
                        memcpy(m->items[i].path, path, sizeof(path));
                }
}

static void compare_with_model(Transfers *t, const Model *m) {
        EXPECT_EQ(transfers_n(t), m->n);
        for (size_t i = 0; i < m->n; i++) {
                const Transfer *x = find(t, m->items[i].path);

                EXPECT(x);
                EXPECT_EQ(x ? x->chunks : 0, m->items[i].chunks);
        }
        if (m->n > 0)
                EXPECT_STREQ(transfers_oldest(t)->path, m->items[0].path);
}

TEST(ten_thousand_random_steps_agree_with_a_list_and_with_what_was_kept) {
        static const char *const dirs[] = { "/a", "/a/b", "/ab", "/a-", "/a\xff", "/c", "/c/d" };
        _cleanup_(transfers_freep) Transfers *t = make(), *follower = make();
        Processor keeper = { .keep = follow, .keep_userdata = follower };
        static Model m;
        unsigned seed = 42;

        EXPECT_OK(transfers_set_keeper(t, &keeper));

        for (unsigned step = 0; step < 10000 && n_test_failures == 0; step++) {
                const char *dir = dirs[(unsigned) rand_r(&seed) % ELEMENTSOF(dirs)];
                const char *to = dirs[(unsigned) rand_r(&seed) % ELEMENTSOF(dirs)];
                unsigned what = (unsigned) rand_r(&seed) % 16;
                char path[64];

                (void) snprintf(path, sizeof(path), "%s/%d", dir, rand_r(&seed) % 40);
                if (what < 10) {
                        model_remove(&m, path, false);
                        (void) snprintf(m.items[m.n].path, sizeof(path), "%s", path);
                        m.items[m.n++].chunks = step;
                        Transfer *x = add(t, path, step);

                        x->chunks = step;
                        transfers_keep(t, x);
                } else if (what < 13) {
                        Transfer *x = find(t, path);

                        if (x)
                                transfers_remove(t, x);
                        model_remove(&m, path, false);
                } else if (what < 14) {
                        transfers_remove_below(t, dir, strlen(dir));
                        model_remove(&m, dir, true);
                } else if (strncmp(dir, to, MIN_OF(strlen(dir), strlen(to))) != 0) {
                        EXPECT_OK(move_below(t, dir, to));
                        model_move_below(&m, dir, to);
                }
                compare_with_model(t, &m);
                compare_with_model(follower, &m);
        }
}
