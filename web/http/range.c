#include "web/http/range.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Digits; a number too large is as large as there is. */
static bool read_number(const char **at, int64_t *ret_number)
{
    int64_t number = 0;
    if (!isdigit((unsigned char)**at))
        return false;
    for (; isdigit((unsigned char)**at); (*at)++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, **at - '0', &number))
            number = INT64_MAX / 16;
    }
    *ret_number = number;
    return true;
}

enum http_range http_range_read(const char *header, int64_t size, int64_t *ret_offset,
                                int64_t *ret_length)
{
    static const char unit[] = "bytes=";
    int64_t first = 0;
    int64_t last = size - 1;
    if (header == NULL || strncasecmp(header, unit, sizeof unit - 1) != 0)
        return HTTP_RANGE_NONE;
    const char *at = header + sizeof unit - 1;
    bool has_first = read_number(&at, &first);
    if (*at++ != '-')
        return HTTP_RANGE_NONE;
    bool has_last = read_number(&at, &last);
    if (*at != '\0' || (!has_first && !has_last) || (has_first && has_last && last < first))
        return HTTP_RANGE_NONE;
    if (!has_first) { /* so many from the end */
        if (last == 0 || size == 0)
            return HTTP_RANGE_OUTSIDE;
        first = last >= size ? 0 : size - last;
        last = size - 1;
    }
    if (first >= size)
        return HTTP_RANGE_OUTSIDE;
    if (last >= size)
        last = size - 1;
    *ret_offset = first;
    *ret_length = last - first + 1;
    return HTTP_RANGE_PART;
}
