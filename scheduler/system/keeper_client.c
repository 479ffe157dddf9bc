#include "scheduler/system/keeper_client.h"

#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/keeper_spawn.h"
#include "scheduler/system/unix_socket.h"
#include "scheduler/system/wire.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_IDLE_MS 60000
#define GREETING_TIMEOUT_MS 30000
#define FIRST_RETRY_MS 10
#define LAST_RETRY_MS 5000
#define MAX_SAID_BYTES 1000
#define SHORT_MS 5000 /* a connection that is lost so soon, twice, is a misunderstanding */

enum client_state {
    CLIENT_WAITING,  /* for the timer, to try again */
    CLIENT_STARTING, /* for what the keeper that was started says */
    CLIENT_GREETING, /* for SNAPSHOT_END */
    CLIENT_READY,
    CLIENT_AVOIDING /* for the end of a keeper that we do not understand, or that not us */
};

struct keeper_client {
    struct keeper_client_options options;
    char *state_dir;
    char *program;
    int state_dir_fd;
    enum client_state state;
    int64_t retry_ms;
    struct loop_timer timer; /* WAITING: try again; GREETING: give up */
    struct loop_hook send_hook;
    struct loop_fd *source; /* of the wire or of the pipe */
    struct wire wire;
    struct keeper_spawn spawn;
    struct text said; /* by the keeper that is starting */
    struct text scratch;
    bool is_calling;        /* on_message runs */
    bool is_draining;       /* the keeper of this connection takes no starts */
    pid_t peer;             /* the keeper of this connection */
    pid_t lost_peer;        /* the one whose connection was lost soon after it began; 0 = none */
    struct duration joined; /* when this connection began */
    int avoided_fd;         /* AVOIDING: its pidfd */
};

static void tell(struct keeper_client *client, const struct keeper_message *message)
{
    client->is_calling = true;
    client->options.on_message(client->options.owner, message);
    client->is_calling = false;
}

static void send_message(struct keeper_client *client, const struct keeper_message *message)
{
    text_clear(&client->scratch);
    keeper_message_encode(message, &client->scratch);
    wire_add(&client->wire, text_string(&client->scratch), client->scratch.length);
    loop_want_send(client->options.loop);
}

static void disconnect(struct keeper_client *client)
{
    loop_remove_fd(client->options.loop, client->source);
    client->source = NULL;
    if (client->wire.fd >= 0)
        close(client->wire.fd);
    wire_free(&client->wire);
    client->wire.fd = -1;
}

static void end_starting(struct keeper_client *client)
{
    loop_remove_fd(client->options.loop, client->source);
    client->source = NULL;
    close(client->spawn.pipe_fd);
    client->spawn.pipe_fd = -1;
    keeper_spawn_reap(&client->spawn);
}

static void try_again(struct keeper_client *client)
{
    client->state = CLIENT_WAITING;
    loop_set_timer(client->options.loop, &client->timer, duration_ms(client->retry_ms));
    client->retry_ms = client->retry_ms * 2 < LAST_RETRY_MS ? client->retry_ms * 2 : LAST_RETRY_MS;
}

static void end_avoiding(struct keeper_client *client)
{
    loop_remove_fd(client->options.loop, client->source);
    client->source = NULL;
    close(client->avoided_fd);
    client->avoided_fd = -1;
}

static void tell_gone(struct keeper_client *client, const char *reason, bool is_lasting)
{
    tell(client, &(struct keeper_message){.kind = KEEPER_GONE,
                                          .gone = {.reason = reason, .is_lasting = is_lasting}});
}

/* Ends what there is of a connection, tells so and tries again. */
static void give_up(struct keeper_client *client, const char *reason)
{
    bool is_lasting = client->state == CLIENT_STARTING;
    if (client->state == CLIENT_STARTING)
        end_starting(client);
    else
        disconnect(client);
    try_again(client);
    tell_gone(client, reason, is_lasting);
}

static void on_avoided_end(void *owner, uint32_t events)
{
    struct keeper_client *client = owner;
    (void)events;
    end_avoiding(client);
    client->lost_peer = 0;
    client->retry_ms = FIRST_RETRY_MS;
    try_again(client);
}

