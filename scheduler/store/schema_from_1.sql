-- From schema 1 to 2: backfills, and operations on them. Never changed: a step with an error gets a
-- successor. Tables read as in schema.sql, comments included, since a file keeps the text.

CREATE TABLE backfill (
    id INTEGER PRIMARY KEY,         -- from meta next_backfill_id
    flow_id INTEGER NOT NULL REFERENCES flow(id),
    version_id INTEGER NOT NULL REFERENCES version(id), -- of the definition its runs are made of
    request TEXT NOT NULL,          -- key of the request that made it; '' = none
    typed TEXT NOT NULL,            -- the range as the user wrote it
    ranges TEXT NOT NULL,           -- all dates, 2021-11-01..2021-11-05,2021-11-08
    first_date TEXT NOT NULL,       -- business dates; '' = it has none
    last_date TEXT NOT NULL,
    redo INTEGER NOT NULL,          -- enum backfill_redo
    is_descending INTEGER NOT NULL,
    parallel INTEGER NOT NULL,      -- dates at once
    max_failures INTEGER NOT NULL,  -- dates; 0 = no limit
    priority INTEGER NOT NULL,      -- of its runs
    selection TEXT NOT NULL,        -- of nodes, as typed; '' = all
    who TEXT NOT NULL,
    reason TEXT NOT NULL,           -- given with the request
    decided TEXT NOT NULL,          -- dates by enum date_decision, five numbers with commas
    created_at INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum backfill_state
    state_reason TEXT NOT NULL,     -- why it is paused or stopped
    opened_at INTEGER NOT NULL,     -- created, resumed or retried last
    ended_at INTEGER NOT NULL,      -- 0 while it is not over
    opening_failures INTEGER NOT NULL -- dates that failed since opened_at
);
CREATE INDEX backfill_by_flow ON backfill(flow_id);
CREATE INDEX backfill_by_version ON backfill(version_id);
CREATE INDEX backfill_open ON backfill(id) WHERE state < 2;
CREATE INDEX backfill_ended ON backfill(ended_at) WHERE state >= 2;
CREATE UNIQUE INDEX backfill_by_request ON backfill(request) WHERE request <> '';

CREATE TABLE backfill_var (
    backfill_id INTEGER NOT NULL REFERENCES backfill(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (backfill_id, position)
) WITHOUT ROWID;

CREATE TABLE backfill_date (
    backfill_id INTEGER NOT NULL REFERENCES backfill(id),
    position INTEGER NOT NULL,      -- from 0, in the order in which they are to run
    bizdate TEXT NOT NULL,
    cyctime TEXT NOT NULL,
    is_second INTEGER NOT NULL,     -- 1 = the second of a wall time that comes twice
    decision INTEGER NOT NULL,      -- enum date_decision
    state INTEGER NOT NULL,         -- enum date_state
    run_id INTEGER REFERENCES run(id), -- that decided it, or its own; NULL = none, or forgotten
    reason TEXT NOT NULL,           -- of the decision, or why it is as it is; one line
    PRIMARY KEY (backfill_id, position)
) WITHOUT ROWID;
CREATE INDEX backfill_date_by_state ON backfill_date(backfill_id, state);
CREATE INDEX backfill_date_by_run ON backfill_date(run_id) WHERE run_id IS NOT NULL;

CREATE TABLE backfill_count (
    backfill_id INTEGER NOT NULL REFERENCES backfill(id),
    state INTEGER NOT NULL,         -- enum date_state
    dates INTEGER NOT NULL,
    PRIMARY KEY (backfill_id, state)
) WITHOUT ROWID;

ALTER TABLE operation RENAME TO operation_1;
CREATE TABLE operation (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,          -- enum store_operation_kind
    at INTEGER NOT NULL,            -- instant
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,           -- from failed; success; now
    flow_id INTEGER REFERENCES flow(id),
    run_id INTEGER REFERENCES run(id),
    node INTEGER,                   -- index in the run
    backfill_id INTEGER REFERENCES backfill(id)
);
INSERT INTO operation(id, kind, at, who, reason, detail, flow_id, run_id, node)
SELECT id, kind, at, who, reason, detail, flow_id, run_id, node FROM operation_1;
DROP TABLE operation_1;
CREATE INDEX operation_by_run ON operation(run_id) WHERE run_id IS NOT NULL;
CREATE INDEX operation_by_backfill ON operation(backfill_id) WHERE backfill_id IS NOT NULL;
