/* `datemill serve` at work: the engine as a server, the signals, the files, the service manager. */
#ifndef DATEMILL_COMMAND_SERVE_H
#define DATEMILL_COMMAND_SERVE_H

#include "scheduler/command/context.h"
#include "scheduler/command/page_start.h"

struct serve_options {
    const struct page_start *page; /* NULL = no page */
    struct duration drain; /* how long attempts that run are waited for at the end; negative:
                                      the project's stop_grace */
};

/* Serves until a signal ends it. Returns 0, or -1 with `err`. */
int serve_work(struct context *context, const struct serve_options *options, struct error *err);

#endif