/* Left alone it finishes what it has, and ends; connecting again and again would keep it. */
static int avoid(struct keeper_client *client)
{
    int fd = (int)syscall(SYS_pidfd_open, client->lost_peer, 0);
    struct loop_fd_options options = {
        .fd = fd, .events = LOOP_READ, .call = on_avoided_end, .owner = client};
    if (fd < 0 || loop_add_fd(client->options.loop, &options, &client->source, NULL) < 0) {
        scope_close_fd(&fd);
        return -1;
    }
    client->avoided_fd = fd;
    client->state = CLIENT_AVOIDING;
    loop_cancel_timer(client->options.loop, &client->timer);
    return 0;
}

/* Of `lost_peer`, which is not connected any more. */
static void wait_for_its_end(struct keeper_client *client, const char *reason)
{
    if (avoid(client) < 0) {
        try_again(client);
        tell_gone(client, reason, false);
        return;
    }
    SCOPED_TEXT struct text text = {0};
    text_append_format(&text,
                       "the running datemill-keeper (process %ld) and this datemill do not "
                       "understand each other, so they are of different versions (%s); it ends "
                       "when what it runs is done, and then it goes on: nothing new starts until "
                       "then",
                       (long)client->lost_peer, reason);
    tell_gone(client, text_string(&text), true);
}

/* The connection broke, or made no sense. */
static void lose(struct keeper_client *client, const char *reason)
{
    bool is_short = clock_monotonic().us - client->joined.us < duration_ms(SHORT_MS).us;
    bool is_again = is_short && client->peer > 0 && client->peer == client->lost_peer;
    client->lost_peer = is_short ? client->peer : 0;
    disconnect(client);
    if (is_again) {
        wait_for_its_end(client, reason);
        return;
    }
    try_again(client);
    tell_gone(client, reason, false);
}

/* --- messages --------------------------------------------------------------------------------- */

/* Returns whether the connection goes on. */
static bool take_welcome(struct keeper_client *client, const struct keeper_message *message)
{
    if (message->welcome.is_refused) {
        client->retry_ms = LAST_RETRY_MS;
        client->lost_peer = 0;
        give_up(client, "the keeper serves a newer engine");
        return false;
    }
    if (message->welcome.version < KEEPER_DRAINS_VERSION && client->peer > 0) {
        client->lost_peer = client->peer;
        disconnect(client);
        wait_for_its_end(client, "it is older");
        return false;
    }
    client->is_draining = message->welcome.is_draining;
    tell(client, message);
    return true;
}

static bool take_message(struct keeper_client *client, const struct wire_frame *frame)
{
    SCOPED_ARENA struct arena arena = {0};
    struct keeper_message message;
    struct error err = {0};
    if (keeper_message_decode(frame->bytes, frame->length, &arena, &message, &err) < 0) {
        lose(client, err.text);
        return false;
    }
    if (message.kind == KEEPER_WELCOME)
        return take_welcome(client, &message);
    if (message.kind == KEEPER_SNAPSHOT_END) {
        client->state = CLIENT_READY;
        client->retry_ms = FIRST_RETRY_MS;
        loop_cancel_timer(client->options.loop, &client->timer);
    }
    tell(client, &message);
    return true;
}

static void on_wire(void *owner, uint32_t events)
{
    struct keeper_client *client = owner;
    bool is_end = false;
    struct error err = {0};
    if ((events & (LOOP_READ | LOOP_HUP)) == 0)
        return; /* room to send: the hook does it */
    if (wire_receive(&client->wire, &is_end, &err) < 0) {
        lose(client, err.text);
        return;
    }
    for (;;) {
        struct wire_frame frame;
        if (wire_next(&client->wire, &frame, &err) < 0) {
            lose(client, err.text);
            return;
        }
        if (frame.bytes == NULL)
            break;
        if (!take_message(client, &frame))
            return;
    }
    if (is_end)
        lose(client, "the keeper has closed the connection");
}

