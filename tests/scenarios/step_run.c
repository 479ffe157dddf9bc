#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/plan/plan_time.h"
#include "tests/scenarios/scenario.h"

#include <errno.h>
#include <string.h>

struct options {
    const char *name; /* --as */
    const char *nodes;
    struct node_setting vars[SCENARIO_MAX_WORDS];
    size_t var_count;
    int64_t priority; /* 0: the flow's */
    int64_t parallel;
};

int step_number(const char *word, int64_t least, int64_t most, int64_t *ret_number,
                struct error *err)
{
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (errno != 0 || end == word || *end != '\0' || number < least || number > most)
        return error_set(err, ERROR_KIND_USAGE, "`%s` is no number from %lld to %lld", word,
                         (long long)least, (long long)most);
    *ret_number = number;
    return 0;
}

static int read_option(struct options *options, const char *word, char *value, struct error *err)
{
    if (strcmp(word, "--as") == 0) {
        options->name = value;
    } else if (strcmp(word, "--nodes") == 0) {
        options->nodes = value;
    } else if (strcmp(word, "--priority") == 0) {
        return step_number(value, ENGINE_MIN_PRIORITY, ENGINE_MAX_PRIORITY, &options->priority,
                           err);
    } else if (strcmp(word, "--parallel") == 0) {
        return step_number(value, 1, ENGINE_MAX_SLOTS, &options->parallel, err);
    } else if (strcmp(word, "--var") == 0 && strchr(value, '=') != NULL) {
        char *sign = strchr(value, '=');
        *sign = '\0';
        options->vars[options->var_count] = (struct node_setting){.name = value, .text = sign + 1};
        options->var_count++;
    } else {
        return error_set(err, ERROR_KIND_USAGE, "`%s %s`: no such option of run", word, value);
    }
    return 0;
}

/* nightly, or nightly@13:00 where one business date has several times. */
static char *run_name(const struct options *options, const struct flow *flow,
                      const struct plan_time *time, bool is_alone)
{
    struct text name = {0};
    text_append(&name, options->name != NULL ? options->name : flow->name);
    if (!is_alone)
        text_append_format(&name, "@%02d:%02d%s", time->planned.hour, time->planned.minute,
                           time->is_second ? "b" : "");
    return text_take(&name);
}

/* One planned time of the business date. */
struct occasion {
    const struct flow *flow;
    const struct plan_time *time;
    bool is_alone;
};

static int add_run(struct story *story, const struct occasion *occasion,
                   const struct options *options, struct error *err)
{
    struct plan_request request = {.planned = occasion->time->planned,
                                   .is_second = occasion->time->is_second,
                                   .run_id = (int64_t)story->run_count + 1,
                                   .vars = options->vars,
                                   .var_count = options->var_count,
                                   .selection = options->nodes};
    struct plan *plan;
    if (plan_make(occasion->flow, &request, &plan, err) < 0)
        return -1;
    char *name = run_name(options, occasion->flow, occasion->time, occasion->is_alone);
    struct story_run *run = world_add_run(story, plan, name);
    if (options->priority != 0)
        run->image.run.priority = (int32_t)options->priority;
    run->image.run.parallel = (int32_t)options->parallel;
    trace_plan(story, run);
    return driver_load(story, run, err);
}

static int run_date(struct story *story, const struct flow *flow, const char *date,
                    const struct options *options, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct civil_time bizdate;
    struct plan_times times;
    bool has_time = strchr(date, 'T') != NULL;
    if (civil_time_parse(date, &bizdate, err) < 0 ||
        plan_planned_times(flow, (struct plan_date){bizdate.date, has_time ? &bizdate : NULL},
                           &arena, &times, err) < 0)
        return -1;
    if (times.remark[0] != '\0')
        trace_line(story, "remark: %s", times.remark);
    for (size_t i = 0; i < times.count; i++) {
        struct occasion occasion = {
            .flow = flow, .time = &times.items[i], .is_alone = times.count == 1};
        if (add_run(story, &occasion, options, err) < 0)
            return -1;
    }
    return 0;
}

/* The first run finds the engine's capacity, and has it begin. */
static int wake(struct story *story, struct error *err)
{
    if (story->slots == 0)
        story->slots = story->project->slots == 0 ? 1 : story->project->slots;
    if (driver_is_alive(story))
        return 0;
    if (story->attempt_count > 0)
        return error_set(err, ERROR_KIND_INVALID, "the engine is dead: `recover` comes first");
    return driver_start(story, err);
}

int step_run(struct story *story, char **words, size_t count, struct error *err)
{
    struct options options = {0};
    struct flow *flow;
    if (count < 3 || count % 2 == 0)
        return error_set(err, ERROR_KIND_USAGE, "run FLOW DATE [--as NAME] …");
    for (size_t i = 3; i < count; i += 2) {
        if (read_option(&options, words[i], words[i + 1], err) < 0)
            return -1;
    }
    if (world_find_flow(story, words[1], &flow, err) < 0 || wake(story, err) < 0)
        return -1;
    return run_date(story, flow, words[2], &options, err);
}
