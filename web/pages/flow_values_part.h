/* The values of a flow's parameters for the next dates of its schedule. */
#ifndef DATEMILL_WEB_PAGES_FLOW_VALUES_PART_H
#define DATEMILL_WEB_PAGES_FLOW_VALUES_PART_H

#include "scheduler/flow/flow.h"
#include "web/site/visit.h"

void flow_values_part_write(struct visit *visit, const struct flow *flow);

#endif
