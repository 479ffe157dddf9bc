/* What a process gives up for itself. */
#ifndef DATEMILL_SYSTEM_PROCESS_LIMITS_H
#define DATEMILL_SYSTEM_PROCESS_LIMITS_H

#include "scheduler/base/error.h"

/* No program it starts can gain privileges (no_new_privs). */
int process_limits_harden(struct error *err);

/* SIGTERM comes when the parent dies. ERROR_KIND_NOT_FOUND when `parent` is not the parent (any
 * more). */
int process_limits_end_with_parent(int parent, struct error *err);

#endif
