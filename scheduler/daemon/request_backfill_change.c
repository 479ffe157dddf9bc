#include "scheduler/base/scope.h"
#include "scheduler/daemon/backfill_tell.h"
#include "scheduler/daemon/backfill_work.h"
#include "scheduler/daemon/request_backfill.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <string.h>

#define BIT(state) (1u << (state))

const char *request_backfill_who(const struct backfill_request *work)
{
    const char *who = work->request->who;
    if (who == NULL || who[0] == '\0')
        who = work->watcher->who;
    return who == NULL || who[0] == '\0' ? "?" : who;
}

void request_backfill_reply(const struct backfill_request *work, const struct backfill *backfill,
                            const char *remark)
{
    struct arena *arena = &work->daemon->turn.arena;
    if (work->is_quiet)
        return;
    struct turn_reply *reply = requests_reply(work->daemon, work->watcher, work->request, NULL);
    backfill_tell_fill(backfill, &reply->notice);
    reply->notice.reason = arena_copy_string(arena, reply->notice.reason);
    reply->notice.remark = arena_copy_string(arena, remark);
    reply->notice.backfill_count = request_backfill_count(work->daemon, backfill);
}

void request_backfill_note(const struct backfill_request *work, const struct backfill *backfill,
                           enum store_operation_kind kind, const char *detail)
{
    requests_add_operation(work->daemon, work->watcher, work->request,
                           (struct store_operation){.kind = kind,
                                                    .detail = detail,
                                                    .flow = backfill->row.flow,
                                                    .node = STORE_NO_NODE,
                                                    .backfill_id = backfill->row.id});
}

/* ---- claim and watch ---- */

struct follow_mates {
    const struct backfill_request *work;
    bool drives;
};

static void follow_mate(void *owner, struct backfill *mate)
{
    struct follow_mates *all = owner;
    bool can = mate->row.state != BACKFILL_RUNNING || backfill_read_definition(mate, NULL) == 0;
    watch_add_backfill(all->work->daemon, all->work->watcher, mate->row.id, all->drives && can);
    backfill_tell_one(mate, all->work->watcher);
    mate->has_news = true;
}

int request_backfill_follow(const struct backfill_request *work, int64_t backfill_id, bool drives,
                            struct error *err)
{
    struct daemon *daemon = work->daemon;
    struct backfill *backfill;
    if (backfill_load(daemon, backfill_id, &backfill, err) < 0)
        return -1;
    if (drives && backfill->row.state == BACKFILL_RUNNING &&
        backfill_read_definition(backfill, err) < 0)
        return error_prefix(err, "backfill %" PRId64 " cannot go on", backfill_id);
    watch_add_backfill(daemon, work->watcher, backfill_id, drives);
    struct notice reply = {.kind = NOTICE_KIND_REPLY, .request = work->request->number};
    backfill_tell_fill(backfill, &reply);
    reply.backfill_count = request_backfill_count(daemon, backfill);
    work->watcher->tell(work->watcher->owner, &reply);
    backfill_tell_one(backfill, work->watcher);
    backfill->has_news = true;
    struct follow_mates mates = {work, drives};
    return request_backfill_each_mate(daemon, backfill, follow_mate, &mates, err);
}

/* ---- resume and retry ---- */

/* Whether its next date can be planned in a definition: with its selection and variables. */
static int try_definition(const struct backfill *backfill, const struct definition *definition,
                          struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct load_dates dates;
    uint32_t all = BIT(DATE_STATE_COUNT) - 1;
    struct load_dates_of which = {backfill->row.id, all & ~BIT(DATE_LEFT_OUT), -1, 1};
    struct plan_request request = {.vars = backfill->row.vars,
                                   .var_count = backfill->row.var_count,
                                   .selection = backfill->row.selection};
    struct plan *plan = NULL;
    if (load_dates(backfill->daemon->store, &which, &arena, &dates, err) < 0)
        return -1;
    if (dates.count == 0)
        return 0;
    request.is_second = dates.items[0].is_second;
    if (civil_time_parse(dates.items[0].cyctime, &request.planned, err) < 0 ||
        plan_make(definition->flow, &request, &plan, err) < 0)
        return error_prefix(err, "backfill %" PRId64 " cannot go on", backfill->row.id);
    plan_free(plan);
    return 0;
}

static const char *show_version(const struct load_definition *row, bool by_hash,
                                struct arena *arena)
{
    if (by_hash || row->short_commit[0] == '\0')
        return arena_format(arena, "%.12s", row->hash);
    return arena_format(arena, "%s%s", row->short_commit, row->is_dirty ? "+" : "");
}

