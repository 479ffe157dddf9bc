/* `schedule:` from text to the times of day at which a flow fires.
 *
 * Forms: daily HH:MM · hourly :MM · every 5m [from HH:MM to HH:MM] · weekly mon,fri HH:MM · monthly
 * 1,last HH:MM · yearly MM-DD HH:MM · a cron line of 5 fields, or 6 with seconds first. */
#ifndef DATEMILL_FLOW_SCHEDULE_H
#define DATEMILL_FLOW_SCHEDULE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/flow/flow.h"

#define SCHEDULE_MAX_TIMES 86400 /* in a day: a cron line may name each second */

/* Reads a form or a cron line; memory in `arena`. A rule that fires on no date there ever is
 * (`31 2 30 2 *`) is an error, too. On failure err->column is the place in `text` (bytes, from 1)
 * and err->line the length to underline. */
int schedule_parse(const char *text, struct arena *arena, struct flow_schedule_rule *ret_rule,
                   struct error *err);

/* Only a cron line, as `cron:` takes. */
int schedule_parse_cron(const char *text, struct arena *arena, struct flow_schedule_rule *ret_rule,
                        struct error *err);

/* The days of a form without a time, as `on` of a node takes: weekly mon,fri · monthly 1,last ·
 * yearly MM-DD. *ret_text is the normalised form; both belong to `arena`. Errors as above. */
int schedule_parse_days(const char *text, struct arena *arena, const struct cron **ret_cron,
                        const char **ret_text, struct error *err);

#endif
