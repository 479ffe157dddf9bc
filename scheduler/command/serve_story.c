#include "scheduler/command/serve_story.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/serve_tell.h"
#include "scheduler/store/store.h"
#include "scheduler/store/view_history.h"

#include <stdlib.h>

#define LOOK_DELAY_MS 200
#define MOST_PAGES 64 /* at once: what is left has its turn after LOOK_DELAY_MS */

struct serve_story {
    struct context *context;
    struct loop *loop;
    struct store *store;
    struct loop_hook hook;
    struct loop_timer timer;
    bool has_looked; /* in this turn: it is no reason to look again */
    int64_t version; /* store_data_version() of the last look */
    int64_t told;    /* event id */
};

static void tell_run(struct serve_story *story, const struct view_event *event, struct arena *arena)
{
    struct context *context = story->context;
    struct view_run run;
    bool is_bad = event->state == RUN_FAILED || event->state == RUN_STOPPED;
    bool is_end = is_bad || event->state == RUN_SUCCESS;
    if (!is_bad && !(is_end && context->is_verbose))
        return;
    if (view_find_run(story->store, event->run_id, arena, &run, NULL) < 0)
        return;
    const struct view_failure *failure = &run.failure;
    const char *why = !is_bad || failure->node[0] == '\0'
                          ? ""
                          : arena_format(arena, "%s: %s%s%s", failure->node, failure->code,
                                         failure->code[0] != '\0' ? " " : "", failure->text);
    struct serve_line line = {.event = "run",
                              .flow = run.flow,
                              .bizdate = run.bizdate,
                              .state = run_state_name((enum run_state)event->state),
                              .text = why,
                              .run_id = run.id};
    serve_tell(context, event->at, &line);
}

static void tell_event(struct serve_story *story, const struct view_event *event,
                       struct arena *arena)
{
    struct serve_line note = {.event = "note", .flow = event->flow, .text = event->text};
    switch (event->kind) {
    case VIEW_EVENT_RUN:
        tell_run(story, event, arena);
        break;
    case VIEW_EVENT_NOTE:
        serve_tell(story->context, event->at, &note);
        break;
    case VIEW_EVENT_RUN_ADDED:
    case VIEW_EVENT_TASK:
    case VIEW_EVENT_OPERATION:
        break;
    }
}

/* False when there is no more. */
static bool tell_page(struct serve_story *story)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_event_list list = {.page = {.after = story->told, .limit = VIEW_MAX_ROWS}};
    struct view_events events;
    if (view_events(story->store, &list, &arena, &events, NULL) < 0)
        return false;
    for (size_t i = 0; i < events.count; i++)
        tell_event(story, &events.items[i], &arena);
    story->told = events.next;
    return events.count == VIEW_MAX_ROWS;
}

static bool look(struct serve_story *story)
{
    int64_t version = 0;
    if (store_data_version(story->store, &version, NULL) == 0 && version == story->version)
        return false;
    int pages = 0;
    bool has_more = true;
    while (has_more && pages++ < MOST_PAGES)
        has_more = tell_page(story);
    if (!has_more)
        story->version = version;
    return has_more;
}

static void on_timer(void *owner)
{
    struct serve_story *story = owner;
    story->has_looked = true;
    if (look(story))
        loop_set_timer(story->loop, &story->timer, duration_ms(LOOK_DELAY_MS));
}

/* Whatever happened in a turn may have been committed; a turn in which nothing happened but the
 * look itself must not lead to the next look. */
static void on_turn(void *owner)
{
    struct serve_story *story = owner;
    int64_t version = story->version;
    if (story->has_looked)
        store_data_version(story->store, &version, NULL);
    bool is_news = !story->has_looked || version != story->version;
    story->has_looked = false;
    if (is_news && !loop_timer_is_set(&story->timer))
        loop_set_timer(story->loop, &story->timer, duration_ms(LOOK_DELAY_MS));
}

int serve_story_open(struct context *context, struct loop *loop, struct serve_story **ret_story,
                     struct error *err)
{
    struct serve_story *story = memory_new(1, sizeof *story);
    story->context = context;
    story->loop = loop;
    if (context_store(context, &story->store, err) < 0 ||
        view_newest_event(story->store, 0, &story->told, err) < 0) {
        free(story);
        return -1;
    }
    story->hook = (struct loop_hook){.call = on_turn, .owner = story};
    story->timer = (struct loop_timer){.call = on_timer, .owner = story};
    loop_add_hook(loop, LOOP_PHASE_SEND, &story->hook);
    *ret_story = story;
    return 0;
}

void serve_story_close(struct serve_story *story)
{
    if (story == NULL)
        return;
    loop_remove_hook(story->loop, &story->hook);
    loop_cancel_timer(story->loop, &story->timer);
    look(story);
    free(story);
}
