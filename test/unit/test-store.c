/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The service manager is a socket of the test. */

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "keeper.h"
#include "store.h"
#include "test.h"

typedef struct Fake {
        char path[64];
        int fd;
} Fake;

static void fake_done(Fake *f) {
        (void) unlink(f->path);
        safe_close(f->fd);
        (void) unsetenv("NOTIFY_SOCKET");
        (void) unsetenv("LISTEN_PID");
        (void) unsetenv("LISTEN_FDS");
        (void) unsetenv("LISTEN_FDNAMES");
}

static void fake_init(Fake *f) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        (void) snprintf(f->path, sizeof(f->path), "/tmp/test-store-%d", getpid());
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", f->path);
        f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        EXPECT_OK(bind(f->fd, (struct sockaddr *) &address, sizeof(address)));
        EXPECT_OK(setenv("NOTIFY_SOCKET", f->path, 1));
}

/* The next message, and the descriptor that came with it or -EBADF. */
static int receive(Fake *f, char *text, size_t size) {
        char control[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
        struct iovec iov = { text, size - 1 };
        struct msghdr m = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n = recvmsg(f->fd, &m, MSG_CMSG_CLOEXEC);
        int fd = -EBADF;

        text[MAX_OF(n, (ssize_t) 0)] = '\0';
        for (struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
                if (c->cmsg_type == SCM_RIGHTS)
                        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        return fd;
}

TEST(what_is_put_goes_to_the_service_manager) {
        _cleanup_(fake_done) Fake f;
        char text[128];

        fake_init(&f);
        store_put("watch-in.a", STDERR_FILENO);
        _cleanup_close_ int fd = receive(&f, text, sizeof(text));
        EXPECT_STREQ(text, "FDSTORE=1\nFDPOLL=0\nFDNAME=watch-in.a");
        EXPECT_INT(fd, >=, 0);
        store_remove("watch-in.a");
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "FDSTOREREMOVE=1\nFDNAME=watch-in.a");
}

TEST(without_a_service_manager_there_is_nothing) {
        _cleanup_(store_freep) Store *s = NULL;

        EXPECT_OK(store_new(&s));
        EXPECT_EQ(store_take(s, STORE_HISTORY), -ENOENT);
        store_put("x", STDERR_FILENO);
}

/* Two descriptors from 3 on, as the service manager would. Our own socket makes room. */
static void hand_over(Fake *f, const char *names) {
        int moved = fcntl(f->fd, F_DUPFD_CLOEXEC, 10);
        char text[16];

        safe_close(f->fd);
        f->fd = moved;
        for (int fd = 3; fd < 5; fd++)
                EXPECT_OK(dup2(STDERR_FILENO, fd));
        (void) snprintf(text, sizeof(text), "%d", getpid());
        EXPECT_OK(setenv("LISTEN_PID", text, 1));
        EXPECT_OK(setenv("LISTEN_FDS", "2", 1));
        EXPECT_OK(setenv("LISTEN_FDNAMES", names, 1));
}

TEST(what_comes_back_is_taken_once_and_the_rest_is_removed) {
        _cleanup_(store_freep) Store *s = NULL;
        _cleanup_(fake_done) Fake f;
        char text[128];

        fake_init(&f);
        hand_over(&f, "history:other");
        EXPECT_OK(store_new(&s));
        EXPECT_EQ(store_find(s, "history"), 3);
        _cleanup_close_ int fd = store_take(s, "history");
        EXPECT_EQ(fd, 3);
        EXPECT_EQ(store_take(s, "history"), -ENOENT);
        store_drop_rest(s);
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "FDSTOREREMOVE=1\nFDNAME=other");
        EXPECT(!getenv("LISTEN_FDS")); /* nobody after us takes them for theirs */
}

TEST(a_start_that_fails_leaves_what_is_stored) {
        _cleanup_(store_freep) Store *s = NULL;
        _cleanup_(fake_done) Fake f;
        char text[128];

        fake_init(&f);
        hand_over(&f, "history:other");
        EXPECT_OK(store_new(&s));
        s = store_free(s);
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "");
}

TEST(descriptors_are_not_kept_for_a_watch_whose_ledger_cannot_be_had) {
        Keeper k = { .watch = "x", .state_fd = -EBADF };
        _cleanup_(store_freep) Store *s = NULL;
        _cleanup_(fake_done) Fake f;
        int fd, intake_fd;
        char text[128];

        fake_init(&f);
        hand_over(&f, "watch-x:intake-x");
        EXPECT_OK(store_new(&s));
        keeper_take(&k, s, &fd, &intake_fd);
        EXPECT_EQ(fd, 3);
        EXPECT_EQ(intake_fd, 4);
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "");
        keeper_put(&k, NULL); /* they are of no use */
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "FDSTOREREMOVE=1\nFDNAME=intake-x");
        EXPECT_EQ(receive(&f, text, sizeof(text)), -EBADF);
        EXPECT_STREQ(text, "FDSTOREREMOVE=1\nFDNAME=watch-x");
        safe_close(fd);
        safe_close(intake_fd);
}
