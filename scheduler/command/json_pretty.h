/* JSON on many lines. */
#ifndef DATEMILL_COMMAND_JSON_PRETTY_H
#define DATEMILL_COMMAND_JSON_PRETTY_H

#include "scheduler/base/text.h"

/* Appends valid JSON, as json_out.h writes it, with two spaces per level and no newline at the end.
 * */
void json_pretty(const char *json, struct text *out);

#endif
