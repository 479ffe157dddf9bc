/* A rule of a schedule for people: as one cron line, and in words. */
#ifndef DATEMILL_FLOW_SCHEDULE_WORDS_H
#define DATEMILL_FLOW_SCHEDULE_WORDS_H

#include "scheduler/base/text.h"
#include "scheduler/flow/flow.h"

/* `30 2 * * *`: the cron line that means the same on every day without a clock change, with seconds
 * first where they matter. What no single line says (`every 90m`) stays as it was written. */
void schedule_write_cron(const struct flow_schedule_rule *rule, struct text *text);

/* `every day at 02:30`, `every 5 minutes from 08:00 to 20:00 on Monday and Friday`. */
void schedule_write_words(const struct flow_schedule_rule *rule, struct text *text);

#endif
