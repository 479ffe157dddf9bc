/* The TCP socket that the page listens at: made before its process, which takes it over, so that
 * an address that is taken is told at once and connections wait while it is started again. */
#ifndef DATEMILL_SYSTEM_TCP_LISTEN_H
#define DATEMILL_SYSTEM_TCP_LISTEN_H

#include "scheduler/base/error.h"

#include <stdbool.h>

#define TCP_LISTEN_DEFAULT "127.0.0.1:8650"
#define TCP_ADDRESS_BYTES 64 /* "[::1]:8650" */

/* Listens at `127.0.0.1:8650`, `[::1]:8650`, `localhost:8650`, `0.0.0.0:80`, or `8650` alone (on
 * 127.0.0.1); port 0 takes a free one. Addresses are numbers: no name is looked up but `localhost`.
 * Malformed: ERROR_KIND_USAGE; taken: ERROR_KIND_PRECONDITION. Non-blocking, close-on-exec. */
int tcp_listen(const char *address, int *ret_fd, struct error *err);

/* Where a socket listens, as `127.0.0.1:8650`. */
int tcp_listen_address(int fd, char ret_address[TCP_ADDRESS_BYTES], struct error *err);

/* Whether nobody from another machine can reach it. */
bool tcp_listen_is_loopback(int fd);

#endif
