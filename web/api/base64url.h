/* base64url without padding (RFC 4648, 5). Pure. */
#ifndef DATEMILL_WEB_API_BASE64URL_H
#define DATEMILL_WEB_API_BASE64URL_H

#include "scheduler/base/arena.h"

#include <stdbool.h>
#include <stddef.h>

char *base64url_encode(struct arena *arena, const char *bytes, size_t length);

/* False for what no base64url_encode() wrote. The result ends with a NUL that is not part of it. */
bool base64url_decode(struct arena *arena, const char *text, char **ret_bytes, size_t *ret_length);

#endif
