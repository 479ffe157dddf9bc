#include "scheduler/daemon/session.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/system/clock.h"
#include "scheduler/system/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SESSION_RETRY_MS 20      /* between tries for the lock or a connection */
#define SESSION_GIVE_WAY_MS 2000 /* for the lock to be taken by whoever asked for it */
#define SESSION_MAX_TRIES (SESSION_PATIENCE_S * 1000 / SESSION_RETRY_MS)
#define SESSION_DENIED_CODE "E505"
#define SESSION_SEND_WAIT_MS 5000 /* an engine that does not read for so long is gone */

/* A request that waits for its reply, or whose runs are taken up again after a change of engine. */
struct pending {
    struct pending *next;
    struct arena arena;
    struct request request;
    bool is_answered;
};

struct session {
    struct session_options options;
    int state_dir_fd;
    struct lock_file lock;
    struct daemon *daemon;         /* when we are the engine */
    struct daemon_watcher watcher; /* of it */
    struct control_client *client; /* when another is */
    struct loop_fd *client_fd;
    struct loop_timer again;
    int tries;
    bool must_leave;             /* another is to be the engine */
    struct duration leaves_lock; /* to the other, until then; of clock_monotonic() */
    int64_t last_number;
    struct pending *pending;
    bool is_broken; /* `fail` was called */
};

static int attach(struct session *session, struct error *err);

static struct pending *find_pending(const struct session *session, int64_t number)
{
    struct pending *pending = session->pending;
    while (pending != NULL && pending->request.number != number)
        pending = pending->next;
    return pending;
}

static void drop_pending(struct session *session, struct pending *pending)
{
    struct pending **place = &session->pending;
    while (*place != pending)
        place = &(*place)->next;
    *place = pending->next;
    arena_free(&pending->arena);
    free(pending);
}

/* What a request becomes once it was answered, for the next engine: what drove runs or a backfill
 * drives them again, what watched watches. A stop is asked for again: the claim before it would let
 * the run go on. What changed something at once is done with. */
static bool follow_up(const struct request *request, enum request_kind *ret_kind)
{
    switch (request->kind) {
    case REQUEST_KIND_RUN:
    case REQUEST_KIND_CLAIM:
    case REQUEST_KIND_RERUN:
        *ret_kind = REQUEST_KIND_CLAIM;
        return true;
    case REQUEST_KIND_WATCH:
    case REQUEST_KIND_STOP:
    case REQUEST_KIND_BACKFILL_WATCH:
        *ret_kind = request->kind;
        return true;
    case REQUEST_KIND_BACKFILL:
    case REQUEST_KIND_BACKFILL_CLAIM:
    case REQUEST_KIND_BACKFILL_RESUME:
    case REQUEST_KIND_BACKFILL_RETRY:
        *ret_kind = REQUEST_KIND_BACKFILL_CLAIM;
        return true;
    case REQUEST_KIND_BACKFILL_PAUSE:
    case REQUEST_KIND_BACKFILL_STOP:
        *ret_kind = request->kind;
        return true;
    case REQUEST_KIND_STATUS:
    case REQUEST_KIND_BACKFILL_SET:
    case REQUEST_KIND_SKIP:
    case REQUEST_KIND_MARK:
    case REQUEST_KIND_FREEZE:
    case REQUEST_KIND_UNFREEZE:
    case REQUEST_KIND_EXPLAIN:
    case REQUEST_KIND_PRUNE:
    case REQUEST_KIND_STEP_DOWN:
        break;
    }
    return false;
}

static void note_reply(struct session *session, const struct notice *notice)
{
    struct pending *pending = find_pending(session, notice->request);
    if (pending == NULL)
        return;
    enum request_kind kind;
    bool is_nothing = pending->request.kind == REQUEST_KIND_BACKFILL && notice->backfill_id == 0;
    if (notice->error.kind != ERROR_KIND_NONE || is_nothing ||
        !follow_up(&pending->request, &kind)) {
        drop_pending(session, pending);
        return;
    }
    pending->is_answered = true;
    if (kind == REQUEST_KIND_STOP)
        return;
    pending->request.kind = kind;
    pending->request.backfill_id = notice->backfill_id;
    pending->request.run_count = notice->run_count;
    memcpy(pending->request.run_ids, notice->run_ids, sizeof notice->run_ids);
}

