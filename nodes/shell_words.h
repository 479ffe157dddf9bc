/* When does a command need no shell? When it is plain words and its first word is a program. */
#ifndef DATEMILL_NODES_SHELL_WORDS_H
#define DATEMILL_NODES_SHELL_WORDS_H

#include "scheduler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

/* True when `sh -c text` would do nothing but execute these words: no quotes, variables, patterns,
 * redirections, several commands, no built-in or reserved word in front. The array ends with NULL
 * and belongs to `arena`. */
bool shell_words_split(const char *text, struct arena *arena, const char *const **ret_words);

/* The program that a text starts first, where its first word says so plainly (the rest may be
 * anything). False for built-ins, assignments, keywords, expansions. */
bool shell_words_first(const char *text, size_t *ret_offset, size_t *ret_length);

#endif
