#include "scheduler/command/run_facts.h"
#include "scheduler/store/view_json.h"
#include "scheduler/system/clock.h"

static struct view_json json_of(struct context *context, const struct view_run *run,
                                struct json_out *json)
{
    return (struct view_json){
        .out = json, .zone = context_shown_zone(context, run->zone), .now = clock_now()};
}

void run_facts_write_time(struct context *context, const struct view_run *run, const char *key,
                          struct instant at, struct json_out *json)
{
    struct view_json of = json_of(context, run, json);
    view_json_time(&of, key, at);
}

void run_facts_write(struct context *context, const struct view_run *run, struct json_out *json)
{
    struct view_json of = json_of(context, run, json);
    view_json_run(&of, run);
}
