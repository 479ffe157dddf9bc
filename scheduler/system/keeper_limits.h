/* How much the engine and the keeper take from each other: both refuse more. */
#ifndef DATEMILL_SYSTEM_KEEPER_LIMITS_H
#define DATEMILL_SYSTEM_KEEPER_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define KEEPER_MAX_FRAME_BYTES ((size_t)24 << 20)
#define KEEPER_MAX_STDIN_BYTES ((size_t)16 << 20)
#define KEEPER_MAX_EVENT_BYTES ((size_t)64 << 10) /* one line on fd 3 */
#define KEEPER_MAX_EVENTS_BYTES ((size_t)1 << 20) /* all lines of an attempt */
#define KEEPER_MAX_SLOTS 4096
#define KEEPER_MAX_TOKEN_BYTES 65
#define KEEPER_MIN_MASK_BYTES 4                    /* shorter texts are everywhere */
#define KEEPER_MAX_MASKS_BYTES ((size_t)256 << 10) /* all of an attempt */
#define KEEPER_MAX_PATH_BYTES 4096
#define KEEPER_MAX_QUEUED 4096 /* grants that wait; more are revoked */
#define KEEPER_DEFAULT_LOG_LIMIT ((int64_t)64 << 20)
#define KEEPER_MIN_LOG_LIMIT ((int64_t)64 << 10)

#endif
