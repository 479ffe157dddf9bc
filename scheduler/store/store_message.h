/* What people are to be told: rows that are stored with what they are about, and sent afterwards.
 * A row that was not marked as delivered is sent again: at least once, with the same id. */
#ifndef DATEMILL_STORE_STORE_MESSAGE_H
#define DATEMILL_STORE_STORE_MESSAGE_H

#include "scheduler/base/arena.h"
#include "scheduler/base/instant.h"
#include "scheduler/store/store.h"

enum message_state { /* numbers are kept in the store: never change one */
    MESSAGE_WAITING = 0,
    MESSAGE_DELIVERED = 1,
    MESSAGE_GIVEN_UP = 2,
    MESSAGE_FOLDED = 3 /* it is told in a summary */
};
#define MESSAGE_STATE_COUNT 4
#define MESSAGE_KEPT_DAYS 30 /* after their end */

struct store_message {
    int64_t id; /* 0 for a new one */
    const char *channel;
    int32_t event;     /* enum notify_event */
    const char *about; /* a second one about the same is not stored */
    const char *facts; /* JSON */
    struct instant created_at;
    enum message_state state;
    int32_t tries;
    struct instant next_at;
    struct instant ended_at;
    const char *problem; /* of the last try; "" = none */
    int64_t summary_id;  /* FOLDED */
};

/* Within a batch: a new one that waits. Nothing if one about the same is there. Forgets some of
 * those that ended MESSAGE_KEPT_DAYS ago. */
int store_put_message(struct store *store, const struct store_message *message, struct error *err);

/* Within a batch: state, tries, next_at, ended_at, problem by the id. */
int store_set_message(struct store *store, const struct store_message *message, struct error *err);

/* Within a batch: of those that wait for the summary's channel, all up to its `id` are told in it:
 * in the message that is `about` the same, which must be stored. */
int store_fold_messages(struct store *store, const struct store_message *summary,
                        struct error *err);

struct store_messages {
    const struct store_message *items;
    size_t count;
};

/* Those that wait, oldest first, at most `limit`. */
int load_waiting_messages(struct store *store, size_t limit, struct arena *arena,
                          struct store_messages *ret_messages, struct error *err);

struct sent_messages {
    int64_t count;
    struct instant first;
};

/* What went to the channel after that. */
int load_sent_messages(struct store *store, const char *channel, struct instant since,
                       struct sent_messages *ret_sent, struct error *err);

struct message_query {
    bool open_only; /* those that are not delivered */
    size_t limit;
};

/* The newest first. */
int view_messages(struct store *store, const struct message_query *query, struct arena *arena,
                  struct store_messages *ret_messages, struct error *err);

struct message_counts {
    int64_t waiting; /* of them tried without success: */
    int64_t failing;
    int64_t given_up;    /* within MESSAGE_KEPT_DAYS */
    const char *problem; /* of the newest that is not delivered; "" = none */
};

int view_message_counts(struct store *store, struct arena *arena, struct message_counts *ret_counts,
                        struct error *err);

#endif