static void on_turn_end(void *owner)
{
    struct keeper_client *client = owner;
    if (client->wire.fd < 0 || client->source == NULL)
        return;
    struct error err = {0};
    if (wire_flush(&client->wire, &err) < 0) {
        lose(client, err.text);
        return;
    }
    bool has_more = wire_pending(&client->wire) > 0;
    loop_change_fd(client->options.loop, client->source, LOOP_READ | (has_more ? LOOP_WRITE : 0));
}

/* --- connecting ------------------------------------------------------------------------------- */

static void on_said(void *owner, uint32_t events)
{
    (void)events;
    struct keeper_client *client = owner;
    char chunk[256];
    ssize_t count = read(client->spawn.pipe_fd, chunk, sizeof chunk);
    if (count < 0)
        return;
    text_append_bytes(&client->said, chunk, (size_t)count);
    if (count > 0)
        return;
    /* the end: it has said all, and reads no more of ours */
    const char *said = text_string(&client->said);
    if (strcmp(said, KEEPER_SAYS_READY) == 0 || strcmp(said, KEEPER_SAYS_BUSY) == 0) {
        end_starting(client);
        try_again(client);
        if (strcmp(said, KEEPER_SAYS_READY) == 0)
            loop_set_timer(client->options.loop, &client->timer, (struct duration){0});
        return;
    }
    give_up(client, *said == '\0' ? "the keeper ended before it was ready" : said);
}

static int start_keeper(struct keeper_client *client, struct error *err)
{
    if (keeper_spawn(client->program, client->state_dir, client->options.idle, &client->spawn,
                     err) < 0)
        return -1;
    text_clear(&client->said);
    struct loop_fd_options options = {
        .fd = client->spawn.pipe_fd, .events = LOOP_READ, .call = on_said, .owner = client};
    if (loop_add_fd(client->options.loop, &options, &client->source, err) < 0) {
        close(client->spawn.pipe_fd);
        keeper_spawn_reap(&client->spawn);
        return -1;
    }
    client->state = CLIENT_STARTING;
    return 0;
}

static pid_t peer_of(int fd)
{
    struct ucred peer = {0};
    socklen_t length = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? peer.pid : 0;
}

static int greet(struct keeper_client *client, int fd, struct error *err)
{
    client->peer = peer_of(fd);
    client->joined = clock_monotonic();
    wire_init(&client->wire, fd, KEEPER_MAX_FRAME_BYTES);
    struct loop_fd_options options = {
        .fd = fd, .events = LOOP_READ, .call = on_wire, .owner = client};
    if (loop_add_fd(client->options.loop, &options, &client->source, err) < 0)
        return -1;
    client->state = CLIENT_GREETING;
    loop_set_timer(client->options.loop, &client->timer, duration_ms(GREETING_TIMEOUT_MS));
    struct keeper_message hello = {.kind = KEEPER_HELLO,
                                   .hello = {.version = KEEPER_PROTOCOL_VERSION,
                                             .epoch = client->options.epoch,
                                             .slots = client->options.slots}};
    send_message(client, &hello);
    return 0;
}

static int connect_or_start(struct keeper_client *client, struct error *err)
{
    int fd = -1;
    struct error reason = {0};
    if (unix_socket_connect(client->state_dir_fd, KEEPER_SOCKET_NAME, &fd, &reason) == 0)
        return greet(client, fd, err);
    if (reason.kind == ERROR_KIND_NOT_FOUND && client->program != NULL)
        return start_keeper(client, err);
    *err = reason;
    return -1;
}

static void on_timer(void *owner)
{
    struct keeper_client *client = owner;
    struct error err = {0};
    if (client->state == CLIENT_GREETING)
        give_up(client, "the keeper does not answer");
    else if (connect_or_start(client, &err) < 0)
        give_up(client, err.text);
}

/* --- what the owner calls --------------------------------------------------------------------- */

