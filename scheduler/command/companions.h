/* Where the programs are that come with datemill. */
#ifndef DATEMILL_COMMAND_COMPANIONS_H
#define DATEMILL_COMMAND_COMPANIONS_H

#include "scheduler/base/arena.h"

#define COMPANION_KEEPER "datemill-keeper"
#define COMPANION_WEB "datemill-web"
#define COMPANION_DATA "datemill-data"
#define COMPANION_LOOK "datemill-look"
#define COMPANION_NOTIFY "datemill-notify"
#define COMPANION_SYNC "datemill-sync"
#define COMPANION_SQL "datemill-sql"

/* The folder: DATEMILL_LIBEXEC where it is set; the folder of the running program, where the keeper
 * lies beside it (a build folder); ../libexec/datemill from there. Absolute, belongs to `arena`.
 * NULL when the running program's own place cannot be told. */
const char *companions_find(struct arena *arena);

/* The same for a program at `program`, an absolute path; the part of it that can be tested. */
const char *companions_of(const char *program, struct arena *arena);

#endif
