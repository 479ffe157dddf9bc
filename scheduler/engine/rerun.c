/* A run is opened again: chosen tasks go back to waiting, with the whole of their retries. */
#include "scheduler/engine/handlers.h"
#include "scheduler/engine/settle.h"

#include <inttypes.h>

/* Which tasks a rerun opens is found before anything changes. */
struct selection {
    struct task *first;
    struct task *last;
    size_t count;
};

static void choose(struct selection *selection, struct task *task)
{
    if (task->is_chosen)
        return;
    task->is_chosen = true;
    task->chosen_next = NULL;
    if (selection->last == NULL)
        selection->first = task;
    else
        selection->last->chosen_next = task;
    selection->last = task;
    selection->count++;
}

static void choose_all(struct selection *selection, struct run *run, enum rerun_scope scope)
{
    for (size_t i = 0; i < run->task_count; i++) {
        struct task *task = &run->tasks[i];
        bool is_bad = task->state == TASK_FAILED || task->state == TASK_STOPPED;
        bool is_open_to_all = task->is_selected && task->state != TASK_FROZEN;
        if (scope == RERUN_FROM_FAILED ? is_bad : is_open_to_all)
            choose(selection, task);
    }
}

static void choose_downstream(struct selection *selection, struct task *from)
{
    choose(selection, from);
    for (struct task *task = from; task != NULL; task = task->chosen_next) {
        for (uint32_t i = 0; i < task->dependent_count; i++) {
            struct task *dependent = &task->run->tasks[task->dependents[i]];
            if (dependent->is_selected && dependent->state != TASK_FROZEN)
                choose(selection, dependent);
        }
    }
}

/* Takes the marks off again; returns a chosen task that runs, NULL if none does. */
static const struct task *unmark(const struct selection *selection)
{
    const struct task *running = NULL;
    for (struct task *task = selection->first; task != NULL; task = task->chosen_next) {
        task->is_chosen = false;
        if (task->phase == PHASE_RUNNING && running == NULL)
            running = task;
    }
    return running;
}

static void reopen(struct engine *engine, struct task *task)
{
    if (task->phase != PHASE_NONE)
        return;
    settle_place(engine, task, PLACE_NONE);
    task->tries = 0;
    settle_forget_wait(task);
    task->ready_at = (struct instant){0};
    if (task->state == TASK_BLOCKED)
        settle_state(engine, task, TASK_BLOCKED, TASK_WHY_RERUN);
    else
        settle_state(engine, task, TASK_WAITING, TASK_WHY_RERUN);
}

static int check(const struct engine *engine, const struct event *event, struct run **ret_run,
                 struct error *err)
{
    struct run *run = runs_find(engine, event->run_id);
    if (run == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " is not open", event->run_id);
    *ret_run = run;
    if (event->scope == RERUN_FROM_FAILED || event->scope == RERUN_ALL)
        return 0;
    if (event->node >= run->task_count)
        return error_set(err, ERROR_KIND_NOT_FOUND, "run %" PRId64 " has no node %" PRIu32,
                         event->run_id, event->node);
    if (run->tasks[event->node].state == TASK_FROZEN)
        return error_set(err, ERROR_KIND_REFUSED, "a node that is frozen cannot be rerun");
    return 0;
}

int operate_rerun(struct engine *engine, const struct event *event, struct error *err)
{
    struct run *run;
    if (check(engine, event, &run, err) < 0)
        return -1;
    struct selection selection = {0};
    switch (event->scope) {
    case RERUN_FROM_FAILED:
    case RERUN_ALL:
        choose_all(&selection, run, event->scope);
        break;
    case RERUN_FROM_NODE:
        choose_downstream(&selection, &run->tasks[event->node]);
        break;
    case RERUN_ONLY_NODE:
        choose(&selection, &run->tasks[event->node]);
        break;
    }
    const struct task *running = unmark(&selection);
    if (running != NULL)
        return error_set(err, ERROR_KIND_BUSY, "node %" PRIu32 " of run %" PRId64 " is running",
                         running->node, run->run_id);
    if (selection.count == 0)
        return error_set(err, ERROR_KIND_REFUSED, "run %" PRId64 " has nothing to rerun",
                         run->run_id);
    run->opening++;
    run->must_record = true;
    settle_run_dirty(engine, run);
    struct task *task = selection.first;
    while (task != NULL) {
        struct task *next = task->chosen_next;
        reopen(engine, task);
        task = next;
    }
    return 0;
}
