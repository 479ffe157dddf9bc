/* Secrets: read at the last moment, handed to one attempt's environment, and masked in all it
 * writes. */
#ifndef DATEMILL_DAEMON_SECRET_H
#define DATEMILL_DAEMON_SECRET_H

#include "nodes/node_type.h"
#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"

#include <stddef.h>

#define SECRET_MAX_BYTES 65536

/* Texts for the keeper to mask; the memory belongs to the arena they were added with. */
struct secret_masks {
    const char **texts; /* up to a NULL; NULL = none */
    size_t count;       /* without the NULL */
    size_t capacity;
};

/* The text of an entry that has no `text`: its file's, without newlines at the end, or its
 * variable's of this process. It belongs to `arena`. Fails with the name of file or variable. */
int secret_read(const struct node_environment *entry, struct arena *arena, const char **ret_text,
                struct error *err);

/* What must not be seen of a secret: each of its lines of KEEPER_MIN_MASK_BYTES or more, as it is
 * and as JSON writes it. */
void secret_add_masks(struct secret_masks *masks, const char *secret, struct arena *arena);

#endif
