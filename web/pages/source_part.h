/* A text with numbered lines that can be linked to. */
#ifndef DATEMILL_WEB_PAGES_SOURCE_PART_H
#define DATEMILL_WEB_PAGES_SOURCE_PART_H

#include "web/site/visit.h"

#define SOURCE_PART_BYTES ((size_t)128 << 10) /* shown of one text */

struct source_part {
    const char *name; /* for screen readers: the file */
    const char *bytes;
    size_t length;
    const char *prefix;          /* of the lines' ids: `L` for `#L12` */
    const uint32_t *wrong_lines; /* ascending, marked */
    size_t wrong_count;
};

void source_part_write(struct visit *visit, const struct source_part *part);

/* A unified difference, lines with `+` and `-` coloured. */
void source_part_write_diff(struct visit *visit, const char *name, const char *diff);

#endif
