/* What `wait` nodes and `on_missing: wait` have in common. Pure. */
#ifndef DATEMILL_NODES_NODE_WAIT_H
#define DATEMILL_NODES_NODE_WAIT_H

#include "nodes/node_type.h"
#include "scheduler/base/text.h"

#define NODE_WAIT_DEFAULT_STABLE "10s"
#define NODE_WAIT_DEFAULT_EVERY "1m"
#define NODE_WAIT_DEFAULT_TIMEOUT "1d"

/* Fields of both. */
#define NODE_WAIT_STABLE_FIELD                                                                     \
    {                                                                                              \
        .name = "stable", .kind = FIELD_KIND_DURATION, .default_text = NODE_WAIT_DEFAULT_STABLE,   \
        .min = 0, .max = DURATION_DAY_US,                                                          \
        .help = "How long the file's size and time have not changed before it counts as there."    \
    }
#define NODE_WAIT_EVERY_FIELD                                                                      \
    {                                                                                              \
        .name = "every", .kind = FIELD_KIND_DURATION, .default_text = NODE_WAIT_DEFAULT_EVERY,     \
        .min = DURATION_SECOND_US, .max = DURATION_DAY_US,                                         \
        .help = "The time between two looks at a mount (a bucket, NFS), whose changes nobody "     \
                "tells; on a local disk a change is seen at once."                                 \
    }
#define NODE_WAIT_ON_TIMEOUT_FIELD                                                                 \
    {                                                                                              \
        .name = "on_timeout", .kind = FIELD_KIND_CHOICE, .choices = node_wait_on_timeout,          \
        .default_text = "fail",                                                                    \
        .help = "After the timeout: the node has failed, or is skipped, so that those that need "  \
                "it go on."                                                                        \
    }

extern const char *const node_wait_on_timeout[]; /* fail, skip */

/* 02:30 or 02:30:15 as seconds of the day; false: it is none. */
bool node_wait_parse_time(const char *text, int32_t *ret_seconds);

/* Takes stable, every, timeout and on_timeout from the block, or their defaults. */
void node_wait_read(const struct field_value *block, struct node_wait *wait);

/* The connection with that name, or NULL. */
const struct node_connection *node_wait_connection(const struct node_facts *facts,
                                                   const char *name);

/* E116 unless it is a connection of type `files`; `reader` for the message: "sync". */
void node_wait_check_connection(const struct field_value *value, const struct node_facts *facts,
                                const char *reader, const struct node_report *report);

/* E131 unless a partition is written as `dt=…`, several with `/` or `,` between, or as a map. */
void node_wait_check_partition(const struct field_value *value, const struct node_report *report);

/* `dt=20211111`, parts separated by '/'. NULL is the whole table. */
void node_wait_append_partition(const struct field_value *partition, struct text *out);

#endif
