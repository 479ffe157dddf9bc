#include "scheduler/keeper/attempt.h"

#include "scheduler/base/memory.h"
#include "scheduler/keeper/attempt_inside.h"
#include "scheduler/keeper/process_tree.h"
#include "scheduler/system/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define DRAIN_MS 100
#define FIRST_PAUSE_MS 1
#define LAST_PAUSE_MS 200
#define EMPTY_SCANS 2
#define LAST_LOOK_US DURATION_SECOND_US

static void on_step(void *owner);
static void on_deadline(void *owner);
static void on_grace(void *owner);

/* --- making and freeing ----------------------------------------------------------------------- */

static struct attempt *new_attempt(struct attempt_host *host, int64_t id)
{
    struct attempt *attempt = memory_new(1, sizeof *attempt);
    attempt->host = host;
    attempt->id = id;
    attempt->cgroup.fd = -1;
    attempt->deadline = (struct loop_timer){.call = on_deadline, .owner = attempt};
    attempt->grace = (struct loop_timer){.call = on_grace, .owner = attempt};
    attempt->step = (struct loop_timer){.call = on_step, .owner = attempt};
    return attempt;
}

static const char *const *copy_strings(struct arena *arena, const char *const *strings)
{
    size_t count = 0;
    while (strings[count] != NULL)
        count++;
    const char **copy = arena_array(arena, count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = arena_copy_string(arena, strings[i]);
    return copy;
}

/* The token comes first, where a scan finds it with its first read. */
static const char *const *make_environment(struct arena *arena, const struct keeper_start *start)
{
    const size_t name_length = strlen(PROCESS_TREE_TOKEN_NAME);
    size_t count = 0;
    while (start->env[count] != NULL)
        count++;
    const char **env = arena_array(arena, count + 2, sizeof *env);
    size_t used = 0;
    env[used++] = arena_format(arena, PROCESS_TREE_TOKEN_NAME "%s", start->token);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(start->env[i], PROCESS_TREE_TOKEN_NAME, name_length) != 0)
            env[used++] = arena_copy_string(arena, start->env[i]);
    }
    return env;
}

struct attempt *attempt_new(struct attempt_host *host, const struct keeper_start *start)
{
    struct attempt *attempt = new_attempt(host, start->attempt_id);
    struct arena *arena = &attempt->arena;
    struct arena *command = &attempt->command;
    attempt->phase = ATTEMPT_QUEUED;
    attempt->needs_slot = start->needs_slot;
    attempt->start = *start;
    attempt->start.token = arena_copy_string(arena, start->token);
    attempt->start.folder = arena_copy_string(command, start->folder);
    attempt->start.argv = copy_strings(command, start->argv);
    attempt->start.env = make_environment(command, start);
    attempt->start.input = arena_copy(command, start->input, start->input_length);
    attempt->start.masks = start->masks == NULL ? NULL : copy_strings(arena, start->masks);
    attempt->start.log_path = arena_copy_string(arena, start->log_path);
    attempt->start.events_path = arena_copy_string(arena, start->events_path);
    return attempt;
}

void attempt_free_command(struct attempt *attempt)
{
    arena_free(&attempt->command);
    attempt->start.folder = NULL;
    attempt->start.argv = NULL;
    attempt->start.env = NULL;
    attempt->start.input = NULL;
}

struct attempt *attempt_new_ended(struct attempt_host *host, const struct keeper_end *end)
{
    struct attempt *attempt = new_attempt(host, end->attempt_id);
    attempt->phase = ATTEMPT_ENDED;
    attempt->end = *end;
    attempt->end.text = memory_copy_string(end->text);
    return attempt;
}

void attempt_tidy(struct attempt *attempt)
{
    assert(attempt->phase == ATTEMPT_ENDED);
    if (!attempt->is_untidy)
        return;
    attempt->is_untidy = false;
    attempt_output_close(&attempt->output);
    mask_free(&attempt->output.mask);
    cgroup_remove(&attempt->host->cgroup_root, &attempt->cgroup);
    arena_free(&attempt->arena);
}

void attempt_free(struct attempt *attempt)
{
    if (attempt == NULL)
        return;
    assert(attempt->phase == ATTEMPT_QUEUED || attempt->phase == ATTEMPT_ENDED);
    if (attempt->phase == ATTEMPT_ENDED)
        attempt_tidy(attempt);
    arena_free(&attempt->arena);
    arena_free(&attempt->command);
    free((char *)attempt->end.text);
    free(attempt);
}

/* --- the end ---------------------------------------------------------------------------------- */

void attempt_end_output(struct attempt *attempt)
{
    struct attempt_output *output = &attempt->output;
    attempt_output_end(output);
    event_lines_finish(&output->events);
    if (output->events.dropped > 0)
        attempt_log_note(&output->log,
                         "%d lines on descriptor 3 were dropped: too long, too many, or unwritable",
                         output->events.dropped);
    attempt_log_finish(&output->log);
    attempt->end.log_bytes = output->log.size;
    attempt->end.log_lost_bytes = output->log.lost;
}

