/* The lines in which two texts differ, as `- old` and `+ new`. */
#ifndef DATEMILL_COMMAND_TEXT_DIFF_H
#define DATEMILL_COMMAND_TEXT_DIFF_H

#include "scheduler/base/text.h"

#define TEXT_DIFF_MAX_CELLS ((size_t)4 << 20) /* beyond: the differing middle is shown whole */

/* Appends nothing when the texts are equal. A smallest set of lines, each with its number in its
 * own text: `-  12  WHERE dt = '20211111'`. */
void text_diff(const char *before, const char *after, struct text *out);

#endif
