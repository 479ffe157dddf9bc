/* Between the files of context.h only. */
#ifndef DATEMILL_COMMAND_CONTEXT_INTERNAL_H
#define DATEMILL_COMMAND_CONTEXT_INTERNAL_H

#include "scheduler/command/context.h"

void context_free_project(struct context *context);

#endif
