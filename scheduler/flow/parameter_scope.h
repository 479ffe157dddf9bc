/* What parameter.c and parameter_order.c share. */
#ifndef DATEMILL_FLOW_PARAMETER_SCOPE_H
#define DATEMILL_FLOW_PARAMETER_SCOPE_H

#include "scheduler/flow/parameter.h"

#include <stdint.h>

#define PARAMETER_NONE SIZE_MAX

/* The index of the parameter of that name in this scope alone, or PARAMETER_NONE. */
size_t parameter_scope_index(const struct parameter_scope *scope, const char *name);

#endif
