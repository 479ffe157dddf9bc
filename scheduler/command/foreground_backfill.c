#include "scheduler/command/foreground_backfill.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/command/foreground_work.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A backfill that a command follows, with those that were asked for with it: `view` is of the one
 * that was asked about, `views` are all of them, it first. */
struct follow {
    struct context *context;
    const struct foreground_backfill_options *options;
    struct backfill_view *view;
    struct backfill_view **views;
    bool *is_told; /* the end of views[i] */
    size_t count;
    size_t view_capacity;
    size_t told_capacity;
    int64_t expected; /* views, as the reply says */
    size_t current;   /* that has the live part */
    bool is_asking;   /* foreground_backfill_ask() */
    bool is_interrupted;
    bool has_conflicts; /* there is nothing to run, and not because all is done */
};

static void add_view(struct follow *follow, const struct backfill_view_options *options)
{
    follow->views = memory_grow(follow->views, follow->count, &follow->view_capacity,
                                sizeof(struct backfill_view *));
    follow->is_told =
        memory_grow(follow->is_told, follow->count, &follow->told_capacity, sizeof(bool));
    follow->is_told[follow->count] = false;
    follow->views[follow->count++] = backfill_view_new(options);
}

static void begin(struct follow *follow)
{
    follow->expected = 1;
    add_view(follow, follow->options->view);
    follow->view = follow->views[0];
}

static void end(struct follow *follow)
{
    for (size_t i = 0; i < follow->count; i++)
        backfill_view_free(follow->views[i]);
    free(follow->views);
    free(follow->is_told);
}

/* The newest view, among those behind the one that has the live part: by the ids. */
static struct backfill_view *sort_in(struct follow *follow, int64_t backfill_id)
{
    size_t at = follow->count - 1;
    struct backfill_view *view = follow->views[at];
    while (at > follow->current + 1 &&
           backfill_view_standing(follow->views[at - 1])->id > backfill_id) {
        follow->views[at] = follow->views[at - 1];
        follow->is_told[at] = follow->is_told[at - 1];
        at--;
    }
    follow->views[at] = view;
    follow->is_told[at] = false;
    return view;
}

/* The view of a backfill; one that was asked for with the first is met when it is first told. */
static struct backfill_view *find_view(struct follow *follow, int64_t backfill_id)
{
    int64_t first = backfill_view_standing(follow->view)->id;
    if (first == 0 || backfill_id == 0 || backfill_id == first)
        return follow->view;
    for (size_t i = 1; i < follow->count; i++) {
        if (backfill_view_standing(follow->views[i])->id == backfill_id)
            return follow->views[i];
    }
    struct backfill_view_options options = *follow->options->view;
    options.per_date = (struct duration){0};
    options.is_later = true;
    add_view(follow, &options);
    return sort_in(follow, backfill_id);
}

static bool is_running(const struct backfill_standing *standing)
{
    return strcmp(standing->state, "running") == 0;
}

/* `backfill 12: 306 of 315 dates to run, oldest first, 4 at a time` */
static void say_opening(struct follow *follow, const struct notice *notice)
{
    const struct foreground_backfill_options *options = follow->options;
    SCOPED_TEXT struct text line = {0};
    int64_t left = notice->total - notice->done;
    int64_t all = options->asked > notice->total ? options->asked : notice->total;
    if (follow->context->is_quiet)
        return;
    text_append_format(&line, "backfill %" PRId64 ": ", notice->backfill_id);
    if (left < all)
        text_append_format(&line, "%" PRId64 " of ", left);
    text_append_format(&line, "%" PRId64 " date%s to run, %s", left < all ? all : left,
                       all == 1 ? "" : "s", options->order);
    if (notice->dates_parallel == 1)
        text_append(&line, "one at a time");
    else
        text_append_format(&line, "%" PRId64 " at a time", notice->dates_parallel);
    backfill_view_say(follow->view, text_string(&line));
}

/* Without the store all that did not end well counts as failed. */
static void count_dates(struct follow *follow, struct backfill_view *view)
{
    struct store *store;
    struct date_counts counts;
    struct error ignored = {0};
    int64_t id = backfill_view_standing(view)->id;
    if (context_store(follow->context, &store, &ignored) == 0 &&
        load_date_counts(store, id, &counts, &ignored) == 0)
        backfill_view_count(view, &counts);
}

