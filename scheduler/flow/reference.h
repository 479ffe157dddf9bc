/* References to parameters in SQL, paths, partitions and arguments: ${name} and $<name>.
 *
 * $${ and $$< stand for ${ and $<. `${` that no name follows is an error, and so is `$<name` whose
 * `>` is missing; `$<` before anything but a letter is plain text. Names are
 * [A-Za-z_][A-Za-z0-9_]{0,62}, or bdp.system.bizdate and bdp.system.cyctime in either case.
 * Substitution is plain text: what a value holds is never looked at again. */
#ifndef DATEMILL_FLOW_REFERENCE_H
#define DATEMILL_FLOW_REFERENCE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/text.h"

#include <stdbool.h>
#include <stddef.h>

#define REFERENCE_MAX_BYTES ((size_t)16 << 20)        /* of a text that is searched */
#define REFERENCE_MAX_OUTPUT_BYTES ((size_t)64 << 20) /* of a text after substitution */
#define REFERENCE_NAME_BYTES 64                       /* a name with its NUL */

/* The compiled pattern; read-only once made, may be shared. */
struct reference_finder;

struct reference_finder *reference_finder_new(void); /* never NULL */
void reference_finder_free(struct reference_finder *finder);

struct reference {
    size_t offset;  /* of the `$`, in bytes */
    size_t length;  /* of the whole reference, in bytes (it is ASCII: also in code points) */
    int line;       /* from 1 */
    int column;     /* from 1, in code points */
    bool is_escape; /* `$${` or `$$<`: no reference, `name` is "" */
    char name[REFERENCE_NAME_BYTES];
};

/* One walk over a text that is borrowed. */
struct reference_walk {
    const char *bytes;
    size_t length;
    size_t offset; /* where the search goes on */
    int line;      /* of `offset` */
    int column;
};

void reference_walk_init(struct reference_walk *walk, const char *bytes, size_t length);

/* The next reference or escape: 1 and *ret_reference; 0 at the end; -1 for one that is not well
 * formed (E121, line and column of the place, its span in *ret_reference with an empty name), after
 * which the walk may go on behind it, so that all of them can be reported. */
int reference_next(const struct reference_finder *finder, struct reference_walk *walk,
                   struct reference *ret_reference, struct error *err);

enum reference_rules {
    REFERENCE_RULES_PLAIN,
    REFERENCE_RULES_SQL /* a value may not hold a quote ' " `, a backslash, a control character or
                           --, nor form -- with what stands beside it */
};

struct reference_values {
    /* The value of a name, NULL if it is not defined; borrowed until the substitution ends. */
    const char *(*find)(const void *data, const char *name);
    const void *data;
    enum reference_rules rules;
};

/* Appends the text with values in place of references. On -1 `err` has line and column, and
 * `ret_text` is as it was: E120 not defined, E121 not well formed, E123 a value that the rules
 * forbid, or the result is too long. */
int reference_substitute(const struct reference_finder *finder, struct reference_walk walk,
                         struct reference_values values, struct text *ret_text, struct error *err);

/* Of PCRE2, as the program runs with: `10.42`. Belongs to `arena`. */
const char *reference_library_version(struct arena *arena);

#endif
