#include "scheduler/command/run_word.h"

#include <errno.h>
#include <stdlib.h>

int run_word_parse(const struct options *options, size_t index, int64_t *ret_run_id,
                   struct error *err)
{
    const char *word = options_argument(options, index, "");
    char *end;
    errno = 0;
    long long number = strtoll(word, &end, 10);
    if (errno == 0 && *end == '\0' && word[0] >= '0' && word[0] <= '9' && number > 0) {
        *ret_run_id = number;
        return 0;
    }
    command_line_mark_argument(options, index);
    error_set(err, ERROR_KIND_USAGE, "`%s` is not the number of a run", word);
    return error_help(err, "`datemill runs list` shows them");
}
