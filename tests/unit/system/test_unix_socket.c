/* Sockets in a state folder: long paths, modes, leftovers, and who is at the other end. */
#include "scheduler/base/scope.h"
#include "scheduler/system/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#define NAME "test.sock"

struct world {
    char folder[512];
    int dir_fd;
    struct error err;
};

/* In a folder whose path is longer than a socket's may be. */
static struct world *open_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    snprintf(world->folder, sizeof world->folder, "/tmp/datemill-socket-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    size_t length = strlen(world->folder);
    world->folder[length] = '/';
    memset(world->folder + length + 1, 'x', 200);
    assert_int_equal(mkdir(world->folder, 0700), 0);
    world->dir_fd = open(world->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world->dir_fd >= 0);
    return world;
}

static void close_world(struct world *world)
{
    unlinkat(world->dir_fd, NAME, 0);
    close(world->dir_fd);
    rmdir(world->folder);
    *strrchr(world->folder, '/') = '\0';
    rmdir(world->folder);
    free(world);
}

static int listen_there(struct world *world)
{
    int fd = -1;
    if (unix_socket_listen(world->dir_fd, NAME, &fd, &world->err) < 0)
        fail_msg("%s", world->err.text);
    return fd;
}

static int connect_there(struct world *world)
{
    int fd = -1;
    if (unix_socket_connect(world->dir_fd, NAME, &fd, &world->err) < 0)
        fail_msg("%s", world->err.text);
    return fd;
}

static void expect_flags(int fd)
{
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

static void test_a_conversation(void **state)
{
    (void)state;
    struct world *world = open_world();
    struct stat status;
    char bytes[8] = "";
    SCOPED_FD int listening = listen_there(world);
    assert_int_equal(fstatat(world->dir_fd, NAME, &status, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 0777, 0600);
    SCOPED_FD int client = connect_there(world);
    SCOPED_FD int server = -1;
    assert_int_equal(unix_socket_accept(listening, &server, &world->err), 0);
    assert_true(server >= 0);
    expect_flags(listening);
    expect_flags(client);
    expect_flags(server);
    assert_int_equal(write(client, "hello", 5), 5);
    assert_int_equal(read(server, bytes, sizeof bytes), 5);
    assert_string_equal(bytes, "hello");
    struct unix_peer peer = {0};
    assert_int_equal(unix_socket_peer(server, &peer, &world->err), 0);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.uid, geteuid());
    close_world(world);
}

static void test_nobody_waits(void **state)
{
    (void)state;
    struct world *world = open_world();
    SCOPED_FD int listening = listen_there(world);
    int fd = 99;
    assert_int_equal(unix_socket_accept(listening, &fd, &world->err), 0);
    assert_int_equal(fd, -1);
    close_world(world);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    struct world *world = open_world();
    int fd = 99;
    assert_int_equal(unix_socket_connect(world->dir_fd, NAME, &fd, &world->err), -1);
    assert_int_equal(world->err.kind, ERROR_KIND_NOT_FOUND);
    close(listen_there(world)); /* its file stays, as after a kill */
    assert_int_equal(unix_socket_connect(world->dir_fd, NAME, &fd, &world->err), -1);
    assert_int_equal(world->err.kind, ERROR_KIND_NOT_FOUND);
    assert_int_equal(fd, 99);
    SCOPED_FD int listening = listen_there(world); /* takes its place */
    assert_true(listening >= 0);
    SCOPED_FD int client = connect_there(world);
    assert_true(client >= 0);
    close_world(world);
}

static void test_names(void **state)
{
    (void)state;
    struct world *world = open_world();
    char name[UNIX_SOCKET_NAME_BYTES + 1];
    int fd = 99;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(unix_socket_listen(world->dir_fd, name, &fd, &world->err), -1);
    assert_int_equal(unix_socket_listen(world->dir_fd, "../x", &fd, &world->err), -1);
    assert_int_equal(unix_socket_connect(world->dir_fd, "../x", &fd, &world->err), -1);
    assert_int_equal(fd, 99);
    close_world(world);
}

/* A full queue is no proof that nobody is there. */
static void test_a_full_queue(void **state)
{
    (void)state;
    struct world *world = open_world();
    int clients[512];
    int count = 0;
    SCOPED_FD int listening = listen_there(world);
    assert_true(listening >= 0);
    while (count < 512 &&
           unix_socket_connect(world->dir_fd, NAME, &clients[count], &world->err) == 0)
        count++;
    assert_in_range(count, 1, 511);
    assert_int_equal(world->err.kind, ERROR_KIND_BUSY);
    for (int i = 0; i < count; i++)
        close(clients[i]);
    close_world(world);
}

static void test_no_descriptor_is_left(void **state)
{
    (void)state;
    struct world *world = open_world();
    SCOPED_FD int listening = listen_there(world);
    SCOPED_FD int client = connect_there(world);
    struct rlimit before;
    int fd = 99;
    assert_true(client >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int result = unix_socket_accept(listening, &fd, &world->err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, -1);
    assert_int_equal(unix_socket_accept(listening, &fd, &world->err), 0); /* it still waits */
    assert_true(fd >= 0);
    close(fd);
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation), cmocka_unit_test(test_nobody_waits),
        cmocka_unit_test(test_nobody_listens), cmocka_unit_test(test_names),
        cmocka_unit_test(test_a_full_queue),   cmocka_unit_test(test_no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