static void finish(struct attempt *attempt)
{
    struct loop *loop = attempt->host->loop;
    if (attempt->named_count > 0 && (size_t)attempt->end.leftovers_killed > attempt->named_count)
        attempt_log_note(&attempt->output.log, "and %zu more",
                         (size_t)attempt->end.leftovers_killed - attempt->named_count);
    attempt_end_output(attempt);
    loop_cancel_timer(loop, &attempt->deadline);
    loop_cancel_timer(loop, &attempt->grace);
    loop_cancel_timer(loop, &attempt->step);
    attempt->phase = ATTEMPT_ENDED;
    attempt->host->on_ended(attempt->host->owner, attempt);
}

/* --- killing the tree --------------------------------------------------------------------------*/

static void name_leftover(struct attempt *attempt, pid_t pid, const char *name)
{
    if (pid == attempt->session)
        return; /* the first process is nobody's leftover */
    for (size_t i = 0; i < attempt->named_count; i++) {
        if (attempt->named[i] == pid)
            return;
    }
    attempt->end.leftovers_killed++;
    if (attempt->named_count == ATTEMPT_MAX_NAMED)
        return;
    attempt->named[attempt->named_count++] = pid;
    attempt_log_note(&attempt->output.log, "killed process %ld (%s), which was still running",
                     (long)pid, name);
}

static void on_found(void *owner, const struct process_tree_found *found)
{
    name_leftover(owner, found->pid, found->name);
}

static void on_cgroup_process(void *owner, pid_t pid)
{
    char name[PROCESS_TREE_NAME_BYTES];
    process_tree_name(pid, name);
    name_leftover(owner, pid, name);
}

static struct process_tree_target target_of(const struct attempt *attempt)
{
    return (struct process_tree_target){.token = attempt->start.token, .session = attempt->session};
}

/* Kills what there is; returns whether there was anything. */
static bool kill_tree(struct attempt *attempt)
{
    if (attempt->cgroup.fd >= 0) {
        bool is_populated = cgroup_is_populated(&attempt->cgroup);
        if (is_populated) {
            cgroup_list(&attempt->cgroup, on_cgroup_process, attempt);
            cgroup_kill(&attempt->cgroup);
        }
        return is_populated;
    }
    struct process_tree_target target = target_of(attempt);
    struct process_tree_scan scan = {
        .targets = &target, .count = 1, .is_kill = true, .call = on_found, .owner = attempt};
    return process_tree_scan(&scan) > 0;
}

static void pause_and_scan(struct attempt *attempt)
{
    loop_set_timer(attempt->host->loop, &attempt->step, duration_ms(attempt->pause_ms));
    attempt->pause_ms =
        attempt->pause_ms * 2 < LAST_PAUSE_MS ? attempt->pause_ms * 2 : LAST_PAUSE_MS;
}

/* One round; in CLEARING it ends the attempt when nothing was found often enough. */
static void scan_round(struct attempt *attempt)
{
    if (attempt->pid > 0)
        kill(attempt->pid, SIGKILL);
    if (kill_tree(attempt)) {
        attempt->empty_scans = 0;
    } else if (++attempt->empty_scans >= EMPTY_SCANS && attempt->phase == ATTEMPT_CLEARING) {
        finish(attempt);
        return;
    } else {
        attempt->pause_ms = FIRST_PAUSE_MS;
    }
    pause_and_scan(attempt);
}

static void begin_killing(struct attempt *attempt)
{
    attempt->is_killing = true;
    attempt->pause_ms = FIRST_PAUSE_MS;
    attempt->empty_scans = 0;
    scan_round(attempt);
}

static bool has_leftovers(struct attempt *attempt)
{
    const struct attempt_host *host = attempt->host;
    if (attempt->cgroup.fd >= 0)
        return cgroup_is_populated(&attempt->cgroup);
    struct process_tree_target target = target_of(attempt);
    return process_tree_has_orphans(host->children_fd, &target, host->is_first, host->owner);
}

/* The output is over, or has had its time. */
static void end_draining(struct attempt *attempt)
{
    attempt_output_end(&attempt->output);
    loop_cancel_timer(attempt->host->loop, &attempt->step);
    attempt->phase = ATTEMPT_CLEARING;
    bool is_own = attempt->why == KEEPER_WHY_OWN;
    if (is_own && (attempt->start.keep_leftovers || !has_leftovers(attempt)))
        finish(attempt);
    else
        begin_killing(attempt);
}

void attempt_output_is_done(void *owner)
{
    struct attempt *attempt = owner;
    if (attempt->phase == ATTEMPT_DRAINING)
        end_draining(attempt);
}

static void on_step(void *owner)
{
    struct attempt *attempt = owner;
    switch (attempt->phase) {
    case ATTEMPT_RUNNING:
    case ATTEMPT_CLEARING:
        scan_round(attempt);
        break;
    case ATTEMPT_DRAINING:
        attempt_output_drain(&attempt->output);
        end_draining(attempt);
        break;
    case ATTEMPT_QUEUED:
    case ATTEMPT_ENDED:
        break;
    }
}

