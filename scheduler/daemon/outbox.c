#include "scheduler/daemon/outbox.h"

#include "scheduler/base/json_in.h"
#include "scheduler/base/json_out.h"
#include "scheduler/base/memory.h"
#include "scheduler/base/scope.h"
#include "scheduler/daemon/delivery.h"
#include "scheduler/system/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A message that is under way; one per channel. */
struct sending {
    struct sending *next;
    struct outbox *outbox;
    struct delivery *delivery;
    struct arena arena;
    struct store_message message;
};

struct outbox {
    struct daemon *daemon;
    struct sending *first;
    struct loop_timer timer;
    bool must_look; /* something may have come, or come due */
};

/* Messages that wait, while they are looked at. */
struct looking {
    struct outbox *outbox;
    struct arena arena;
    struct store_messages messages;
    struct instant now;
    struct instant next; /* when to look again */
};

/* ---- the turn ---- */

static struct turn_message *add(struct daemon *daemon, enum turn_message_kind kind,
                                const struct store_message *row)
{
    struct arena *arena = &daemon->turn.arena;
    struct turn_message *item = arena_alloc(arena, sizeof *item);
    item->kind = kind;
    item->row = *row;
    item->row.channel = arena_copy_string(arena, row->channel);
    item->row.about = row->about == NULL ? "" : arena_copy_string(arena, row->about);
    item->row.facts = row->facts == NULL ? "" : arena_copy_string(arena, row->facts);
    item->row.problem = row->problem == NULL ? "" : arena_copy_string(arena, row->problem);
    TURN_ADD(daemon->turn.messages, item);
    return item;
}

void outbox_add(struct daemon *daemon, const struct flow_paths *channels,
                const struct outbox_words *words)
{
    for (size_t i = 0; i < channels->count; i++) {
        struct store_message row = {
            .channel = channels->paths[i],
            .event = (int32_t)words->event,
            .about = arena_format(&daemon->turn.arena, "%s: %s", channels->paths[i], words->about),
            .facts = words->facts,
            .created_at = clock_now()};
        add(daemon, TURN_MESSAGE_PUT, &row);
    }
}

int outbox_store(struct daemon *daemon, struct error *err)
{
    int result = 0;
    for (const struct turn_message *item = daemon->turn.messages.first; item != NULL && result == 0;
         item = item->next) {
        const struct store_message *row = &item->row;
        switch (item->kind) {
        case TURN_MESSAGE_PUT:
            result = store_put_message(daemon->store, row, err);
            break;
        case TURN_MESSAGE_SET:
            result = store_set_message(daemon->store, row, err);
            break;
        case TURN_MESSAGE_FOLD:
            result = store_fold_messages(daemon->store, row, err);
            break;
        }
    }
    return result;
}

/* ---- deliveries ---- */

static struct sending *find_sending(const struct outbox *outbox, const char *channel)
{
    struct sending *sending = outbox->first;
    while (sending != NULL && strcmp(sending->message.channel, channel) != 0)
        sending = sending->next;
    return sending;
}

static struct duration pause_after(int32_t tries)
{
    int64_t seconds = OUTBOX_FIRST_SECONDS;
    for (int32_t i = 1; i < tries && seconds < OUTBOX_LAST_SECONDS; i++)
        seconds *= 2;
    return duration_seconds(seconds < OUTBOX_LAST_SECONDS ? seconds : OUTBOX_LAST_SECONDS);
}

/* `problem` NULL: it was taken. */
static void settle(struct daemon *daemon, const struct store_message *message, const char *problem)
{
    struct store_message row = *message;
    struct instant now = clock_now();
    row.tries++;
    row.problem = problem;
    if (problem == NULL) {
        row.state = MESSAGE_DELIVERED;
        row.ended_at = now;
    } else if (instant_elapsed(row.created_at, now).us > OUTBOX_DAYS * DURATION_DAY_US) {
        row.state = MESSAGE_GIVEN_UP;
        row.ended_at = now;
    } else {
        row.next_at = instant_add(now, pause_after(row.tries));
    }
    add(daemon, TURN_MESSAGE_SET, &row);
}

static void on_done(void *owner, const char *problem)
{
    struct sending *sending = owner;
    struct outbox *outbox = sending->outbox;
    struct sending **at = &outbox->first;
    settle(outbox->daemon, &sending->message, problem);
    while (*at != sending)
        at = &(*at)->next;
    *at = sending->next;
    arena_free(&sending->arena);
    free(sending);
    outbox->must_look = true;
}

