/* What a service manager is told of a service, as sd_notify(3) has it: a datagram of lines
 * NAME=VALUE to the socket that $NOTIFY_SOCKET names. Nobody may listen; then nothing happens. */
#ifndef DATEMILL_SYSTEM_SERVICE_MANAGER_H
#define DATEMILL_SYSTEM_SERVICE_MANAGER_H

#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"

/* `address` is a path, or `@` and an abstract name. The caller closes *ret_fd, which is -1 for an
 * `address` that is NULL or "". Fails for any other kind of address. */
int service_manager_connect(const char *address, int *ret_fd, struct error *err);

/* Never waits, and never fails: a manager that does not listen has nothing to lose. -1 is fine. */
void service_manager_tell(int fd, const char *lines);

/* How often the manager wants to hear WATCHDOG=1 at least, from $WATCHDOG_USEC and $WATCHDOG_PID
 * (either may be NULL); 0 = it does not, or not from us. */
struct duration service_manager_watchdog(const char *microseconds, const char *pid);

#endif
