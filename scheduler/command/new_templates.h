/* The flows that `datemill new` writes. In a text `@flow@` is the name of the flow, `@params@` the
 * lines below `params:`, each indented by two spaces. */
#ifndef DATEMILL_COMMAND_NEW_TEMPLATES_H
#define DATEMILL_COMMAND_NEW_TEMPLATES_H

#include <stddef.h>

#define NEW_TEMPLATE_MAX_FILES 6

struct new_template_file {
    const char *path; /* with @flow@ in it */
    const char *text;
};

struct new_template {
    const char *name;
    const char *param; /* the parameter that its texts use, and its value */
    const char *value;
    struct new_template_file files[NEW_TEMPLATE_MAX_FILES]; /* the first is the flow */
    size_t file_count;
};

extern const struct new_template new_templates[];
extern const char *const new_template_names[]; /* in the same order, NULL at the end */

#endif
