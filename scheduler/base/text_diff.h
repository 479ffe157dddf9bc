/* The lines in which two texts differ. */
#ifndef DATEMILL_BASE_TEXT_DIFF_H
#define DATEMILL_BASE_TEXT_DIFF_H

#include "scheduler/base/text.h"

#define TEXT_DIFF_MAX_CELLS ((size_t)4 << 20) /* beyond: the differing middle is shown whole */

/* Appends nothing when the texts are equal. A smallest set of lines, each with its number in its
 * own text: `-  12  WHERE dt = '20211111'`. */
void text_diff(const char *before, const char *after, struct text *out);

#define TEXT_DIFF_CONTEXT 3 /* equal lines around each change */

/* The same as `diff -u` shows it, with equal lines around: `@@ -1,4 +1,4 @@` and so on, without the
 * two lines that name the files. Nothing when the texts are equal. */
void text_diff_unified(const char *before, const char *after, struct text *out);

#endif
