#include "scheduler/keeper/keeper_recovery.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/keeper/attempt_log.h"
#include "scheduler/keeper/process_tree.h"
#include "scheduler/system/clock.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMPTY_SCANS 2
#define FIRST_PAUSE_MS 1
#define LAST_PAUSE_MS 100
#define MAX_WAIT_MS 15000

/* A start without an end. */
struct open_start {
    int64_t attempt_id;
    struct instant started;
    char *token;
    char *log_path;
    bool is_of_this_boot;
    int32_t killed; /* processes */
    struct open_start *next;
};

struct reading {
    const struct keeper_recovery_options *options;
    struct attempt_table *table;
    struct open_start *starts;
    bool is_this_boot; /* the records now read were written in this boot */
};

static void free_start(struct open_start *start)
{
    free(start->token);
    free(start->log_path);
    free(start);
}

static void remove_start(struct reading *reading, int64_t attempt_id)
{
    struct open_start **place = &reading->starts;
    while (*place != NULL && (*place)->attempt_id != attempt_id)
        place = &(*place)->next;
    struct open_start *start = *place;
    if (start == NULL)
        return;
    *place = start->next;
    free_start(start);
}

static void take_record(void *owner, const struct journal_record *record)
{
    struct reading *reading = owner;
    switch (record->kind) {
    case JOURNAL_BOOT:
        reading->is_this_boot = strcmp(record->boot_id, reading->options->boot_id) == 0;
        break;
    case JOURNAL_START: {
        struct open_start *start = memory_new(1, sizeof *start);
        *start = (struct open_start){.attempt_id = record->attempt_id,
                                     .started = record->started,
                                     .token = memory_copy_string(record->token),
                                     .log_path = memory_copy_string(record->log_path),
                                     .is_of_this_boot = reading->is_this_boot,
                                     .next = reading->starts};
        reading->starts = start;
        break;
    }
    case JOURNAL_END:
        remove_start(reading, record->attempt_id);
        if (attempt_table_find(reading->table, record->attempt_id) == NULL)
            attempt_table_add(reading->table,
                              attempt_new_ended(reading->options->host, &record->end));
        break;
    }
}

/* --- killing ---------------------------------------------------------------------------------- */

struct killing {
    const struct attempt_host *host;
    struct process_tree_target *targets;
    struct open_start **starts; /* one for each target */
    size_t count;
    bool is_counting; /* the first round; later ones find the same processes again, dying */
};

static void on_found(void *owner, const struct process_tree_found *found)
{
    struct killing *killing = owner;
    if (killing->is_counting)
        killing->starts[found->target]->killed++;
}

/* One round; returns whether there was anything to kill. */
static bool kill_round(struct killing *killing)
{
    bool is_clear = true;
    for (size_t i = 0; i < killing->count; i++) {
        const struct open_start *start = killing->starts[i];
        if (!cgroup_clear(&killing->host->cgroup_root, start->attempt_id, start->token))
            is_clear = false;
    }
    struct process_tree_scan scan = {.targets = killing->targets,
                                     .count = killing->count,
                                     .is_kill = true,
                                     .call = on_found,
                                     .owner = killing};
    bool is_found = process_tree_scan(&scan) > 0;
    killing->is_counting = false;
    return is_found || !is_clear;
}

/* Blocks: nothing else may happen before these processes are gone. One that the kernel does not let
 * die (it waits for a disk) is waited for only so long: it will not come back to life either. */
static void kill_until_gone(struct killing *killing)
{
    int64_t until = clock_monotonic().us + duration_ms(MAX_WAIT_MS).us;
    int64_t pause_ms = FIRST_PAUSE_MS;
    for (int empty = 0; empty < EMPTY_SCANS && clock_monotonic().us < until;) {
        empty = kill_round(killing) ? 0 : empty + 1;
        if (empty == EMPTY_SCANS)
            break;
        struct timespec pause = {.tv_nsec = (long)(pause_ms * 1000000)};
        nanosleep(&pause, NULL);
        pause_ms = pause_ms * 2 < LAST_PAUSE_MS ? pause_ms * 2 : LAST_PAUSE_MS;
    }
}

static void kill_leftovers(struct reading *reading)
{
    struct killing killing = {.host = reading->options->host, .is_counting = true};
    size_t count = 0;
    for (struct open_start *start = reading->starts; start != NULL; start = start->next)
        count++;
    killing.targets = memory_new(count, sizeof *killing.targets);
    killing.starts = memory_new(count, sizeof(struct open_start *));
    for (struct open_start *start = reading->starts; start != NULL; start = start->next) {
        if (!start->is_of_this_boot)
            continue;
        killing.targets[killing.count].token = start->token;
        killing.starts[killing.count++] = start;
    }
    if (killing.count > 0)
        kill_until_gone(&killing);
    free(killing.targets);
    free(killing.starts);
}

static void record_loss(struct reading *reading, const struct open_start *start)
{
    struct keeper_end end = {.attempt_id = start->attempt_id,
                             .kind = KEEPER_END_LOST,
                             .started = start->started,
                             .ended = clock_now(),
                             .leftovers_killed = start->killed,
                             .text = "its keeper died, so how it ended cannot be known"};
    attempt_log_recover(reading->options->host->state_dir_fd, start->log_path,
                        "the keeper of this attempt died: how it ended cannot be known");
    struct attempt *attempt = attempt_new_ended(reading->options->host, &end);
    attempt->is_held = true;
    attempt_table_add(reading->table, attempt);
}

int keeper_recover(const struct keeper_recovery_options *options, struct attempt_table *table,
                   struct journal *ret_journal, struct error *err)
{
    struct reading reading = {.options = options, .table = table};
    int result = journal_open(options->folder_fd, take_record, &reading, ret_journal, err);
    if (result == 0)
        kill_leftovers(&reading);
    while (reading.starts != NULL) {
        struct open_start *start = reading.starts;
        reading.starts = start->next;
        if (result == 0)
            record_loss(&reading, start);
        free_start(start);
    }
    return result;
}