static void send(struct outbox *outbox, const struct store_message *message,
                 const struct notify_channel *channel)
{
    struct daemon *daemon = outbox->daemon;
    struct sending *sending = memory_new(1, sizeof *sending);
    struct error err = {0};
    sending->outbox = outbox;
    sending->message = *message;
    sending->message.channel = arena_copy_string(&sending->arena, message->channel);
    sending->message.facts = sending->message.about = sending->message.problem = NULL;
    struct delivery_options options = {.loop = daemon->loop,
                                       .project = daemon->project,
                                       .libexec_dir = daemon->place.libexec_dir,
                                       .channel = channel,
                                       .id = message->id,
                                       .facts = message->facts,
                                       .environment = daemon->environment,
                                       .environment_count = DAEMON_ENVIRONMENT_COUNT,
                                       .done = on_done,
                                       .owner = sending};
    sending->next = outbox->first;
    outbox->first = sending;
    if (delivery_start(&options, &sending->delivery, &err) < 0)
        on_done(sending, err.text);
}

/* ---- what goes next ---- */

static size_t count_waiting(const struct looking *looking, const char *channel)
{
    size_t count = 0;
    for (size_t i = 0; i < looking->messages.count; i++)
        count += strcmp(looking->messages.items[i].channel, channel) == 0;
    return count;
}

static const char *text_of(const struct store_message *message, struct arena *arena)
{
    struct json *facts = NULL;
    if (json_parse(message->facts, strlen(message->facts), &facts, NULL) < 0)
        return "?";
    const char *text = arena_copy_string(arena, json_get_string(facts, "text", "?"));
    json_free(facts);
    return text;
}

static const char *summary_facts(const struct looking *looking, const char *channel,
                                 struct arena *arena)
{
    SCOPED_TEXT struct text list = {0};
    SCOPED_TEXT struct text text = {0};
    struct json_out json;
    size_t count = 0;
    for (size_t i = 0; i < looking->messages.count; i++) {
        const struct store_message *message = &looking->messages.items[i];
        if (strcmp(message->channel, channel) != 0)
            continue;
        if (count++ < OUTBOX_SHOWN)
            text_append_format(&list, "%s%s", list.length > 0 ? "\n" : "", text_of(message, arena));
    }
    if (count > OUTBOX_SHOWN)
        text_append_format(&list, "\nand %zu more: datemill notify list", count - OUTBOX_SHOWN);
    json_out_init(&json, &text);
    json_out_begin_object(&json);
    json_out_pair_string(&json, "event", notify_event_name(NOTIFY_SUMMARY));
    json_out_pair_string(&json, "count", arena_format(arena, "%zu", count));
    json_out_pair_string(&json, "reason", text_string(&list));
    json_out_pair_string(&json, "text",
                         arena_format(arena, "%zu messages:\n%s", count, text_string(&list)));
    for (size_t i = 0; notify_fact_names[i] != NULL; i++) {
        static const char *const given = " id event count reason text ";
        SCOPED_TEXT struct text name = {0};
        text_append_format(&name, " %s ", notify_fact_names[i]);
        if (strstr(given, text_string(&name)) == NULL)
            json_out_pair_string(&json, notify_fact_names[i], "");
    }
    json_out_end_object(&json);
    return arena_copy(arena, text_string(&text), text.length);
}

/* All that wait for the channel become one message. */
static void fold(struct looking *looking, const char *channel)
{
    struct daemon *daemon = looking->outbox->daemon;
    struct arena *arena = &daemon->turn.arena;
    int64_t last = 0;
    for (size_t i = 0; i < looking->messages.count; i++) {
        const struct store_message *message = &looking->messages.items[i];
        if (strcmp(message->channel, channel) == 0)
            last = message->id;
    }
    struct store_message row = {
        .channel = channel,
        .event = NOTIFY_SUMMARY,
        .about = arena_format(arena, "%s: summary up to %" PRId64, channel, last),
        .facts = summary_facts(looking, channel, arena),
        .created_at = looking->now,
        .id = last};
    add(daemon, TURN_MESSAGE_PUT, &row);
    add(daemon, TURN_MESSAGE_FOLD, &row);
    looking->outbox->must_look = true;
}

static void look_again_at(struct looking *looking, struct instant at)
{
    looking->next = instant_earlier(looking->next, at);
}

