/* Lines of key=value, for files and programs that read what is not a terminal. */
#ifndef DATEMILL_COMMAND_LOGFMT_H
#define DATEMILL_COMMAND_LOGFMT_H

#include "scheduler/base/text.h"

/* Appends ` key=value`; quoted when it has spaces, and safe for a terminal. Nothing for NULL and
 * "". */
void logfmt_pair(struct text *text, const char *key, const char *value);

#endif
