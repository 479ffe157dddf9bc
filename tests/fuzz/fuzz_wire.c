/* links datemill_system: frames and the keeper's messages. A message that is understood must say
 * the same when it is written again. */
#include "scheduler/base/scope.h"
#include "scheduler/system/keeper_protocol.h"
#include "scheduler/system/wire.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_LIMIT 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *bytes, size_t length)
{
    SCOPED_ARENA struct arena arena = {0};
    SCOPED_TEXT struct text again = {0};
    struct keeper_message message;
    if (keeper_message_decode(bytes, length, &arena, &message, NULL) < 0)
        return;
    keeper_message_encode(&message, &again);
    assert(again.length == length && memcmp(again.data, bytes, length) == 0);
}

static void check_frames(int fd)
{
    struct wire wire;
    wire_init(&wire, fd, FRAME_LIMIT);
    for (bool is_end = false; !is_end;) {
        if (wire_receive(&wire, &is_end, NULL) < 0)
            break;
        struct wire_frame frame;
        int result;
        while ((result = wire_next(&wire, &frame, NULL)) == 0 && frame.bytes != NULL)
            check_message(frame.bytes, frame.length);
        if (result < 0)
            break;
    }
    wire_free(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fds[2];
    check_message((const char *)data, size);
    if (size > FRAME_LIMIT || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
        return 0;
    ssize_t count = send(fds[0], data, size, MSG_DONTWAIT);
    close(fds[0]);
    if (count == (ssize_t)size)
        check_frames(fds[1]);
    close(fds[1]);
    return 0;
}