static void take_notice(void *owner, const struct notice *notice)
{
    struct session *session = owner;
    if (notice->kind == NOTICE_KIND_REPLY) {
        const struct pending *pending = find_pending(session, notice->request);
        bool is_repeated = pending != NULL && pending->is_answered;
        bool is_claim = is_repeated && (pending->request.kind == REQUEST_KIND_CLAIM ||
                                        pending->request.kind == REQUEST_KIND_BACKFILL_CLAIM);
        note_reply(session, notice);
        if (is_repeated && !(is_claim && notice->error.kind != ERROR_KIND_NONE))
            return;
    }
    session->options.tell(session->options.owner, notice);
}

static void detach_client(struct session *session)
{
    if (session->client == NULL)
        return;
    loop_remove_fd(session->options.loop, session->client_fd);
    control_client_close(session->client);
    session->client_fd = NULL;
    session->client = NULL;
}

static void give_up(struct session *session, const struct error *error)
{
    if (session->is_broken)
        return;
    session->is_broken = true;
    session->options.fail(session->options.owner, error);
}

/* Its runs go on under the next engine, which is asked for them again. */
static void leave(struct session *session)
{
    session->must_leave = false;
    daemon_remove_watcher(session->daemon, &session->watcher);
    daemon_close(session->daemon);
    session->daemon = NULL;
    lock_file_release(&session->lock);
    session->leaves_lock = clock_monotonic();
    session->leaves_lock.us += duration_ms(SESSION_GIVE_WAY_MS).us;
}

static void try_again(void *owner)
{
    struct session *session = owner;
    struct error err = {0};
    if (session->must_leave)
        leave(session);
    if (attach(session, &err) < 0)
        give_up(session, &err);
}

static void wait_for_engine(struct session *session)
{
    loop_set_timer(session->options.loop, &session->again, duration_ms(SESSION_RETRY_MS));
}

static void send_to_client(struct session *session, const struct request *request)
{
    SCOPED_TEXT struct text json = {0};
    request_write(request, &json);
    struct error err = {0};
    if (control_client_send(session->client, text_string(&json), json.length,
                            duration_ms(SESSION_SEND_WAIT_MS), &err) < 0) {
        detach_client(session);
        wait_for_engine(session);
    }
}

static void send_request(struct session *session, const struct request *request)
{
    if (session->daemon != NULL)
        daemon_request(session->daemon, &session->watcher, request);
    else if (session->client != NULL)
        send_to_client(session, request);
}

static void send_all(struct session *session)
{
    for (struct pending *pending = session->pending; pending != NULL; pending = pending->next)
        send_request(session, &pending->request);
}

/* False when there is nothing more to read for now. */
static bool receive_one(struct session *session)
{
    struct json *json = NULL;
    struct error err = {0};
    SCOPED_ARENA struct arena arena = {0};
    if (control_client_receive(session->client, duration_ms(0), &json, &err) < 0) {
        detach_client(session);
        wait_for_engine(session);
        return false;
    }
    if (json == NULL)
        return false;
    struct notice notice;
    if (notice_from_json(json, &arena, &notice, &err) == 0)
        take_notice(session, &notice);
    json_free(json);
    return session->client != NULL;
}

static void read_client(void *owner, uint32_t events)
{
    struct session *session = owner;
    (void)events;
    while (receive_one(session))
        continue;
}

/* Within a turn of the daemon: it is closed in the next one. */
static void on_asked_to_leave(void *owner)
{
    struct session *session = owner;
    session->must_leave = true;
    loop_set_timer(session->options.loop, &session->again, duration_ms(0));
}

static int become_engine(struct session *session, struct error *err)
{
    struct daemon_options options = {.loop = session->options.loop,
                                     .place = session->options.place,
                                     .asked_to_leave = on_asked_to_leave,
                                     .owner = session};
    if (daemon_open(&options, &session->daemon, err) < 0) {
        lock_file_release(&session->lock);
        return -1;
    }
    session->watcher =
        (struct daemon_watcher){.tell = take_notice, .owner = session, .who = session->options.who};
    daemon_add_watcher(session->daemon, &session->watcher);
    return 0;
}

static int connect_client(struct session *session, struct error *err)
{
    if (control_client_open(session->state_dir_fd, &session->client, err) < 0)
        return -1;
    struct loop_fd_options options = {.fd = control_client_fd(session->client),
                                      .events = LOOP_READ,
                                      .call = read_client,
                                      .owner = session};
    if (loop_add_fd(session->options.loop, &options, &session->client_fd, err) < 0) {
        control_client_close(session->client);
        session->client = NULL;
        return -1;
    }
    return 0;
}

/* Between the end of one engine and the first breath of the next neither the lock nor a connection
 * is to be had: then it waits for its next try. */
