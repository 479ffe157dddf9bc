/* What is wrong with a text that is no YAML, in plain words with its place. */
#ifndef DATEMILL_FLOW_YAML_PROBLEM_H
#define DATEMILL_FLOW_YAML_PROBLEM_H

#include "scheduler/flow/yaml_input.h"

struct yaml_mark {
    uint32_t line; /* from 1; 0 = there is none */
    uint32_t column;
};

/* What the parser said. */
struct yaml_failure {
    const char *problem; /* its own words, never shown */
    const char *context;
    struct yaml_mark at;         /* where it stopped */
    struct yaml_mark context_at; /* where the thing began that it was reading */
};

/* Reports bytes that no YAML file of ours may hold: too many, not UTF-8, control characters, line
 * ends that editors do not show. Returns -1 when there was one. */
int yaml_problem_check_bytes(const struct yaml_input *input);

void yaml_problem_report(const struct yaml_input *input, const struct yaml_failure *failure);

#endif
