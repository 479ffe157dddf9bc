/* `serve` tells what is worth it of the story that the store keeps: runs that ended badly, and what
 * the scheduler noted (instances left out, definitions that are wrong, schedules that changed).
 *
 * The story is read a moment after the commits that add to it, never in their way. */
#ifndef DATEMILL_COMMAND_SERVE_STORY_H
#define DATEMILL_COMMAND_SERVE_STORY_H

#include "scheduler/command/context.h"
#include "scheduler/system/loop.h"

struct serve_story;

/* From now on. The store exists. */
int serve_story_open(struct context *context, struct loop *loop, struct serve_story **ret_story,
                     struct error *err);

/* Tells what has not been told yet. NULL is fine. */
void serve_story_close(struct serve_story *story);

#endif
