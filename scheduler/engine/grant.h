/* Handing out attempts. Private to this folder. */
#ifndef DATEMILL_ENGINE_GRANT_H
#define DATEMILL_ENGINE_GRANT_H

#include "scheduler/engine/engine_state.h"

/* Grants what may be granted, best first; before that, revokes all grants that are outranked. */
void grant_drive(struct engine *engine);

#endif
