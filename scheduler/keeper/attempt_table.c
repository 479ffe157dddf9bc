#include "scheduler/keeper/attempt_table.h"

static size_t bucket_of(int64_t key)
{
    return (size_t)((uint64_t)key % ATTEMPT_TABLE_BUCKETS);
}

struct attempt *attempt_table_find(const struct attempt_table *table, int64_t id)
{
    struct attempt *attempt = table->by_id[bucket_of(id)];
    while (attempt != NULL && attempt->id != id)
        attempt = attempt->next_same_id;
    return attempt;
}

void attempt_table_add(struct attempt_table *table, struct attempt *attempt)
{
    struct attempt **bucket = &table->by_id[bucket_of(attempt->id)];
    attempt->next_same_id = *bucket;
    *bucket = attempt;
    attempt->next = NULL;
    attempt->previous = table->last;
    if (table->last != NULL)
        table->last->next = attempt;
    else
        table->first = attempt;
    table->last = attempt;
    table->count++;
}

void attempt_table_remove(struct attempt_table *table, struct attempt *attempt)
{
    struct attempt **place = &table->by_id[bucket_of(attempt->id)];
    while (*place != attempt)
        place = &(*place)->next_same_id;
    *place = attempt->next_same_id;
    if (attempt->previous != NULL)
        attempt->previous->next = attempt->next;
    else
        table->first = attempt->next;
    if (attempt->next != NULL)
        attempt->next->previous = attempt->previous;
    else
        table->last = attempt->previous;
    table->count--;
}

struct attempt *attempt_table_find_pid(const struct attempt_table *table, pid_t pid)
{
    struct attempt *attempt = table->by_pid[bucket_of(pid)];
    while (attempt != NULL && attempt->session != pid)
        attempt = attempt->next_same_pid;
    return attempt;
}

void attempt_table_add_pid(struct attempt_table *table, struct attempt *attempt)
{
    struct attempt **bucket = &table->by_pid[bucket_of(attempt->session)];
    attempt->next_same_pid = *bucket;
    *bucket = attempt;
}

void attempt_table_remove_pid(struct attempt_table *table, struct attempt *attempt)
{
    struct attempt **place = &table->by_pid[bucket_of(attempt->session)];
    while (*place != attempt)
        place = &(*place)->next_same_pid;
    *place = attempt->next_same_pid;
}

void attempt_list_add(struct attempt_list *list, struct attempt *attempt)
{
    attempt->next_listed = NULL;
    attempt->previous_listed = list->last;
    if (list->last != NULL)
        list->last->next_listed = attempt;
    else
        list->first = attempt;
    list->last = attempt;
    list->count++;
}

void attempt_list_remove(struct attempt_list *list, struct attempt *attempt)
{
    if (attempt->previous_listed != NULL)
        attempt->previous_listed->next_listed = attempt->next_listed;
    else
        list->first = attempt->next_listed;
    if (attempt->next_listed != NULL)
        attempt->next_listed->previous_listed = attempt->previous_listed;
    else
        list->last = attempt->previous_listed;
    list->count--;
}
