/* Shared by the files of flow_source; for nobody else. */
#ifndef DATEMILL_FLOW_FLOW_SOURCE_INSIDE_H
#define DATEMILL_FLOW_FLOW_SOURCE_INSIDE_H

#include "scheduler/flow/flow.h"

struct flow_source_git;
struct flow_others; /* flow/flow_other.h */

struct flow_source {
    struct arena arena;
    struct flow_source_git *git;
    int dir_fd;                    /* of the project's folder; -1 for a capture */
    char *dir;                     /* absolute, resolved; NULL for a capture */
    char *shown_prefix;            /* "" or ends with '/'; NULL for a capture */
    const struct flow_file *files; /* of a capture */
    size_t file_count;
    struct flow_others *others; /* what needs have made known of other flows; NULL = nothing yet */
    void (*free_others)(struct flow_others *others);
};

/* A descriptor of a file beneath the project's folder, or -1 with errno: EXDEV when it is not. */
int flow_source_open_beneath(const struct flow_source *source, const char *path, int flags);

/* Reads what `fd` is; a negative one is the error in errno. See flow_source_read(). */
int flow_source_read_fd(int fd, const char *path, struct arena *arena, struct flow_file *ret_file,
                        struct error *err);

#endif
