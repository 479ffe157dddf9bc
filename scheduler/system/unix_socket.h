/* Stream sockets in a project's state folder: reached by a short path (a socket's path ends at 108
 * bytes, a folder's does not), and open to the same user and to root only. */
#ifndef DATEMILL_SYSTEM_UNIX_SOCKET_H
#define DATEMILL_SYSTEM_UNIX_SOCKET_H

#include "scheduler/base/error.h"

#include <stdint.h>
#include <sys/types.h>

#define UNIX_SOCKET_NAME_BYTES 64

struct unix_peer {
    int64_t pid;
    uid_t uid;
};

/* Listens at `name` in the folder `dir_fd`, mode 0600; a socket left there by a dead process is
 * replaced (the caller holds the lock that makes it the only one). Non-blocking, close-on-exec. */
int unix_socket_listen(int dir_fd, const char *name, int *ret_fd, struct error *err);

/* Connects; non-blocking, close-on-exec. Nobody listens: ERROR_KIND_NOT_FOUND. A listener of
 * another user: ERROR_KIND_REFUSED. */
int unix_socket_connect(int dir_fd, const char *name, int *ret_fd, struct error *err);

/* Takes the next connection; *ret_fd = -1 if none waits, or if it was another user's, who is turned
 * away without a word. Non-blocking, close-on-exec. Fails when descriptors or memory ran out. */
int unix_socket_accept(int listen_fd, int *ret_fd, struct error *err);

/* Who is at the other end of a connected socket. */
int unix_socket_peer(int fd, struct unix_peer *ret_peer, struct error *err);

#endif