/* True: the channel may have it now. */
static bool may_send(struct looking *looking, const struct store_message *message,
                     const struct notify_channel *channel)
{
    struct sent_messages sent = {0};
    struct instant since = instant_add(looking->now, (struct duration){-channel->per.us});
    if (load_sent_messages(looking->outbox->daemon->store, channel->name, since, &sent, NULL) < 0) {
        look_again_at(looking, instant_add(looking->now, duration_seconds(1)));
        return false;
    }
    if (sent.count >= channel->max) {
        look_again_at(looking, instant_add(sent.first, channel->per));
        return false;
    }
    bool is_last_place = sent.count + 1 >= channel->max;
    if (!is_last_place || message->event == NOTIFY_SUMMARY ||
        count_waiting(looking, channel->name) < 2)
        return true;
    fold(looking, message->channel);
    return false;
}

/* True: nothing else of the channel is looked at in this round. */
static bool take(struct looking *looking, const struct store_message *message)
{
    struct outbox *outbox = looking->outbox;
    const struct notify_channel *channel =
        notify_find_channel(outbox->daemon->project, message->channel);
    if (find_sending(outbox, message->channel) != NULL)
        return true;
    if (channel == NULL) {
        struct store_message row = *message;
        row.state = MESSAGE_GIVEN_UP;
        row.ended_at = looking->now;
        row.problem = "datemill.yaml has no such channel any more";
        add(outbox->daemon, TURN_MESSAGE_SET, &row);
        return false;
    }
    if (instant_compare(message->next_at, looking->now) > 0) {
        look_again_at(looking, message->next_at);
        return false;
    }
    if (may_send(looking, message, channel))
        send(outbox, message, channel);
    return true;
}

static bool was_looked_at(const struct looking *looking, size_t count, const char *channel,
                          const bool *is_done)
{
    for (size_t i = 0; i < count; i++) {
        if (is_done[i] && strcmp(looking->messages.items[i].channel, channel) == 0)
            return true;
    }
    return false;
}

static void look_late(struct looking *looking)
{
    struct daemon *daemon = looking->outbox->daemon;
    for (size_t i = 0; i < daemon->run_count; i++) {
        if (!daemon->runs[i]->is_over)
            look_again_at(looking, outbox_look_late(daemon, daemon->runs[i]));
    }
}

static void look(struct outbox *outbox)
{
    struct daemon *daemon = outbox->daemon;
    struct looking looking = {.outbox = outbox, .now = clock_now(), .next = INSTANT_NEVER};
    outbox->must_look = false;
    look_late(&looking);
    if (load_waiting_messages(daemon->store, OUTBOX_MAX_LOADED, &looking.arena, &looking.messages,
                              NULL) < 0) {
        look_again_at(&looking, instant_add(looking.now, duration_seconds(1)));
        looking.messages.count = 0;
    }
    bool *is_done = arena_array(&looking.arena, looking.messages.count + 1, sizeof *is_done);
    for (size_t i = 0; i < looking.messages.count; i++) {
        const struct store_message *message = &looking.messages.items[i];
        if (!was_looked_at(&looking, i, message->channel, is_done))
            is_done[i] = take(&looking, message);
    }
    if (instant_is_never(looking.next))
        loop_cancel_timer(daemon->loop, &outbox->timer);
    else
        loop_set_timer(daemon->loop, &outbox->timer, instant_minus(looking.next, looking.now));
    arena_free(&looking.arena);
    if (outbox->must_look)
        loop_want_turn(daemon->loop);
}

static void on_timer(void *owner)
{
    look(owner);
}

struct outbox *outbox_open(struct daemon *daemon)
{
    struct outbox *outbox = memory_new(1, sizeof *outbox);
    *outbox = (struct outbox){
        .daemon = daemon, .must_look = true, .timer = {.call = on_timer, .owner = outbox}};
    loop_set_timer(daemon->loop, &outbox->timer, duration_ms(0));
    return outbox;
}

/* What changes how things stand: new messages, ends of sendings, runs that begin. */
void outbox_after_commit(struct outbox *outbox, const struct turn *done)
{
    if (outbox == NULL || outbox->daemon->is_draining)
        return;
    if (outbox->must_look || done->messages.first != NULL || done->runs.first != NULL)
        look(outbox);
}

void outbox_close(struct outbox *outbox)
{
    if (outbox == NULL)
        return;
    while (outbox->first != NULL) {
        struct sending *sending = outbox->first;
        outbox->first = sending->next;
        delivery_cancel(sending->delivery);
        arena_free(&sending->arena);
        free(sending);
    }
    loop_cancel_timer(outbox->daemon->loop, &outbox->timer);
    free(outbox);
}
