/* Lines of key=value, for files and programs that read what is not a terminal. */
#ifndef DATEMILL_COMMAND_LOGFMT_H
#define DATEMILL_COMMAND_LOGFMT_H

#include "scheduler/base/text.h"
#include "scheduler/base/zone.h"

/* To the second: `2021-11-22T10:31:02+08:00`. */
void logfmt_stamp(struct text *text, const struct zone *zone, struct instant at);

/* Appends ` key=value`; quoted when it has spaces, and safe for a terminal. Nothing for NULL and
 * "". */
void logfmt_pair(struct text *text, const char *key, const char *value);

#endif
