/* What the flow floor asks of libgit2; the only file that includes it is flow_source_git.c. */
#ifndef DATEMILL_FLOW_FLOW_SOURCE_GIT_H
#define DATEMILL_FLOW_FLOW_SOURCE_GIT_H

#include "scheduler/flow/flow_version.h"

/* libgit2 counts these; between them the other functions are cheap. */
void flow_source_git_start(void);
void flow_source_git_stop(void);

/* `dir` is absolute and resolved; see flow_source_version(). */
void flow_source_git_version(const char *dir, const char *const *paths, size_t count,
                             struct flow_version *ret_version);

#endif
