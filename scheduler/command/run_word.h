/* The word of the command line that names a run. */
#ifndef DATEMILL_COMMAND_RUN_WORD_H
#define DATEMILL_COMMAND_RUN_WORD_H

#include "scheduler/base/error.h"
#include "scheduler/command/context.h"
#include "scheduler/command/options.h"

#include <stdint.h>

/* Reads argument `index` as a run's number, which need not exist, or `latest`, which is looked up.
 * Another word fails with ERROR_KIND_USAGE, marked. */
int run_word_parse(struct context *context, const struct options *options, size_t index,
                   int64_t *ret_run_id, struct error *err);

#endif
