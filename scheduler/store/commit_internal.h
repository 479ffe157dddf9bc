/* What the files store_commit*.c share. */
#ifndef DATEMILL_STORE_COMMIT_INTERNAL_H
#define DATEMILL_STORE_COMMIT_INTERNAL_H

#include "scheduler/store/statement.h"
#include "scheduler/store/store_commit.h"
#include "scheduler/store/view_history.h"

/* Ids of names and bytes; what is not there yet is put in. */
int commit_flow_id(struct store *store, const char *flow, int64_t *ret_id, struct error *err);

/* What a batch has found need not be sought again within it. */
bool commit_is_known(const struct store_known *known, const char *name, int64_t *ret_id);
void commit_keep_known(struct store_known *known, const char *name, int64_t id);
int commit_boot_id(struct store *store, const char *boot, int64_t *ret_id, struct error *err);

struct commit_bytes {
    const char *hash; /* git blob id in hex */
    const char *bytes;
    size_t length;
};

int commit_blob_id(struct store *store, const struct commit_bytes *blob, int64_t *ret_id,
                   struct error *err);

/* Why an attempt was granted, once its row is there. */
int commit_start(struct store *store, const struct record_attempt *granted, struct error *err);

/* The parameters, settings and nodes of a run; store_commit_run.c. */
int commit_add_values(struct store *store, const struct store_run *run, struct error *err);
int commit_add_nodes(struct store *store, const struct store_run *run, int64_t flow_id,
                     struct error *err);

/* One line of valid UTF-8, at most STORE_MAX_REASON_BYTES of it, cut at a character. */
void commit_append_line(struct text *line, const char *reason);

/* A line of the story; zero is "none" for all but `node` and `state`. */
struct commit_event {
    enum view_event_kind kind;
    struct instant at;
    int64_t run_id;
    uint32_t node; /* or STORE_NO_NODE */
    int state;     /* or -1 */
    int why;
    int reason;
    int32_t tries;
    int64_t attempt_id;
    int64_t operation_id;
    int64_t flow_id;
    const char *text;
};

int commit_event(struct store *store, const struct commit_event *event, int64_t *ret_id,
                 struct error *err);

#endif
