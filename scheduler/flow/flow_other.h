/* Other flows of the folder, as far as needs concern them: read as YAML alone, each once. What is
 * wrong in them is told to nobody; it is theirs. */
#ifndef DATEMILL_FLOW_FLOW_OTHER_H
#define DATEMILL_FLOW_FLOW_OTHER_H

#include "scheduler/flow/flow_source.h"
#include "scheduler/flow/yaml_tree.h"

#define FLOW_OTHERS_MAX FLOW_SOURCE_MAX_FILES /* flows that are read of one source */

struct flow_other {
    const char *name;
    bool exists;
    struct flow_file file;            /* as it was read; bytes NULL = it could not be */
    const struct yaml_node *nodes;    /* a mapping; NULL: the file cannot be read */
    const struct yaml_node *schedule; /* NULL: it has none */
};

/* The flow of that name in a source that is a folder. What was read once belongs to the source and
 * is not read again. NULL when there are too many of them. */
const struct flow_other *flow_others_find(struct flow_source *source, const char *name);

/* Frees what is known of other flows; pointers to them end. */
void flow_others_forget(struct flow_source *source);

/* Whether its schedule, as far as it can be read, plans something at that time of day; without a
 * schedule 00:00. */
bool flow_other_has_time(const struct flow_other *other, const struct civil_time *time);

#endif
