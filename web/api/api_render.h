/* What would run on a date. */
#ifndef DATEMILL_WEB_API_API_RENDER_H
#define DATEMILL_WEB_API_API_RENDER_H

#include "scheduler/base/error.h"

struct visit;

int api_show_rendering(struct visit *visit, struct error *err);

#endif
