/* What attempt.c and attempt_begin.c share; nobody else includes it. */
#ifndef DATEMILL_KEEPER_ATTEMPT_INSIDE_H
#define DATEMILL_KEEPER_ATTEMPT_INSIDE_H

#include "scheduler/keeper/attempt.h"

/* --- attempt_begin.c ------------------------------------------------------------------------- */

/* The launch is over: its program runs, which is told, or it is ENDED with COULD_NOT_START and this
 * fails. */
int attempt_end_launch(struct attempt *attempt);

/* --- attempt.c ------------------------------------------------------------------------------- */

void attempt_free_command(struct attempt *attempt);
void attempt_end_output(struct attempt *attempt); /* its log is whole then */
void attempt_output_is_done(void *owner);         /* attempt_output.on_over */

#endif
