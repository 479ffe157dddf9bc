/* The definition of a run, read from its capture. */
#ifndef DATEMILL_WEB_PAGES_FLOW_CAPTURE_H
#define DATEMILL_WEB_PAGES_FLOW_CAPTURE_H

#include "scheduler/store/store.h"
#include "web/site/visit.h"

/* NULL where it cannot be read any more; else the caller frees it with flow_free(). */
struct flow *flow_capture_read(struct visit *visit, struct store *store, int64_t version_id);

#endif
