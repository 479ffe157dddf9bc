/* links datemill_store: how every attempt of a store ended, one line each: `RUN NODE TRY END CODE`,
 * ascending runs, `-` for a code that says nothing. One program instead of a command per run. */
#include "scheduler/base/scope.h"
#include "scheduler/store/view_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int print_run(struct store *store, int64_t run_id, struct error *err)
{
    SCOPED_ARENA struct arena arena = {0};
    struct view_attempts attempts;
    if (view_run_attempts(store, run_id, &arena, &attempts, err) < 0)
        return -1;
    for (size_t i = 0; i < attempts.count; i++) {
        const struct view_attempt *attempt = &attempts.items[i];
        bool has_code = attempt->outcome.end == ATTEMPT_END_SUCCESS ||
                        attempt->outcome.end == ATTEMPT_END_FAILURE ||
                        attempt->outcome.end == ATTEMPT_END_SIGNAL;
        const char *end = attempt->state == ATTEMPT_ENDED ? attempt_end_name(attempt->outcome.end)
                                                          : attempt_state_name(attempt->state);
        printf("%" PRId64 " %s %d %s ", run_id, attempt->node_name, attempt->number, end);
        if (has_code)
            printf("%d\n", attempt->outcome.code);
        else
            printf("-\n");
    }
    return 0;
}

/* Run ids are given without gaps but for what was never committed: each is asked for. */
int main(int argc, char **argv)
{
    struct store *store = NULL;
    struct error err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: crash_ends STATE_DIR FIRST_RUN\n");
        return 2;
    }
    SCOPED_ARENA struct arena arena = {0};
    struct view_runs newest;
    struct view_page page = {.limit = 1};
    int result = store_open_reader(argv[1], &store, &err);
    if (result == 0)
        result = view_list_runs(store, &page, &arena, &newest, &err);
    for (int64_t id = strtoll(argv[2], NULL, 10);
         result == 0 && newest.count > 0 && id <= newest.items[0].id; id++)
        result = print_run(store, id, &err);
    if (result < 0)
        fprintf(stderr, "%s\n", err.text);
    store_close(store);
    return result == 0 ? 0 : 1;
}
