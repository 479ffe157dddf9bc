/* Did you mean …? The known name that is nearest to a misspelt one.
 *
 * Near is: at most two insertions, deletions, replacements or swaps of neighbours, and at most a
 * third of the length of the wrong name (one edit in a name of three bytes, two in a name of six).
 * Letters of either case are the same. Of two equally near names the one offered first wins. */
#ifndef DATEMILL_BASE_SUGGEST_H
#define DATEMILL_BASE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_MAX_NAME 128 /* bytes; longer names are never near */

/* Incremental, for candidates that come one at a time:
 *
 *     struct suggest suggest;
 *     suggest_begin(&suggest, "lifecyle");
 *     for (...) suggest_offer(&suggest, name);
 *     const char *best = suggest_best(&suggest);   // borrowed from the caller's names, or NULL
 */
struct suggest {
    const char *wrong; /* borrowed */
    size_t length;     /* of `wrong`, in bytes */
    const char *best;  /* borrowed from the caller; NULL while nothing is near */
    size_t distance;   /* of `best`, or one more than is near enough */
};

void suggest_begin(struct suggest *suggest, const char *wrong);
void suggest_offer(struct suggest *suggest, const char *candidate);
const char *suggest_best(const struct suggest *suggest);

/* The best of an array; NULL when none is near. */
const char *suggest_among(const char *wrong, const char *const *candidates, size_t count);

/* Edits between two names (restricted Damerau-Levenshtein over bytes, letters of either case are
 * the same), or `limit` + 1 when there are more than `limit`. */
size_t suggest_distance(const char *a, const char *b, size_t limit);

#endif
