/* Whom to tell what: `channels:` and `notify:` of datemill.yaml, `notify:` and `deadline:` of a
 * flow. Values of a channel are as written: secrets are read when a message goes out. */
#ifndef DATEMILL_FLOW_NOTIFY_H
#define DATEMILL_FLOW_NOTIFY_H

#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_report.h"
#include "scheduler/flow/flow_source.h"

enum notify_event { /* numbers are kept in the store: never change one */
    NOTIFY_FAILURE = 0,
    NOTIFY_SUCCESS = 1,
    NOTIFY_LATE = 2,
    NOTIFY_SUMMARY = 3, /* of messages that were too many; nobody asks for it */
    NOTIFY_TEST = 4
};
#define NOTIFY_MAX_HEADERS 32
#define NOTIFY_EVENT_COUNT 5
#define NOTIFY_ASKED_COUNT 3 /* what `notify` may name */

struct notify_channel {
    const char *name;
    bool is_command;
    const struct field_value *url;     /* webhook; may be a secret */
    const struct field_value *headers; /* webhook: LIST of name and value, NULL = none */
    const char *body;                  /* webhook: template, relative to the project; NULL = none */
    const char *ok_field;              /* webhook: NULL = the status alone counts */
    const char *const *words;          /* command: argv, NULL at the end */
    const struct field_value *env;     /* command: MAP, NULL = none */
    struct duration timeout;
    int32_t max; /* messages within `per`; more become one summary */
    struct duration per;
};

struct flow_notify {
    struct flow_paths channels[NOTIFY_ASKED_COUNT]; /* names */
    bool tells_manual;                              /* also of runs by hand */
    bool has_deadline;
    bool is_deadline_after;   /* after the planned time; else a time of day */
    struct duration deadline; /* since then, or since midnight */
};

struct project_notify {
    const struct notify_channel *channels;
    size_t channel_count;
    struct flow_notify defaults;
};

extern const struct field notify_channel_fields[];
extern const struct field notify_fields[];

/* `failure` … */
const char *notify_event_name(enum notify_event event);

const struct notify_channel *notify_find_channel(const struct project *project, const char *name);

/* What is known of a message, by the names that templates use; NULL-terminated. */
extern const char *const notify_fact_names[];

/* Checks channels and the `notify` of the project's block. The templates are looked at where the
 * source is a folder. */
const struct project_notify *notify_read_project(const struct field_value *block,
                                                 struct flow_source *source,
                                                 struct flow_report *report, struct arena *arena);

/* `notify` and `deadline` of a flow; what it does not say is the project's. */
const struct flow_notify *notify_read_flow(const struct field_value *block,
                                           const struct project *project,
                                           struct flow_report *report, struct arena *arena);

#endif
