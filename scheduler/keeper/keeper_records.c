#include "scheduler/keeper/keeper_state.h"

#include "scheduler/base/scope.h"

#include <stdio.h>

#define DISK_RETRY_MS 1000
#define COMPACT_BYTES ((int64_t)64 << 10)

static void fall_silent(struct keeper *keeper, const struct error *err)
{
    loop_set_timer(keeper->loop, &keeper->disk_timer, duration_ms(DISK_RETRY_MS));
    if (keeper->is_disk_full)
        return;
    keeper->is_disk_full = true;
    fprintf(stderr, "datemill-keeper: %s\n", err->text);
    keeper_tell_disk(keeper, err->text);
}

/* --- the ends --------------------------------------------------------------------------------- */

void keeper_records_hold(struct keeper *keeper, struct attempt *attempt)
{
    attempt->is_held = true;
    attempt_list_add(&keeper->held, attempt);
}

static void encode_ends(const struct keeper *keeper, struct text *records)
{
    for (const struct attempt *a = keeper->held.first; a != NULL; a = a->next_listed)
        journal_encode(
            &(struct journal_record){.kind = JOURNAL_END, .attempt_id = a->id, .end = a->end},
            records);
}

/* They are in the journal. */
static void tell_ends(struct keeper *keeper)
{
    while (keeper->held.first != NULL) {
        struct attempt *attempt = keeper->held.first;
        attempt_list_remove(&keeper->held, attempt);
        attempt->is_held = false;
        keeper_tell_state(keeper, attempt);
    }
}

static int write_ends(struct keeper *keeper, struct text *records, struct error *err)
{
    encode_ends(keeper, records);
    if (records->length > 0 && journal_append_all(&keeper->journal, records, err) < 0)
        return -1;
    tell_ends(keeper);
    return 0;
}

/* --- the starts ------------------------------------------------------------------------------- */

static void encode_start(const struct attempt *attempt, struct text *records)
{
    journal_encode(&(struct journal_record){.kind = JOURNAL_START,
                                            .attempt_id = attempt->id,
                                            .token = attempt->start.token,
                                            .log_path = attempt->start.log_path,
                                            .started = attempt->started},
                   records);
}

/* In the order of receipt, as many as there are slots. */
static void choose_starts(struct keeper *keeper, struct text *records)
{
    struct instant now = clock_now();
    int32_t used = keeper->used_slots;
    for (struct attempt *a = keeper->queue.first; a != NULL; a = a->next_listed) {
        if (a->needs_slot && used >= keeper->slots)
            continue;
        used += a->needs_slot ? 1 : 0;
        a->is_chosen = true;
        a->started = now;
        keeper->chosen++;
        encode_start(a, records);
    }
}

static void choose_none(struct keeper *keeper)
{
    for (struct attempt *a = keeper->queue.first; a != NULL && keeper->chosen > 0;
         a = a->next_listed) {
        keeper->chosen -= a->is_chosen ? 1 : 0;
        a->is_chosen = false;
    }
}

void keeper_records_write(struct keeper *keeper)
{
    struct error err = {0};
    SCOPED_TEXT struct text records = {0};
    if (keeper->is_disk_full || keeper->held.count + keeper->queue.count == 0)
        return;
    if (!keeper->is_ending)
        choose_starts(keeper, &records);
    if (write_ends(keeper, &records, &err) == 0)
        return;
    text_clear(&records);
    if (keeper->chosen > 0 && keeper->held.count > 0) /* what there is space for */
        write_ends(keeper, &records, &err);
    choose_none(keeper);
    fall_silent(keeper, &err);
}

/* --- the whole -------------------------------------------------------------------------------- */

void keeper_records_begin(struct keeper *keeper)
{
    struct error err = {0};
    SCOPED_TEXT struct text records = {0};
    keeper->compact_at = COMPACT_BYTES;
    for (struct attempt *a = keeper->table.first; a != NULL; a = a->next) {
        if (a->is_held)
            attempt_list_add(&keeper->held, a);
    }
    journal_encode(&(struct journal_record){.kind = JOURNAL_BOOT, .boot_id = keeper->boot_id},
                   &records);
    if (write_ends(keeper, &records, &err) < 0)
        fall_silent(keeper, &err);
    else
        keeper_records_compact(keeper, true);
}

static void add_live_record(const struct attempt *attempt, struct text *records)
{
    struct journal_record record = {.attempt_id = attempt->id};
    if (attempt->phase == ATTEMPT_QUEUED || attempt->is_held)
        return; /* a held end has no start any more: it would be lost, and is told as it is later */
    if (attempt->phase == ATTEMPT_ENDED) {
        record.kind = JOURNAL_END;
        record.end = attempt->end;
    } else {
        encode_start(attempt, records);
        return;
    }
    journal_encode(&record, records);
}

/* Only what is not settled stays. Held ends keep the journal as it is: their starts are in it. */
static int compact(struct keeper *keeper, struct error *err)
{
    SCOPED_TEXT struct text records = {0};
    if (keeper->held.count > 0)
        return 0;
    journal_encode(&(struct journal_record){.kind = JOURNAL_BOOT, .boot_id = keeper->boot_id},
                   &records);
    for (const struct attempt *a = keeper->table.first; a != NULL; a = a->next)
        add_live_record(a, &records);
    if (journal_replace(&keeper->journal, &records, err) < 0)
        return -1;
    int64_t wanted = keeper->journal.size * 4;
    keeper->compact_at = wanted > COMPACT_BYTES ? wanted : COMPACT_BYTES;
    return 0;
}

void keeper_records_compact(struct keeper *keeper, bool is_forced)
{
    struct error err = {0};
    if (!is_forced && keeper->journal.size < keeper->compact_at)
        return;
    if (compact(keeper, &err) < 0)
        keeper->compact_at *= 2; /* no space for a new one; the old one is as good */
}

void keeper_records_retry(void *owner)
{
    struct keeper *keeper = owner;
    struct error err = {0};
    SCOPED_TEXT struct text records = {0};
    if (write_ends(keeper, &records, &err) < 0 || compact(keeper, &err) < 0) {
        fall_silent(keeper, &err);
        return;
    }
    keeper->is_disk_full = false;
    keeper_tell_disk(keeper, "the journal can be written again");
}
