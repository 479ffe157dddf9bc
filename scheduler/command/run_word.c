#include "scheduler/command/run_word.h"

#include "scheduler/command/run_facts.h"

#include <errno.h>
#include <stdlib.h>

int run_word_parse(struct context *context, const struct options *options, size_t index,
                   int64_t *ret_run_id, struct error *err)
{
    const char *word = options_argument(options, index, "");
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (errno == 0 && *end == '\0' && word[0] >= '0' && word[0] <= '9' && number > 0) {
        *ret_run_id = number;
        return 0;
    }
    struct view_run run;
    if (run_facts_find(context, options, index, &run, err) < 0)
        return -1;
    *ret_run_id = run.id;
    return 0;
}