static void tell_end(struct follow *follow, size_t index, bool says_why)
{
    if (follow->is_told[index])
        return;
    follow->is_told[index] = true;
    count_dates(follow, follow->views[index]);
    backfill_view_end(follow->views[index], says_why);
}

static bool is_over(const struct follow *follow, size_t index)
{
    const struct backfill_standing *standing = backfill_view_standing(follow->views[index]);
    return standing->id != 0 && standing->running == 0 &&
           (follow->is_asking || !is_running(standing));
}

static bool is_current(const struct follow *follow)
{
    return follow->current < follow->count;
}

/* Of several each is told when it and those before it are over; then the next has the live part. */
static void tell_ends(struct follow *follow)
{
    while (!follow->is_asking && follow->expected > 1 && is_current(follow) &&
           is_over(follow, follow->current)) {
        tell_end(follow, follow->current++, true);
        if (is_current(follow))
            backfill_view_show(follow->views[follow->current]);
    }
}

static void end_when_over(struct follow *follow, struct foreground_work *work)
{
    bool all = (int64_t)follow->count >= follow->expected;
    for (size_t i = 0; all && i < follow->count; i++)
        all = is_over(follow, i);
    tell_ends(follow);
    if (all)
        foreground_work_end(work);
}

/* Who only watches one that nobody drives any more would wait for ever. */
static void say_undriven(struct follow *follow)
{
    const struct backfill_standing *standing = backfill_view_standing(follow->view);
    SCOPED_TEXT struct text line = {0};
    if (!is_running(standing) || standing->reason[0] == '\0')
        return;
    text_append_format(&line, "%s; go on: datemill backfill resume %" PRId64, standing->reason,
                       standing->id);
    backfill_view_say(follow->view, text_string(&line));
}

static void watch_it(struct follow *follow, struct foreground_work *work)
{
    struct request watch = {.kind = REQUEST_KIND_BACKFILL_WATCH,
                            .who = follow->options->request->who,
                            .backfill_id = follow->options->request->backfill_id};
    foreground_work_send(work, &watch);
}

static void take_reply(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct follow *follow = owner;
    bool is_first = backfill_view_standing(follow->view)->id == 0;
    backfill_view_notice(find_view(follow, notice->backfill_id), notice);
    if (is_first && notice->backfill_count > 1)
        follow->expected = notice->backfill_count;
    if (notice->remark != NULL && notice->remark[0] != '\0')
        context_note(follow->context, "%s", notice->remark);
    bool is_nothing = notice->backfill_id == 0;
    follow->has_conflicts = is_nothing && notice->failed > 0;
    if (is_nothing || (follow->is_asking && !follow->options->waits_for_quiet)) {
        foreground_work_end(work);
        return;
    }
    if (follow->is_asking)
        watch_it(follow, work);
    else
        say_opening(follow, notice);
    if (!follow->is_asking)
        say_undriven(follow);
    end_when_over(follow, work);
}

/* What somebody else has done to it; when it ends over that, the end says so. */
static void say_changes(struct follow *follow, const struct backfill_standing *before)
{
    const struct backfill_standing *now = backfill_view_standing(follow->view);
    SCOPED_TEXT struct text line = {0};
    if (before->id == 0 || follow->is_asking || follow->is_interrupted)
        return;
    if (is_running(before) && strcmp(now->state, "paused") == 0 && now->running > 0)
        text_append_format(&line, "%s; %" PRId64 " date%s still run%s", now->reason, now->running,
                           now->running == 1 ? "" : "s", now->running == 1 ? "s" : "");
    else if (!is_running(before) && is_running(now))
        text_append(&line, "it goes on");
    else if (is_running(now) && now->parallel != before->parallel)
        text_append_format(&line, "from now on %" PRId64 " date%s at a time", now->parallel,
                           now->parallel == 1 ? "" : "s");
    else if (strcmp(now->reason, before->reason) != 0)
        say_undriven(follow);
    if (line.length > 0)
        backfill_view_say(follow->view, text_string(&line));
}

/* `backfill 13: down, 11 dates to run` */
static void say_mate(struct follow *follow, const struct notice *notice)
{
    SCOPED_TEXT struct text line = {0};
    if (follow->context->is_quiet || follow->is_asking)
        return;
    text_append_format(&line, "backfill %" PRId64 ": %s, %" PRId64 " date%s to run with it",
                       notice->backfill_id, notice->flow, notice->total - notice->done,
                       notice->total - notice->done == 1 ? "" : "s");
    backfill_view_say(follow->view, text_string(&line));
}

