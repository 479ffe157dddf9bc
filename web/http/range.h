/* The Range header of a request for bytes. Pure. */
#ifndef DATEMILL_WEB_HTTP_RANGE_H
#define DATEMILL_WEB_HTTP_RANGE_H

#include <stdint.h>

enum http_range {
    HTTP_RANGE_NONE,   /* no header, or one that is to be ignored: all of it, 200 */
    HTTP_RANGE_PART,   /* 206 */
    HTTP_RANGE_OUTSIDE /* nothing of it is there: 416 */
};

/* `bytes=0-99`, `bytes=100-`, `bytes=-100` of something `size` bytes long. Several ranges, another
 * unit and whatever cannot be read count as none (RFC 9110, 14.2). `header` may be NULL. */
enum http_range http_range_read(const char *header, int64_t size, int64_t *ret_offset,
                                int64_t *ret_length);

#endif