/* `; the definition has changed since: 9f2c1ab -> 41d07e9`, or "". */
static int describe_change(const struct backfill *backfill, const struct definition *definition,
                           struct arena *arena, const char **ret_text, struct error *err)
{
    struct load_definition before;
    *ret_text = "";
    if (load_definition(backfill->daemon->store, backfill->row.version_id, arena, &before, err) < 0)
        return -1;
    if (strcmp(before.hash, definition->flow->hash) == 0)
        return 0;
    bool by_hash = strcmp(show_version(&before, false, arena), definition->shown_version) == 0;
    const char *now = by_hash ? definition->flow->hash : definition->shown_version;
    *ret_text = arena_format(arena, "the definition has changed since: %s -> %.*s",
                             show_version(&before, by_hash, arena), by_hash ? 12 : 100, now);
    return 0;
}

static void reopen(const struct backfill_resume *resume)
{
    struct backfill *backfill = resume->backfill;
    definition_release(&backfill->daemon->definitions, backfill->definition);
    backfill->definition = resume->definition;
    backfill->row.opened_at = clock_now();
    backfill->row.opening_failures = 0;
    backfill->is_stopping = false;
    backfill_reset(backfill, resume->states);
    backfill_set_state(backfill, BACKFILL_RUNNING, "");
    backfill_settle(backfill);
}

int request_backfill_go_on(const struct backfill_request *work,
                           const struct backfill_resume *resume, struct error *err)
{
    struct daemon *daemon = work->daemon;
    struct backfill *backfill = resume->backfill;
    struct arena *arena = &daemon->turn.arena;
    const char *changed = "";
    bool is_new = backfill->plan != NULL; /* and made in this turn: of this definition */
    if ((!is_new && describe_change(backfill, resume->definition, arena, &changed, err) < 0) ||
        (!is_new && try_definition(backfill, resume->definition, err) < 0)) {
        definition_release(&daemon->definitions, resume->definition);
        return -1;
    }
    reopen(resume);
    request_backfill_note(work, backfill, resume->kind, "");
    watch_add_backfill(daemon, work->watcher, backfill->row.id, true);
    bool has_both = resume->remark[0] != '\0' && changed[0] != '\0';
    request_backfill_reply(
        work, backfill,
        arena_format(arena, "%s%s%s", resume->remark, has_both ? "; " : "", changed));
    return 0;
}

static int refuse_over(const struct backfill *backfill, struct error *err)
{
    int64_t id = backfill->row.id;
    error_set(err, ERROR_KIND_REFUSED, "backfill %" PRId64 " is over (%s)", id,
              backfill_state_name(backfill->row.state));
    if (backfill->row.state == BACKFILL_FAILED)
        error_help(err, "run what failed again: datemill backfill retry %" PRId64, id);
    else if (backfill->row.state == BACKFILL_STOPPED)
        error_help(err, "go on with it: datemill backfill resume %" PRId64, id);
    return -1;
}

static int resume(const struct backfill_request *work, struct backfill *backfill, struct error *err)
{
    struct daemon *daemon = work->daemon;
    const struct store_backfill *row = &backfill->row;
    bool is_retry = work->request->kind == REQUEST_KIND_BACKFILL_RETRY;
    uint32_t states = BIT(DATE_STOPPED) | BIT(DATE_BLOCKED);
    if (is_retry)
        states |= BIT(DATE_FAILED) | BIT(DATE_IN_CONFLICT);
    bool is_over = row->state == BACKFILL_SUCCESS || row->state == BACKFILL_FAILED;
    if (row->state == BACKFILL_SUCCESS ||
        (is_over && !is_retry && backfill->counts.items[DATE_STOPPED] == 0))
        return refuse_over(backfill, err);
    if (row->state == BACKFILL_RUNNING && !is_retry && watch_drives_backfill(daemon, row->id)) {
        watch_add_backfill(daemon, work->watcher, row->id, true);
        request_backfill_reply(work, backfill, "it runs already");
        backfill->must_tell = true;
        return 0;
    }
    struct backfill_resume how = {.backfill = backfill,
                                  .kind = is_retry ? STORE_OPERATION_RETRY : STORE_OPERATION_RESUME,
                                  .states = states,
                                  .remark = ""};
    if (definition_from_folder(&daemon->definitions, &daemon->place, row->flow, &how.definition,
                               err) < 0)
        return -1;
    return request_backfill_go_on(work, &how, err);
}

/* ---- pause and stop ---- */

