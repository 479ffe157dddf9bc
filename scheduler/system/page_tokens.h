/* Tokens of the page: who may come in from elsewhere. `.datemill/web.tokens` (0600) keeps of each a
 * name, a role and the SHA-256 of its text, a JSON object a line; the text is shown once. */
#ifndef DATEMILL_SYSTEM_PAGE_TOKENS_H
#define DATEMILL_SYSTEM_PAGE_TOKENS_H

#include "scheduler/base/arena.h"
#include "scheduler/base/error.h"
#include "scheduler/base/instant.h"
#include "scheduler/base/sha256.h"

#include <stdbool.h>
#include <stddef.h>

#define PAGE_TOKENS_FILE "web.tokens"
#define PAGE_TOKENS_MAX 256
#define PAGE_TOKENS_TEXT_BYTES 72 /* "dm_" and 64 hexadecimal digits */

struct page_token {
    const char *name;
    bool is_operator; /* else a viewer */
    const char *hash; /* hexadecimal */
    struct instant made_at;
};

struct page_tokens {
    const struct page_token *items; /* in the order in which they were added */
    size_t count;
};

int page_tokens_read(int state_dir_fd, struct arena *arena, struct page_tokens *ret_tokens,
                     struct error *err);

/* Adds one. A name that is taken is ERROR_KIND_REFUSED, one that is no name ERROR_KIND_USAGE. */
struct page_token_wish {
    const char *name;
    bool is_operator;
};

int page_tokens_add(int state_dir_fd, const struct page_token_wish *wish,
                    char ret_text[PAGE_TOKENS_TEXT_BYTES], struct error *err);

/* NOT_FOUND with did-you-mean. */
int page_tokens_remove(int state_dir_fd, const char *name, struct error *err);

/* Whose it is; NULL = nobody's. Looks at every token, whatever it finds, and compares hashes. */
const struct page_token *page_tokens_find(const struct page_tokens *tokens, const char *text);

/* Refuses an address that others can reach while nobody has a token. */
int page_tokens_check_address(int state_dir_fd, int listen_fd, struct error *err);

/* Whether two texts are the same, in a time that does not tell where they differ; an empty one is
 * like none. */
bool page_tokens_is_equal(const char *a, const char *b);

#endif
