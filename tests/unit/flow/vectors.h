/* Rows of a file of examples in tests/unit/flow/vectors/: columns separated by tabs, lines that
 * begin with # are comments. */
#ifndef DATEMILL_TESTS_FLOW_VECTORS_H
#define DATEMILL_TESTS_FLOW_VECTORS_H

#include <stdio.h>
#include <string.h>

#define VECTOR_COLUMNS 6
#define VECTOR_LINE_BYTES 2048

struct vector {
    char line[VECTOR_LINE_BYTES];
    char *columns[VECTOR_COLUMNS]; /* into `line`; "" where there is none */
    size_t number;                 /* of the line, from 1 */
};

static inline FILE *vectors_open(const char *root, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/unit/flow/vectors/%s", root, name);
    return fopen(path, "r");
}

/* The next row; 0 at the end. */
static inline int vectors_next(FILE *file, struct vector *row)
{
    while (fgets(row->line, sizeof row->line, file) != NULL) {
        row->number++;
        row->line[strcspn(row->line, "\n")] = '\0';
        if (row->line[0] == '#' || row->line[0] == '\0')
            continue;
        char *rest = row->line;
        for (size_t i = 0; i < VECTOR_COLUMNS; i++) {
            row->columns[i] = rest;
            rest += strcspn(rest, "\t");
            if (*rest == '\t')
                *rest++ = '\0';
        }
        return 1;
    }
    return 0;
}

#endif
