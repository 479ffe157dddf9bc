/* Watchers behind the control socket: commands and pages of other processes. */
#ifndef DATEMILL_DAEMON_CONNECTIONS_H
#define DATEMILL_DAEMON_CONNECTIONS_H

#include "scheduler/base/error.h"

struct daemon;

/* Begins to listen. */
int connections_open(struct daemon *daemon, struct error *err);
void connections_close(struct daemon *daemon);

#endif
