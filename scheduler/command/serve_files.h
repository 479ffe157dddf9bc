/* Which files of a project are watched by `serve`: those that flows are made of, not the data that
 * they read and write. */
#ifndef DATEMILL_COMMAND_SERVE_FILES_H
#define DATEMILL_COMMAND_SERVE_FILES_H

#include "scheduler/flow/flow.h"

#include <stdbool.h>

/* Whether a folder is looked into, or a change of a file may change a flow. `path` is relative to
 * the project. Hidden ones (.datemill, .git, what editors leave) never are, nor are the folders
 * that connections point to. */
bool serve_files_matter(const struct project *project, const char *path, bool is_folder);

#endif
