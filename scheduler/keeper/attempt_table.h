/* The attempts a keeper knows: in the order of receipt, by id, and by the pid of the first process.
 * The links are inside the attempts. */
#ifndef DATEMILL_KEEPER_ATTEMPT_TABLE_H
#define DATEMILL_KEEPER_ATTEMPT_TABLE_H

#include "scheduler/keeper/attempt.h"

#include <stddef.h>
#include <stdint.h>

#define ATTEMPT_TABLE_BUCKETS 1024

struct attempt_table {
    struct attempt *first;
    struct attempt *last;
    size_t count;
    struct attempt *by_id[ATTEMPT_TABLE_BUCKETS];
    struct attempt *by_pid[ATTEMPT_TABLE_BUCKETS];
};

struct attempt *attempt_table_find(const struct attempt_table *table, int64_t id);
void attempt_table_add(struct attempt_table *table, struct attempt *attempt);
void attempt_table_remove(struct attempt_table *table, struct attempt *attempt);

/* By `attempt->session`, from its start until its first process has been waited for. */
struct attempt *attempt_table_find_pid(const struct attempt_table *table, pid_t pid);
void attempt_table_add_pid(struct attempt_table *table, struct attempt *attempt);
void attempt_table_remove_pid(struct attempt_table *table, struct attempt *attempt);

/* Attempts of one phase, in the order in which they came to it. An attempt is in one list at
 * most. */
struct attempt_list {
    struct attempt *first;
    struct attempt *last;
    size_t count;
};

void attempt_list_add(struct attempt_list *list, struct attempt *attempt);
void attempt_list_remove(struct attempt_list *list, struct attempt *attempt);

#endif