static void set_end(struct attempt *attempt, int status, const struct rusage *usage)
{
    struct keeper_end *end = &attempt->end;
    end->attempt_id = attempt->id;
    end->kind = WIFSIGNALED(status) ? KEEPER_END_SIGNALED : KEEPER_END_EXITED;
    end->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
    end->why = attempt->why;
    end->started = attempt->started;
    end->elapsed.us = clock_boottime().us - attempt->started_at.us;
    end->ended = instant_add(attempt->started, end->elapsed); /* the clock may have been set */
    end->cpu_user.us = usage->ru_utime.tv_sec * DURATION_SECOND_US + usage->ru_utime.tv_usec;
    end->cpu_system.us = usage->ru_stime.tv_sec * DURATION_SECOND_US + usage->ru_stime.tv_usec;
    end->peak_memory = (int64_t)usage->ru_maxrss * 1024;
}

void attempt_take_exit(struct attempt *attempt, int status, const struct rusage *usage)
{
    struct loop *loop = attempt->host->loop;
    assert(attempt->phase == ATTEMPT_RUNNING);
    attempt->pid = 0;
    loop_cancel_timer(loop, &attempt->deadline);
    loop_cancel_timer(loop, &attempt->grace);
    if (attempt->launch != NULL && attempt_end_launch(attempt) < 0) {
        attempt->host->on_ended(attempt->host->owner, attempt);
        return;
    }
    attempt->phase = ATTEMPT_DRAINING;
    set_end(attempt, status, usage);
    attempt_output_drain(&attempt->output);
    if (attempt_output_is_over(&attempt->output)) {
        end_draining(attempt);
        return;
    }
    attempt_output_watch(&attempt->output); /* where that fails, the time says when it is enough */
    loop_set_timer(loop, &attempt->step, duration_ms(DRAIN_MS));
}

/* A launch takes a moment, or as long as a dead network mount does: the longer, the more seldom it
 * is looked at. One that failed is left, its process ends and says so. */
static struct duration look_at_launch(struct attempt *attempt, struct duration age)
{
    struct duration none = {0};
    if (attempt->launch == NULL)
        return none;
    if (child_launch_progress(attempt->launch) != CHILD_RUNNING)
        return (struct duration){age.us / 8 < LAST_LOOK_US ? age.us / 8 : LAST_LOOK_US};
    attempt_end_launch(attempt);
    return none;
}

struct duration attempt_watch(struct attempt *attempt, struct duration least)
{
    struct duration none = {0};
    struct duration age = {clock_boottime().us - attempt->started_at.us};
    if (attempt->phase != ATTEMPT_RUNNING)
        return none;
    struct duration wait = look_at_launch(attempt, age);
    bool is_watched = attempt_output_is_watched(&attempt->output);
    if (!is_watched && age.us >= least.us) {
        is_watched = attempt_output_watch(&attempt->output) == 0;
        if (!is_watched)
            attempt_output_drain(&attempt->output); /* no memory for more; not to hold it up */
    }
    bool is_soon = !is_watched || (attempt->launch != NULL && wait.us < least.us);
    return is_soon ? least : wait;
}

/* --- stopping --------------------------------------------------------------------------------- */

/* A process that is dead already, but not yet waited for, has ended by itself. */
static bool is_dead(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

static void signal_group(const struct attempt *attempt, int number)
{
    if (kill(-attempt->session, number) < 0)
        kill(attempt->pid, number); /* it has gone to another group */
}

void attempt_stop(struct attempt *attempt, enum keeper_end_why why, bool is_kill_now)
{
    if (attempt->phase != ATTEMPT_RUNNING || attempt->is_killing || is_dead(attempt->pid))
        return;
    char grace[DURATION_TEXT_BYTES];
    bool is_first = attempt->why == KEEPER_WHY_OWN;
    if (is_first)
        attempt->why = why;
    if (is_kill_now || attempt->start.stop_grace.us == 0) {
        attempt_log_note(&attempt->output.log, "%s: SIGKILL",
                         attempt->why == KEEPER_WHY_TIMEOUT ? "time limit reached" : "stopped");
        loop_cancel_timer(attempt->host->loop, &attempt->grace);
        begin_killing(attempt);
    } else if (is_first) {
        attempt_log_note(&attempt->output.log, "%s: SIGTERM, and SIGKILL after %s",
                         why == KEEPER_WHY_TIMEOUT ? "time limit reached" : "stopped",
                         duration_format(attempt->start.stop_grace, grace));
        signal_group(attempt, SIGTERM);
        signal_group(attempt, SIGCONT); /* one that is stopped would not see it */
        loop_set_timer(attempt->host->loop, &attempt->grace, attempt->start.stop_grace);
    }
}

static void on_deadline(void *owner)
{
    attempt_stop(owner, KEEPER_WHY_TIMEOUT, false);
}

static void on_grace(void *owner)
{
    struct attempt *attempt = owner;
    attempt_stop(attempt, attempt->why, true);
}
