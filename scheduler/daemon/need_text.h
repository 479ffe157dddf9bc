/* How an instance that is needed stands, in words, from the store: for an engine that is asked and
 * for a command that finds none. Of what has a run, its state and run; of what has none, why. */
#ifndef DATEMILL_DAEMON_NEED_TEXT_H
#define DATEMILL_DAEMON_NEED_TEXT_H

#include "scheduler/base/text.h"
#include "scheduler/daemon/needs.h"
#include "scheduler/store/store.h"

/* `up/load of 2021-11-10 (planned 2021-11-11 00:30): no run of it yet, due in 3h 5m`. False: it
 * lets go on, and nothing was appended. */
bool need_text_append(struct store *store, const struct needs_open *need, struct text *text);

#endif