int keeper_client_open(const struct keeper_client_options *options,
                       struct keeper_client **ret_client, struct error *err)
{
    assert(options->slots >= 1 && options->slots <= KEEPER_MAX_SLOTS && options->epoch >= 0);
    int fd = open(options->state_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", options->state_dir);
    struct keeper_client *client = memory_new(1, sizeof *client);
    client->options = *options;
    if (client->options.idle.us <= 0)
        client->options.idle = duration_ms(DEFAULT_IDLE_MS);
    client->state_dir = memory_copy_string(options->state_dir);
    client->program = memory_copy_string(options->program);
    client->state_dir_fd = fd;
    client->wire.fd = -1;
    client->spawn.pipe_fd = -1;
    client->avoided_fd = -1;
    client->retry_ms = FIRST_RETRY_MS;
    text_init(&client->said, MAX_SAID_BYTES);
    client->timer = (struct loop_timer){.call = on_timer, .owner = client};
    client->send_hook = (struct loop_hook){.call = on_turn_end, .owner = client};
    loop_add_hook(options->loop, LOOP_PHASE_SEND, &client->send_hook);
    loop_set_timer(options->loop, &client->timer, (struct duration){0});
    *ret_client = client;
    return 0;
}

void keeper_client_close(struct keeper_client *client)
{
    if (client == NULL)
        return;
    assert(!client->is_calling);
    if (client->state == CLIENT_STARTING) {
        end_starting(client);
    } else if (client->state == CLIENT_AVOIDING) {
        end_avoiding(client);
    } else {
        if (client->wire.fd >= 0)
            wire_flush(&client->wire, NULL);
        disconnect(client);
    }
    loop_cancel_timer(client->options.loop, &client->timer);
    loop_remove_hook(client->options.loop, &client->send_hook);
    close(client->state_dir_fd);
    free(client->state_dir);
    free(client->program);
    text_free(&client->said);
    text_free(&client->scratch);
    free(client);
}

static bool is_list_too_long(const char *const *strings)
{
    size_t count = 0;
    while (strings != NULL && strings[count] != NULL)
        count++;
    return count > WIRE_MAX_ITEMS;
}

int keeper_client_start(struct keeper_client *client, const struct keeper_start *start,
                        struct error *err)
{
    if (keeper_start_check(start, err) < 0)
        return -1;
    if (is_list_too_long(start->argv) || is_list_too_long(start->env))
        return error_set(err, ERROR_KIND_INVALID, "too many arguments or variables");
    text_clear(&client->scratch);
    keeper_message_encode(&(struct keeper_message){.kind = KEEPER_START, .start = *start},
                          &client->scratch);
    if (client->scratch.length > KEEPER_MAX_FRAME_BYTES)
        return error_set(err, ERROR_KIND_INVALID, "arguments, variables and input are too long");
    if (client->state != CLIENT_READY || client->is_draining)
        return 0; /* the next snapshot does not know it */
    wire_add(&client->wire, text_string(&client->scratch), client->scratch.length);
    loop_want_send(client->options.loop);
    return 0;
}

static void send_if_ready(struct keeper_client *client, const struct keeper_message *message)
{
    if (client->state == CLIENT_READY)
        send_message(client, message);
}

void keeper_client_revoke(struct keeper_client *client, int64_t attempt_id)
{
    send_if_ready(client,
                  &(struct keeper_message){.kind = KEEPER_REVOKE, .attempt_id = attempt_id});
}

void keeper_client_stop(struct keeper_client *client, int64_t attempt_id, bool is_kill_now)
{
    send_if_ready(client, &(struct keeper_message){
                              .kind = KEEPER_STOP,
                              .stop = {.attempt_id = attempt_id, .is_kill_now = is_kill_now}});
}

void keeper_client_settled(struct keeper_client *client, const int64_t *attempt_ids, size_t count)
{
    for (size_t done = 0; done < count;) {
        size_t part = count - done < WIRE_MAX_ITEMS ? count - done : WIRE_MAX_ITEMS;
        send_if_ready(client, &(struct keeper_message){
                                  .kind = KEEPER_SETTLED,
                                  .settled = {.attempt_ids = attempt_ids + done, .count = part}});
        done += part;
    }
}

void keeper_client_set_slots(struct keeper_client *client, int32_t slots)
{
    assert(slots >= 1 && slots <= KEEPER_MAX_SLOTS);
    client->options.slots = slots;
    send_if_ready(client, &(struct keeper_message){.kind = KEEPER_SET_SLOTS, .slots = slots});
}
