#include "scheduler/daemon/pruning.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>

#define PRUNING_FIRST_SIZE 50
#define PRUNING_BUSY_MIN_SIZE 5
#define PRUNING_BUSY_STEP_MS                                                                       \
    3 /* a step at most, about, while runs are open; then as long a pause */
#define PRUNING_IDLE_MIN_SIZE 50
#define PRUNING_IDLE_STEP_MS 150 /* while there are none: large steps write fewer pages */
#define PRUNING_TELL_MS 200      /* between two notices */
#define PRUNING_TROUBLE_MS 1000  /* while the store cannot be written */

struct pruning {
    struct daemon *daemon;
    struct pruning_options options;
    struct prune *prune;
    int32_t size; /* of the next step */
    struct duration told;
    struct loop_timer next;
    bool is_due;
    struct loop_hook hook; /* after the commit of a turn: what was opened again in it is stored */
};

static bool is_busy(void *owner, int64_t run_id)
{
    return daemon_runs_find(owner, run_id) != NULL;
}

/* What an open run waits for is looked up again and again: the answer must not change. */
static bool keeps(void *owner, const struct store_old_run *run)
{
    return is_busy(owner, run->id) || needs_wait_for(owner, run->flow);
}

void pruning_end(struct daemon *daemon, const void *owner)
{
    struct pruning *pruning = daemon->pruning;
    if (pruning == NULL || (owner != NULL && pruning->options.owner != owner))
        return;
    daemon->pruning = NULL;
    loop_cancel_timer(daemon->loop, &pruning->next);
    loop_remove_hook(daemon->loop, &pruning->hook);
    prune_free(pruning->prune);
    free(pruning);
}

static void tell(const struct pruning *pruning)
{
    pruning->options.tell(pruning->options.owner, prune_result(pruning->prune), false, NULL);
}

static void finish(struct pruning *pruning, const struct error *error)
{
    struct pruning_options options = pruning->options;
    struct prune_result result = *prune_result(pruning->prune);
    pruning_end(pruning->daemon, NULL);
    options.tell(options.owner, &result, true, error);
}

static int note_result(struct pruning *pruning, struct error *err)
{
    struct store *store = pruning->daemon->store;
    const struct prune_result *result = prune_result(pruning->prune);
    SCOPED_TEXT struct text text = {0};
    bool is_nothing = result->runs + result->backfills + result->logs + result->bytes == 0;
    if (is_nothing && pruning->options.is_silent_about_nothing)
        return 0;
    text_append_format(&text,
                       "pruned: %" PRId64 " runs, the logs of %" PRId64 " with %" PRId64 " bytes",
                       result->runs, result->logs, result->bytes);
    if (store_begin(store, err) < 0)
        return -1;
    if (store_put_note(store, NULL, text_string(&text), clock_now(), err) == 0 &&
        store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

/* The next step takes about as long as it should; while runs are open it comes after a pause. */
static void plan_next(struct pruning *pruning, struct duration took)
{
    bool is_at_work = engine_count(pruning->daemon->engine).open_runs > 0;
    int64_t wanted = duration_ms(is_at_work ? PRUNING_BUSY_STEP_MS : PRUNING_IDLE_STEP_MS).us;
    int32_t least = is_at_work ? PRUNING_BUSY_MIN_SIZE : PRUNING_IDLE_MIN_SIZE;
    if (took.us > wanted)
        pruning->size /= 2;
    else if (took.us < wanted / 2)
        pruning->size *= 2;
    if (pruning->size < least)
        pruning->size = least;
    if (pruning->size > PRUNE_MAX_SIZE)
        pruning->size = PRUNE_MAX_SIZE;
    loop_set_timer(pruning->daemon->loop, &pruning->next, is_at_work ? took : (struct duration){0});
}

static void on_time(void *owner)
{
    struct pruning *pruning = owner;
    pruning->is_due = true;
}

static void on_commit(void *owner)
{
    struct pruning *pruning = owner;
    struct daemon *daemon = pruning->daemon;
    struct error err = {0};
    if (!pruning->is_due)
        return;
    pruning->is_due = false;
    if (loop_timer_is_set(&daemon->commit_again)) {
        loop_set_timer(daemon->loop, &pruning->next, duration_ms(PRUNING_TROUBLE_MS));
        return;
    }
    struct duration start = clock_monotonic();
    bool has_more = prune_has_more(pruning->prune);
    int result =
        has_more ? prune_step(pruning->prune, pruning->size, &err) : note_result(pruning, &err);
    if (result < 0 || !has_more) {
        finish(pruning, result < 0 ? &err : NULL);
        return;
    }
    struct duration now = clock_monotonic();
    if (now.us - pruning->told.us >= duration_ms(PRUNING_TELL_MS).us) {
        pruning->told = now;
        tell(pruning);
    }
    plan_next(pruning, (struct duration){now.us - start.us});
}

/* Without a time, or with one before all history: none. */
static struct instant before(struct instant now, struct duration keep)
{
    struct instant at = {keep.us == 0 ? 0 : now.us - keep.us};
    return at.us > 0 ? at : (struct instant){0};
}

int pruning_start(struct daemon *daemon, const struct pruning_options *options, struct error *err)
{
    if (daemon->pruning != NULL) {
        error_set(err, ERROR_KIND_BUSY, "old runs are being removed already");
        return error_help(err, "wait for it; the second would find nothing more to do");
    }
    struct instant now = clock_now();
    struct prune_options wanted = {.store = daemon->store,
                                   .state_dir_fd = daemon->state_dir_fd,
                                   .runs_before = before(now, options->keep_runs),
                                   .logs_before = before(now, options->keep_logs),
                                   .keeps = keeps,
                                   .is_busy = is_busy,
                                   .owner = daemon};
    struct pruning *pruning = memory_new(1, sizeof *pruning);
    *pruning = (struct pruning){.daemon = daemon,
                                .options = *options,
                                .prune = prune_new(&wanted),
                                .size = PRUNING_FIRST_SIZE,
                                .told = clock_monotonic(),
                                .next = {.call = on_time, .owner = pruning},
                                .hook = {.call = on_commit, .owner = pruning}};
    daemon->pruning = pruning;
    loop_add_hook(daemon->loop, LOOP_PHASE_COMMIT, &pruning->hook);
    loop_set_timer(daemon->loop, &pruning->next, duration_ms(0));
    return 0;
}