static int pause_or_stop(const struct backfill_request *work, struct backfill *backfill,
                         struct error *err)
{
    static const char *const details[] = {"drain", "stop", "now"};
    struct daemon *daemon = work->daemon;
    const struct request *request = work->request;
    struct arena *arena = &daemon->turn.arena;
    bool is_stop = request->kind == REQUEST_KIND_BACKFILL_STOP;
    bool is_drain = request->force == REQUEST_FORCE_DRAIN;
    if (backfill->row.state != BACKFILL_RUNNING && backfill->row.state != BACKFILL_PAUSED)
        return refuse_over(backfill, err);
    bool has_reason = request->reason != NULL && request->reason[0] != '\0';
    backfill->is_stopping = backfill->is_stopping || is_stop;
    backfill_set_state(backfill, BACKFILL_PAUSED,
                       arena_format(arena, "%s by %s%s%s",
                                    backfill->is_stopping ? "stopped" : "paused",
                                    request_backfill_who(work), has_reason ? ": " : "",
                                    has_reason ? request->reason : ""));
    if (!is_drain)
        backfill_stop_runs(backfill, request->force == REQUEST_FORCE_KILL);
    request_backfill_note(work, backfill, is_stop ? STORE_OPERATION_STOP : STORE_OPERATION_PAUSE,
                          details[request->force]);
    watch_add_backfill(daemon, work->watcher, backfill->row.id, is_drain);
    backfill_settle(backfill);
    request_backfill_reply(work, backfill, "");
    return 0;
}

/* ---- settings ---- */

static int set(const struct backfill_request *work, struct backfill *backfill, struct error *err)
{
    const struct request *request = work->request;
    struct store_backfill *row = &backfill->row;
    SCOPED_TEXT struct text detail = {0};
    if (request->dates_parallel > BACKFILL_MAX_PARALLEL)
        return error_set(err, ERROR_KIND_USAGE, "%d dates at once are too many, at most %d",
                         request->dates_parallel, BACKFILL_MAX_PARALLEL);
    if (request->dates_parallel >= 0) {
        row->parallel =
            request->dates_parallel > 0 ? request->dates_parallel : work->daemon->project->slots;
        text_append_format(&detail, "parallel %d", row->parallel);
    }
    if (request->max_failures >= 0) {
        row->max_failures = request->max_failures;
        text_append_format(&detail, "%smax failures %d", detail.length > 0 ? ", " : "",
                           row->max_failures);
    }
    backfill_change(backfill);
    backfill->must_tell = true;
    request_backfill_note(work, backfill, STORE_OPERATION_SET,
                          arena_copy_string(&work->daemon->turn.arena, text_string(&detail)));
    request_backfill_reply(work, backfill, "");
    return 0;
}

static int change(const struct backfill_request *work, struct backfill *backfill, struct error *err)
{
    if (work->request->kind == REQUEST_KIND_BACKFILL_PAUSE ||
        work->request->kind == REQUEST_KIND_BACKFILL_STOP)
        return pause_or_stop(work, backfill, err);
    if (work->request->kind == REQUEST_KIND_BACKFILL_SET)
        return set(work, backfill, err);
    return resume(work, backfill, err);
}

/* ---- those that were asked for together ---- */

struct change_mates {
    const struct backfill_request *work;
    int64_t changed; /* the last one that could be; 0 = none */
};

/* What one of them cannot do does not hold up the others. */
static void change_mate(void *owner, struct backfill *mate)
{
    struct change_mates *all = owner;
    struct backfill_request quiet = *all->work;
    struct error ignored = {0};
    quiet.is_quiet = true;
    if (change(&quiet, mate, &ignored) == 0)
        all->changed = mate->row.id;
    watch_add_backfill(quiet.daemon, quiet.watcher, mate->row.id, false);
    mate->must_tell = true;
}

/* What is asked of the leader is asked of all; settings are each one's own. */
int request_backfill_change(const struct backfill_request *work, struct error *err)
{
    struct backfill *backfill;
    struct change_mates mates = {.work = work};
    if (backfill_load(work->daemon, work->request->backfill_id, &backfill, err) < 0)
        return -1;
    bool is_leader = backfill->row.leader_id == backfill->row.id;
    if (is_leader && work->request->kind != REQUEST_KIND_BACKFILL_SET &&
        request_backfill_each_mate(work->daemon, backfill, change_mate, &mates, err) < 0)
        return -1;
    if (change(work, backfill, err) == 0)
        return 0;
    if (mates.changed == 0)
        return -1;
    *err = (struct error){0};
    watch_add_backfill(work->daemon, work->watcher, backfill->row.id, false);
    backfill->must_tell = true;
    request_backfill_reply(work, backfill, "");
    return 0;
}