static void take_notice(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct follow *follow = owner;
    struct backfill_view *view = find_view(follow, notice->backfill_id);
    struct backfill_standing before = *backfill_view_standing(view);
    if (!follow->is_asking || notice->kind != NOTICE_KIND_DATE)
        backfill_view_notice(view, notice);
    if (notice->kind != NOTICE_KIND_BACKFILL)
        return;
    if (view == follow->view)
        say_changes(follow, &before);
    else if (before.id == 0)
        say_mate(follow, notice);
    end_when_over(follow, work);
}

static void say(void *owner, const char *line)
{
    struct follow *follow = owner;
    backfill_view_say(follow->view, line);
}

static void say_stopping(struct follow *follow, int times)
{
    SCOPED_TEXT struct text line = {0};
    int64_t running = backfill_view_standing(follow->view)->running;
    if (times == 1 && running == 0)
        text_append(&line, "stopping: no new dates");
    else if (times == 1)
        text_append_format(&line,
                           "stopping: no new dates, %" PRId64 " running one%s will finish "
                           "(Ctrl-C again to stop %s)",
                           running, running == 1 ? "" : "s", running == 1 ? "it" : "them");
    else if (times == 2)
        text_append(&line, "stopping what runs (Ctrl-C again to kill it)");
    else
        text_append(&line, "killing what runs");
    say(follow, text_string(&line));
}

static void interrupt(void *owner, struct foreground_work *work, int times)
{
    struct follow *follow = owner;
    struct request request = {.kind = REQUEST_KIND_BACKFILL_PAUSE,
                              .who = follow->options->request->who,
                              .reason = "interrupted",
                              .backfill_id = backfill_view_standing(follow->view)->id,
                              .force = times == 1   ? REQUEST_FORCE_DRAIN
                                       : times == 2 ? REQUEST_FORCE_STOP
                                                    : REQUEST_FORCE_KILL};
    follow->is_interrupted = true;
    say_stopping(follow, times);
    foreground_work_send(work, &request);
}

static bool tick(void *owner)
{
    struct follow *follow = owner;
    return is_current(follow) && backfill_view_tick(follow->views[follow->current]);
}

static void flush(void *owner)
{
    struct follow *follow = owner;
    backfill_view_flush(follow->view);
}

static int work(struct follow *follow, struct error *err)
{
    bool is_left_alone = follow->is_asking || follow->options->only_watches;
    struct foreground_actions actions = {.owner = follow,
                                         .reply = take_reply,
                                         .notice = take_notice,
                                         .interrupt = is_left_alone ? NULL : interrupt,
                                         .say = say,
                                         .tick = tick,
                                         .flush = flush};
    return foreground_work_do(follow->context, &actions, follow->options->request, err);
}

int foreground_backfill_follow(struct context *context,
                               const struct foreground_backfill_options *options, struct error *err)
{
    struct follow follow = {.context = context, .options = options};
    begin(&follow);
    int result = work(&follow, err);
    bool is_success = true;
    bool is_end = false;
    for (size_t i = 0; i < follow.count; i++) {
        const struct backfill_standing *standing = backfill_view_standing(follow.views[i]);
        if (result < 0 || standing->id == 0 || is_running(standing))
            continue;
        tell_end(&follow, i, result == 0);
        is_end = true;
        is_success = is_success && strcmp(standing->state, "success") == 0;
    }
    if (is_end && is_success)
        result = 0;
    else if ((is_end || follow.has_conflicts) && result == 0)
        result = 1;
    end(&follow);
    return result;
}

int foreground_backfill_ask(struct context *context,
                            const struct foreground_backfill_options *options,
                            struct backfill_standing *ret_standing, struct error *err)
{
    struct follow follow = {.context = context, .options = options, .is_asking = true};
    begin(&follow);
    int result = work(&follow, err);
    *ret_standing = *backfill_view_standing(follow.view);
    ret_standing->flow = arena_copy_string(&context->arena, ret_standing->flow);
    ret_standing->state = arena_copy_string(&context->arena, ret_standing->state);
    ret_standing->reason = arena_copy_string(&context->arena, ret_standing->reason);
    end(&follow);
    return result;
}
