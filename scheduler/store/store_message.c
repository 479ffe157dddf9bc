#include "scheduler/store/store_message.h"

#include "scheduler/store/commit_internal.h"

#define COLUMNS                                                                                    \
    "id, channel, event, about, facts, created_at, state, tries, next_at, ended_at, problem,"      \
    " coalesce(summary_id, 0)"

static int forget_some(struct store *store, struct instant now, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "DELETE FROM message WHERE id IN (SELECT id FROM message WHERE id < ?2"
                       " AND state <> 0 AND ended_at < ?1 ORDER BY id LIMIT 100)",
                       err) != 0)
        return -1;
    int64_t before = now.us - MESSAGE_KEPT_DAYS * DURATION_DAY_US;
    statement_int(&s, before);
    statement_int(&s, before / 1000);
    return statement_run(&s, err);
}

int store_put_message(struct store *store, const struct store_message *message, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 || forget_some(store, message->created_at, err) != 0 ||
        statement_open(&s, store,
                       "INSERT OR IGNORE INTO message(id, channel, event, about, facts, created_at,"
                       " state, tries, next_at, ended_at, problem)"
                       " VALUES (max(?1 / 1000, 1 + coalesce((SELECT max(id) FROM message), 0)),"
                       " ?2, ?3, ?4, ?5, ?1, 0, 0, 0, 0, '')",
                       err) != 0)
        return -1;
    statement_int(&s, message->created_at.us);
    statement_text(&s, message->channel);
    statement_int(&s, message->event);
    statement_text(&s, message->about);
    statement_text(&s, message->facts);
    return statement_run(&s, err);
}

int store_set_message(struct store *store, const struct store_message *message, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        statement_open(&s, store,
                       "UPDATE message SET state = ?2, tries = ?3, next_at = ?4, ended_at = ?5,"
                       " problem = ?6 WHERE id = ?1",
                       err) != 0)
        return -1;
    statement_int(&s, message->id);
    statement_int(&s, message->state);
    statement_int(&s, message->tries);
    statement_int(&s, message->next_at.us);
    statement_int(&s, message->ended_at.us);
    statement_text(&s, message->problem);
    return statement_run(&s, err);
}

int store_fold_messages(struct store *store, const struct store_message *summary, struct error *err)
{
    STATEMENT(s);
    if (store_require_batch(store, err) != 0 ||
        statement_open(&s, store,
                       "UPDATE message SET state = 3, ended_at = ?4,"
                       " summary_id = (SELECT id FROM message WHERE about = ?3)"
                       " WHERE state = 0 AND channel = ?1 AND id <= ?2 AND about <> ?3",
                       err) != 0)
        return -1;
    statement_text(&s, summary->channel);
    statement_int(&s, summary->id);
    statement_text(&s, summary->about);
    statement_int(&s, summary->created_at.us);
    return statement_run(&s, err);
}

static int read_messages(struct statement *s, struct arena *arena,
                         struct store_messages *ret_messages, struct error *err)
{
    struct store_message *items = NULL;
    size_t count = 0;
    size_t capacity = 0;
    int row;
    while ((row = statement_step(s, err)) == 1) {
        items = arena_grow(arena, items, count, &capacity, sizeof *items);
        items[count++] = (struct store_message){
            .id = statement_get_int(s, 0),
            .channel = statement_get_text(s, 1, arena),
            .event = statement_get_int32(s, 2),
            .about = statement_get_text(s, 3, arena),
            .facts = statement_get_text(s, 4, arena),
            .created_at = statement_get_instant(s, 5),
            .state = (enum message_state)statement_get_enum(s, 6, MESSAGE_STATE_COUNT),
            .tries = statement_get_int32(s, 7),
            .next_at = statement_get_instant(s, 8),
            .ended_at = statement_get_instant(s, 9),
            .problem = statement_get_text(s, 10, arena),
            .summary_id = statement_get_int(s, 11),
        };
    }
    *ret_messages = (struct store_messages){items, count};
    return row;
}

int load_waiting_messages(struct store *store, size_t limit, struct arena *arena,
                          struct store_messages *ret_messages, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " COLUMNS " FROM message WHERE state = 0 ORDER BY id LIMIT ?",
                       err) != 0)
        return -1;
    statement_int(&s, (int64_t)limit);
    return read_messages(&s, arena, ret_messages, err);
}

int load_sent_messages(struct store *store, const char *channel, struct instant since,
                       struct sent_messages *ret_sent, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT count(*), coalesce(min(ended_at), 0) FROM message"
                       " WHERE state = 1 AND channel = ? AND ended_at > ?",
                       err) != 0)
        return -1;
    statement_text(&s, channel);
    statement_int(&s, since.us);
    if (statement_step(&s, err) != 1)
        return -1;
    *ret_sent = (struct sent_messages){statement_get_int(&s, 0), statement_get_instant(&s, 1)};
    return 0;
}

int view_messages(struct store *store, const struct message_query *query, struct arena *arena,
                  struct store_messages *ret_messages, struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT " COLUMNS " FROM message WHERE NOT ?1 OR state IN (0, 2)"
                       " ORDER BY id DESC LIMIT ?2",
                       err) != 0)
        return -1;
    statement_int(&s, query->open_only);
    statement_int(&s, (int64_t)query->limit);
    return read_messages(&s, arena, ret_messages, err);
}

int view_message_counts(struct store *store, struct arena *arena, struct message_counts *ret_counts,
                        struct error *err)
{
    STATEMENT(s);
    if (statement_open(&s, store,
                       "SELECT count(*) FILTER (WHERE state = 0),"
                       " count(*) FILTER (WHERE state = 0 AND tries > 0),"
                       " count(*) FILTER (WHERE state = 2),"
                       " coalesce((SELECT problem FROM message WHERE state IN (0, 2) AND"
                       " problem <> '' ORDER BY id DESC LIMIT 1), '') FROM message",
                       err) != 0)
        return -1;
    if (statement_step(&s, err) != 1)
        return -1;
    *ret_counts = (struct message_counts){.waiting = statement_get_int(&s, 0),
                                          .failing = statement_get_int(&s, 1),
                                          .given_up = statement_get_int(&s, 2),
                                          .problem = statement_get_text(&s, 3, arena)};
    return 0;
}
