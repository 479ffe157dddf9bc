/* What `serve` says on standard error: a line an event, for a person at a terminal, key=value for a
 * journal, JSON with --json. */
#ifndef DATEMILL_COMMAND_SERVE_TELL_H
#define DATEMILL_COMMAND_SERVE_TELL_H

#include "scheduler/command/context.h"

struct serve_line {
    const char *event;   /* "start", "run", "note", … */
    const char *flow;    /* "" = of none, as the others */
    const char *bizdate; /* 2021-11-11 */
    const char *state;   /* of the run, by name */
    const char *text;    /* one line */
    int64_t run_id;      /* 0 = none */
};

/* Nothing with -q. Flushes. What cannot be written is lost, and nothing else. */
void serve_tell(struct context *context, struct instant at, const struct serve_line *line);

#endif
