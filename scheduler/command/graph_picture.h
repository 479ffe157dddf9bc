/* The picture of a flow as an SVG file of its own: the one that the page shows. */
#ifndef DATEMILL_COMMAND_GRAPH_PICTURE_H
#define DATEMILL_COMMAND_GRAPH_PICTURE_H

#include "scheduler/base/text.h"
#include "scheduler/flow/flow.h"

void graph_picture_write(const struct flow *flow, struct arena *arena, struct text *out);

#endif
