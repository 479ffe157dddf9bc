/* Parameters as DataWorks writes them in one line, `var=${yyyymmdd} d=$[yyyymmdd-1]`, as lines of
 * YAML. */
#ifndef DATEMILL_COMMAND_DATAWORKS_PARAMS_H
#define DATEMILL_COMMAND_DATAWORKS_PARAMS_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stddef.h>

#define DATAWORKS_PARAMS_MAX 100

struct dataworks_param {
    const char *name;
    const char *value;
    size_t offset; /* bytes in the line: of the value */
};

struct dataworks_params {
    struct dataworks_param items[DATAWORKS_PARAMS_MAX];
    size_t count;
};

/* The part of the line at fault, in bytes. */
struct dataworks_mistake {
    size_t offset;
    size_t length;
};

/* Parameters are separated by blanks; a blank that no NAME= follows, or within brackets, belongs to
 * the value. Names must be names and unique, values expressions that datemill understands. Strings
 * belong to `arena`. */
int dataworks_params_read(const char *line, struct arena *arena,
                          struct dataworks_params *ret_params,
                          struct dataworks_mistake *ret_mistake, struct error *err);

/* Appends a scalar of YAML in block style: plain where that is safe, else in double quotes. */
void dataworks_params_append_yaml(struct text *text, const char *value);

#endif
