/* What comes out of an attempt: its standard output and error into the log, the lines of descriptor
 * 3 into the events; secrets are masked before. A turn reads at most a pipe's fill from each, so
 * that one attempt that floods does not hold up the others. */
#ifndef DATEMILL_KEEPER_ATTEMPT_OUTPUT_H
#define DATEMILL_KEEPER_ATTEMPT_OUTPUT_H

#include "scheduler/base/error.h"
#include "scheduler/keeper/attempt_log.h"
#include "scheduler/keeper/event_lines.h"
#include "scheduler/keeper/mask.h"
#include "scheduler/keeper/pipe_stock.h"
#include "scheduler/system/loop.h"

#include <stdbool.h>

#define ATTEMPT_OUTPUT_STREAMS PIPE_SET_PIPES /* stdout, stderr, events */

struct attempt_output;

struct output_stream {
    struct attempt_output *output;
    int index;
    int fd;                 /* the reading end; -1 = none, or closed */
    bool is_over;           /* nothing more is read */
    struct loop_fd *source; /* NULL = not watched */
    struct mask_stream masking;
};

struct attempt_output {
    struct loop *loop;
    struct attempt_log log;
    struct event_lines events;
    struct mask mask; /* of the secrets; the owner frees it */
    struct output_stream streams[ATTEMPT_OUTPUT_STREAMS];
    void (*on_over)(void *owner); /* all streams have ended */
    void *owner;
};

/* Takes over the reading ends; nobody looks at them yet (attempt_output_watch,
 * attempt_output_drain). Log, events, loop, on_over and owner are set already. */
void attempt_output_open(struct attempt_output *output, const struct pipe_set *pipes);

/* Has the loop read what comes from now on; on_over may be called. Fails for want of memory: some
 * streams are not watched then, and it may be called again. */
int attempt_output_watch(struct attempt_output *output);
bool attempt_output_is_watched(const struct attempt_output *output); /* each that has not ended */

/* Reads what is there now (a few pipe's fills at most); on_over is not called from here. */
void attempt_output_drain(struct attempt_output *output);

bool attempt_output_is_over(const struct attempt_output *output);

/* Reads no more; log and events stay open for the keeper's notes, the descriptors until they are
 * closed. */
void attempt_output_end(struct attempt_output *output);

void attempt_output_close(struct attempt_output *output);

#endif
