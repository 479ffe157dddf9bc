/* Requests that are answered at once: operations on runs, freezes. The command is a client of the
 * project's engine, or the engine itself for as long as it takes. */
#ifndef DATEMILL_COMMAND_OPERATION_CALL_H
#define DATEMILL_COMMAND_OPERATION_CALL_H

#include "scheduler/base/json_out.h"
#include "scheduler/command/context.h"
#include "scheduler/daemon/notice.h"

#define OPERATION_SHOWN_NODES 10 /* in one line */

struct operation_answer {
    struct notice notice; /* the reply; its strings belong to the context's arena, none is NULL */
    const char *became;   /* the node's state, once what it had to wait for had happened */
};

/* Sends it and waits for the reply. Where the reply says that something comes first (an attempt
 * that is ended), it waits for that too; Ctrl-C leaves it to the engine. Returns 0, 130, 143 or 129
 * by the signal that came, or -1 with `err`. */
int operation_call(struct context *context, const struct request *request,
                   struct operation_answer *ret_answer, struct error *err);

/* A reason is required: ERROR_KIND_USAGE without one. */
int operation_reason(const struct options *options, const char **ret_reason, struct error *err);

/* `a, b, c and 12 more`: the keys of the reply's items. Belongs to the context's arena. */
const char *operation_nodes(struct context *context, const struct notice *notice);

/* null for an empty text. */
void operation_pair(struct json_out *json, const char *key, const char *text);

#endif
