/* What people are told, and how it goes out.
 *
 * Messages are rows, made in outbox_note() in the transaction of the event that they are about. A
 * server sends them afterwards, one at a time per channel, each by a process of its own: again
 * after a failure, with growing pauses, for OUTBOX_DAYS days; what was taken and not yet marked as
 * taken when the engine died is sent again, with the same id. Beyond `max` within `per` those that
 * wait for a channel become one summary. */
#ifndef DATEMILL_DAEMON_OUTBOX_H
#define DATEMILL_DAEMON_OUTBOX_H

#include "scheduler/daemon/daemon_state.h"
#include "scheduler/flow/notify.h"

#define OUTBOX_DAYS 1          /* then a message is given up */
#define OUTBOX_FIRST_SECONDS 5 /* before the second try; then twice as long each time */
#define OUTBOX_LAST_SECONDS 900
#define OUTBOX_MAX_LOADED 1000 /* messages looked at at a time */
#define OUTBOX_SHOWN 20        /* messages that a summary names */

struct outbox;

struct outbox *outbox_open(struct daemon *daemon); /* of a server */
void outbox_close(struct outbox *outbox);          /* NULL is fine */

/* Before a commit: messages about what the turn records join it. */
void outbox_note(struct daemon *daemon);

/* Within the batch of the turn. */
int outbox_store(struct daemon *daemon, struct error *err);

/* After a commit. NULL is fine. */
void outbox_after_commit(struct outbox *outbox, const struct turn *done);

/* outbox_note.c: the facts of a message that is only to try a channel; belongs to `arena`. */
const char *outbox_test_facts(const struct project *project, struct arena *arena);

/* outbox_note.c: a scheduled run that is not done at its deadline: when that is, INSTANT_NEVER =
 * never; tells it when it is past. */
struct instant outbox_look_late(struct daemon *daemon, struct daemon_run *run);

/* Adds a message of facts to the turn, once for each channel of the list. */
struct outbox_words {
    enum notify_event event;
    const char *about; /* without the channel */
    const char *facts;
};
void outbox_add(struct daemon *daemon, const struct flow_paths *channels,
                const struct outbox_words *words);

#endif
