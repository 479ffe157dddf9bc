#include "scheduler/system/unix_socket.h"

#include "scheduler/base/scope.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define UNIX_SOCKET_BACKLOG 128

static int open_socket(struct error *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make a socket");
    return fd;
}

static int make_address(int dir_fd, const char *name, struct sockaddr_un *ret_address,
                        struct error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(name) >= UNIX_SOCKET_NAME_BYTES || strchr(name, '/') != NULL)
        return error_set(err, ERROR_KIND_BUG, "`%s` cannot name a socket", name);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", dir_fd, name);
    *ret_address = address;
    return 0;
}

int unix_socket_peer(int fd, struct unix_peer *ret_peer, struct error *err)
{
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) < 0)
        return error_set_errno(err, ERROR_KIND_REFUSED, "cannot tell who is at a socket's end");
    *ret_peer = (struct unix_peer){.pid = credentials.pid, .uid = credentials.uid};
    return 0;
}

static bool is_trusted(int fd)
{
    struct unix_peer peer = {0};
    return unix_socket_peer(fd, &peer, NULL) == 0 && (peer.uid == geteuid() || peer.uid == 0);
}

int unix_socket_listen(int dir_fd, const char *name, int *ret_fd, struct error *err)
{
    struct sockaddr_un address;
    if (make_address(dir_fd, name, &address, err) < 0)
        return -1;
    SCOPED_FD int fd = open_socket(err);
    if (fd < 0)
        return -1;
    if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot replace the socket %s", name);
    /* the mode of a socket that is not bound yet becomes the mode of its file */
    if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, UNIX_SOCKET_BACKLOG) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot listen at %s", name);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int unix_socket_connect(int dir_fd, const char *name, int *ret_fd, struct error *err)
{
    struct sockaddr_un address;
    if (make_address(dir_fd, name, &address, err) < 0)
        return -1;
    SCOPED_FD int fd = open_socket(err);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        bool is_absent = errno == ENOENT || errno == ECONNREFUSED;
        enum error_kind kind = errno == EAGAIN ? ERROR_KIND_BUSY : ERROR_KIND_PRECONDITION;
        return error_set_errno(err, is_absent ? ERROR_KIND_NOT_FOUND : kind, "cannot connect to %s",
                               name);
    }
    if (!is_trusted(fd))
        return error_set(err, ERROR_KIND_REFUSED, "%s is served by another user", name);
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int unix_socket_accept(int listen_fd, int *ret_fd, struct error *err)
{
    SCOPED_FD int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot take a connection");
    if (fd < 0 || !is_trusted(fd)) {
        *ret_fd = -1;
        return 0;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}
