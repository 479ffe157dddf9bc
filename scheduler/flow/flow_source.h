/* Bytes of files: where a flow is read from. The only part of this floor that touches the file
 * system and libgit2.
 *
 * A source is a folder on disk (a project), or a capture: paths and bytes that were kept, as the
 * definition of a run. Paths are relative to the project's folder, with '/'; a path that leaves the
 * folder (also through a symbolic link) is refused. */
#ifndef DATEMILL_FLOW_FLOW_SOURCE_H
#define DATEMILL_FLOW_FLOW_SOURCE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/flow/flow.h"
#include "scheduler/flow/flow_version.h"

#include <stdbool.h>
#include <stddef.h>

#define FLOW_SOURCE_PROJECT_FILE "datemill.yaml"
#define FLOW_SOURCE_MAX_BYTES ((size_t)8 << 20) /* one file; YAML has a smaller limit of its own */
#define FLOW_SOURCE_MAX_FILES 10000             /* of one pattern, or flows of a project */

struct flow_source;

/* The nearest folder from `start` upward that holds datemill.yaml; `start` NULL is the working
 * folder. Fails with ERROR_KIND_NOT_FOUND, with a help that names `datemill init`. The caller frees
 * *ret_dir, which is absolute and resolved. */
int flow_source_find_project(const char *start, char **ret_dir, struct error *err);

/* Opens a project's folder. Refuses (ERROR_KIND_REFUSED) a folder or datemill.yaml that belongs to
 * neither us nor root: a project can run programs. */
int flow_source_open_folder(const char *dir, struct flow_source **ret_source, struct error *err);

/* Copies the paths and bytes of `files`; hashes are computed anew. */
int flow_source_open_capture(const struct flow_file *files, size_t count,
                             struct flow_source **ret_source, struct error *err);

void flow_source_close(struct flow_source *source); /* NULL is fine */

const char *flow_source_dir(const struct flow_source *source); /* absolute; NULL for a capture */

/* How a path is shown to the person who typed the command: relative to the working folder at the
 * time of opening where the project is in, at or above it (`workflows/hello.yaml`, `../x.yaml`),
 * else absolute. A capture shows the path itself. Belongs to `arena`. */
const char *flow_source_shown_path(const struct flow_source *source, const char *path,
                                   struct arena *arena);

/* Reads one file of at most FLOW_SOURCE_MAX_BYTES. Fails with ERROR_KIND_PRECONDITION and a text
 * such as "no such file", "is a folder", "permission denied", "is larger than 8 MiB", "lies outside
 * the project" (the path itself is left to the caller's sentence). Memory belongs to `arena`. */
int flow_source_read(struct flow_source *source, const char *path, struct arena *arena,
                     struct flow_file *ret_file, struct error *err);

/* The same for a file anywhere, as a manifest: absolute, or relative to the project. */
int flow_source_read_anywhere(struct flow_source *source, const char *path, struct arena *arena,
                              struct flow_file *ret_file, struct error *err);

bool flow_source_has_file(struct flow_source *source, const char *path);

/* Whether an executable file of that name exists: in a folder of `path` (as PATH), or at the name
 * itself when it has a slash. */
bool flow_source_has_program(const char *name, const char *path);

/* Paths that match a pattern with `*` and `?` in its last part (`tables/x*.sql`), sorted by bytes;
 * no match is an empty list. Belongs to `arena`. */
int flow_source_glob(struct flow_source *source, const char *pattern, struct arena *arena,
                     struct flow_paths *ret_paths, struct error *err);

/* The flows of the project: NAME.yaml and NAME/flow.yaml, sorted by name. Files that are no flow
 * names, and datemill.yaml, are left out. */
int flow_source_list(struct flow_source *source, struct arena *arena, struct flow_paths *ret_paths,
                     struct error *err);

/* The file of a flow that a person named: a name (`hello`), or a path to its file, relative to the
 * working folder or absolute. Fails with ERROR_KIND_NOT_FOUND and did-you-mean. */
int flow_source_find(struct flow_source *source, const char *name, struct arena *arena,
                     const char **ret_path, struct error *err);

/* `smartrm_study` for smartrm_study/flow.yaml and smartrm_study.yaml; "" when it is no flow's
 * place. Belongs to `arena`. */
const char *flow_source_flow_name(const char *path, struct arena *arena);

/* `folder of path`/`name`, with `.` and `..` resolved in the text; NULL when that leaves the
 * project or is absolute. Belongs to `arena`. */
const char *flow_source_join(const char *path, const char *name, struct arena *arena);

/* How many commits the project has gone on since `commit` (a full id), along first parents; -1: it
 * is not among the last FLOW_SOURCE_MAX_BEHIND ones, or there is no repository. */
int32_t flow_source_commits_behind(struct flow_source *source, const char *commit);

/* Never fails: what libgit2 refuses becomes a note. A capture has no commit. */
void flow_source_version(struct flow_source *source, const char *const *paths, size_t count,
                         struct flow_version *ret_version);

#endif
