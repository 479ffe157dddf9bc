/* What the flow floor asks of libgit2; the only file that includes it is flow_source_git.c. */
#ifndef DATEMILL_FLOW_FLOW_SOURCE_GIT_H
#define DATEMILL_FLOW_FLOW_SOURCE_GIT_H

#include "scheduler/flow/flow_version.h"

#include <stdint.h>

/* The repository around a project, opened once and looked at again and again: opening is what
 * costs, and libgit2 1.5 loses memory each time it opens one of repository format 1. */
struct flow_source_git;

struct flow_source_git *flow_source_git_open(void);
void flow_source_git_close(struct flow_source_git *git);

/* `dir` is absolute and resolved; see flow_source_version(). */
void flow_source_git_version(struct flow_source_git *git, const char *dir, const char *const *paths,
                             size_t count, struct flow_version *ret_version);

/* See flow_source_commits_behind(). */
int32_t flow_source_git_behind(struct flow_source_git *git, const char *dir, const char *commit);

#endif
