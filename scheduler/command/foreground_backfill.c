#include "scheduler/command/foreground_backfill.h"

#include "scheduler/base/scope.h"
#include "scheduler/command/foreground_work.h"

#include <inttypes.h>
#include <string.h>

/* A backfill that a command follows. */
struct follow {
    struct context *context;
    const struct foreground_backfill_options *options;
    struct backfill_view *view;
    bool is_asking; /* foreground_backfill_ask() */
    bool is_interrupted;
    bool has_conflicts; /* there is nothing to run, and not because all is done */
};

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

static void end_when_over(struct follow *follow, struct foreground_work *work)
{
    const struct backfill_standing *standing = backfill_view_standing(follow->view);
    bool is_quiet = standing->running == 0;
    bool is_over = follow->is_asking ? is_quiet : is_quiet && !is_running(standing);
    if (standing->id != 0 && is_over)
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
    backfill_view_notice(follow->view, notice);
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

static void take_notice(void *owner, struct foreground_work *work, const struct notice *notice)
{
    struct follow *follow = owner;
    struct backfill_standing before = *backfill_view_standing(follow->view);
    if (!follow->is_asking || notice->kind != NOTICE_KIND_DATE)
        backfill_view_notice(follow->view, notice);
    if (notice->kind != NOTICE_KIND_BACKFILL)
        return;
    say_changes(follow, &before);
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
    return backfill_view_tick(follow->view);
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

/* Without the store all that did not end well counts as failed. */
static void count_dates(struct follow *follow)
{
    struct store *store;
    struct date_counts counts;
    struct error ignored = {0};
    int64_t id = backfill_view_standing(follow->view)->id;
    if (context_store(follow->context, &store, &ignored) == 0 &&
        load_date_counts(store, id, &counts, &ignored) == 0)
        backfill_view_count(follow->view, &counts);
}

int foreground_backfill_follow(struct context *context,
                               const struct foreground_backfill_options *options, struct error *err)
{
    struct follow follow = {
        .context = context, .options = options, .view = backfill_view_new(options->view)};
    int result = work(&follow, err);
    const struct backfill_standing *standing = backfill_view_standing(follow.view);
    bool is_over = result >= 0 && standing->id != 0 && !is_running(standing);
    if (is_over) {
        count_dates(&follow);
        backfill_view_end(follow.view, result == 0);
    }
    if (is_over && strcmp(standing->state, "success") == 0)
        result = 0;
    else if ((is_over || follow.has_conflicts) && result == 0)
        result = 1;
    backfill_view_free(follow.view);
    return result;
}

int foreground_backfill_ask(struct context *context,
                            const struct foreground_backfill_options *options,
                            struct backfill_standing *ret_standing, struct error *err)
{
    struct follow follow = {.context = context,
                            .options = options,
                            .view = backfill_view_new(options->view),
                            .is_asking = true};
    int result = work(&follow, err);
    *ret_standing = *backfill_view_standing(follow.view);
    ret_standing->flow = arena_copy_string(&context->arena, ret_standing->flow);
    ret_standing->state = arena_copy_string(&context->arena, ret_standing->state);
    ret_standing->reason = arena_copy_string(&context->arena, ret_standing->reason);
    backfill_view_free(follow.view);
    return result;
}