static int attach(struct session *session, struct error *err)
{
    struct error lock_error = {.kind = ERROR_KIND_BUSY};
    bool gives_way = clock_monotonic().us < session->leaves_lock.us;
    if (!gives_way &&
        lock_file_try(session->state_dir_fd, ENGINE_LOCK_NAME, &session->lock, &lock_error) == 0) {
        if (become_engine(session, err) < 0)
            return -1;
    } else if (lock_error.kind != ERROR_KIND_BUSY) {
        *err = lock_error;
        return -1;
    } else if (connect_client(session, err) < 0) {
        if (err->kind != ERROR_KIND_NOT_FOUND && err->kind != ERROR_KIND_BUSY)
            return -1;
        if (++session->tries > SESSION_MAX_TRIES) {
            *err = lock_error;
            memcpy(err->code, SESSION_LOCKED_CODE, sizeof SESSION_LOCKED_CODE);
            return -1;
        }
        wait_for_engine(session);
        return 0;
    }
    session->tries = 0;
    send_all(session);
    return 0;
}

static int open_folder(struct session *session, struct error *err)
{
    const char *path = session->options.place.state_dir;
    if (mkdir(path, 0700) < 0 && errno != EEXIST) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot make %s", path);
    } else if ((session->state_dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", path);
    } else if (faccessat(session->state_dir_fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        error_set_errno(err, ERROR_KIND_REFUSED, "cannot write %s", path);
    } else {
        return 0;
    }
    if (err->kind != ERROR_KIND_REFUSED)
        return -1;
    memcpy(err->code, SESSION_DENIED_CODE, sizeof SESSION_DENIED_CODE);
    return error_help(err, "what runs is written down there: it must belong to whoever runs "
                           "datemill, and not be read-only");
}

int session_open(const struct session_options *options, struct session **ret_session,
                 struct error *err)
{
    struct session *session = memory_new(1, sizeof *session);
    session->options = *options;
    session->state_dir_fd = -1;
    session->lock.fd = -1;
    session->again = (struct loop_timer){.call = try_again, .owner = session};
    if (open_folder(session, err) < 0 || attach(session, err) < 0) {
        session_close(session);
        return -1;
    }
    *ret_session = session;
    return 0;
}

void session_close(struct session *session)
{
    if (session == NULL)
        return;
    loop_cancel_timer(session->options.loop, &session->again);
    detach_client(session);
    if (session->daemon != NULL) {
        daemon_remove_watcher(session->daemon, &session->watcher);
        daemon_close(session->daemon);
    }
    lock_file_release(&session->lock);
    while (session->pending != NULL)
        drop_pending(session, session->pending);
    if (session->state_dir_fd >= 0)
        close(session->state_dir_fd);
    free(session);
}

static const struct request_setting *
copy_settings(struct arena *arena, const struct request_setting *settings, size_t count)
{
    struct request_setting *copy = arena_array(arena, count, sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        copy[i].name = arena_copy_string(arena, settings[i].name);
        copy[i].text = arena_copy_string(arena, settings[i].text);
    }
    return copy;
}

static void copy_request(struct pending *pending, const struct request *request)
{
    struct arena *arena = &pending->arena;
    pending->request = *request;
    struct request *copy = &pending->request;
    copy->who = arena_copy_string(arena, request->who);
    copy->via = arena_copy_string(arena, request->via);
    copy->plan_hash = arena_copy_string(arena, request->plan_hash);
    copy->flow = arena_copy_string(arena, request->flow);
    copy->date = arena_copy_string(arena, request->date);
    copy->time = arena_copy_string(arena, request->time);
    copy->nodes = arena_copy_string(arena, request->nodes);
    copy->reason = arena_copy_string(arena, request->reason);
    copy->ranges = arena_copy_string(arena, request->ranges);
    copy->typed = arena_copy_string(arena, request->typed);
    copy->redo = arena_copy_string(arena, request->redo);
    copy->until = arena_copy_string(arena, request->until);
    copy->vars = copy_settings(arena, request->vars, request->var_count);
    copy->downstream = copy_settings(arena, request->downstream, request->downstream_count);
}

int64_t session_request(struct session *session, const struct request *request)
{
    struct pending *pending = memory_new(1, sizeof *pending);
    copy_request(pending, request);
    char token[CLOCK_TOKEN_BYTES] = "";
    if (clock_make_token(token, NULL) == 0)
        pending->request.key = arena_copy_string(&pending->arena, token);
    pending->request.number = ++session->last_number;
    struct pending **end = &session->pending;
    while (*end != NULL)
        end = &(*end)->next;
    *end = pending;
    send_request(session, &pending->request);
    return session->last_number;
}
