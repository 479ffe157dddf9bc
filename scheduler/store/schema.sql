-- The schema of .datemill/state.db, version 5 (PRAGMA user_version).
--
-- Instants (…_at) are microseconds since 1970-01-01T00:00:00Z, 0 = none. Dates are text YYYY-MM-DD,
-- planned times text YYYY-MM-DDTHH:MM:SS of the flow's zone. Numbers of states and kinds are those of
-- the C enums, which never change. Texts are UTF-8 and never NULL; '' = nothing.
-- In an index SQLite appends the row's own key: "by id, newest first" needs no column for it.

-- Figures of the project, one row each. Also next_backfill_id: never given to a backfill yet. (Comments
-- within a table are kept in the file: a new one there needs a migration.)
CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY, -- epoch          how many engines there were
                                    -- boot_id        of the machine when the last one began
                                    -- next_run_id    never given to a run yet
                                    -- next_attempt_id never given to an attempt yet, revoked or not
                                    -- program        that last opened the store for writing
    value NOT NULL                  -- integer or text
) WITHOUT ROWID;

-- A boot of the machine: attempts of another one than the present cannot be alive.
CREATE TABLE boot (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE       -- kernel's random boot_id, a UUID
);

-- A flow that ever ran, by the name it had.
CREATE TABLE flow (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- A node that ever was in a run of a flow, by the name it had.
CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    flow_id INTEGER NOT NULL REFERENCES flow(id),
    name TEXT NOT NULL,
    UNIQUE (flow_id, name)
);
CREATE INDEX node_by_name ON node(name);

-- Bytes by their git blob id: files of definitions, texts that ran. Each content once.
CREATE TABLE blob (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,      -- 40 hexadecimal digits
    bytes BLOB NOT NULL
);

-- A definition that runs were made of.
CREATE TABLE version (
    id INTEGER PRIMARY KEY,
    flow_id INTEGER NOT NULL REFERENCES flow(id),
    hash TEXT NOT NULL,             -- over names and contents of all files, 40 hexadecimal digits
    commit_id TEXT NOT NULL,        -- of git, full; '' = none
    short_commit TEXT NOT NULL,     -- the same as people read it
    is_dirty INTEGER NOT NULL,      -- 1 = a file differed from the commit
    note TEXT NOT NULL,             -- why there is no commit
    created_at INTEGER NOT NULL
);
CREATE INDEX version_by_hash ON version(flow_id, hash);

CREATE TABLE version_file (
    version_id INTEGER NOT NULL REFERENCES version(id),
    position INTEGER NOT NULL,      -- from 0; 0 is the flow's own file
    path TEXT NOT NULL,             -- relative to the project's folder
    blob_id INTEGER NOT NULL REFERENCES blob(id),
    PRIMARY KEY (version_id, position)
) WITHOUT ROWID;
CREATE INDEX version_file_by_blob ON version_file(blob_id);

-- One execution of a flow for one planned time.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    flow_id INTEGER NOT NULL REFERENCES flow(id),
    version_id INTEGER NOT NULL REFERENCES version(id),
    cyctime TEXT NOT NULL,          -- planned local time
    is_second INTEGER NOT NULL,     -- 1 = the second of a wall time that comes twice
    bizdate TEXT NOT NULL,          -- business date
    zone TEXT NOT NULL,             -- of the flow, as Asia/Shanghai
    fires_at INTEGER NOT NULL,      -- the planned time as an instant
    kind INTEGER NOT NULL,          -- enum store_run_kind
    trigger TEXT NOT NULL,          -- schedule, cli by lin, backfill 12
    request TEXT NOT NULL,          -- key of the request that made it
    reason TEXT NOT NULL,           -- given with the request
    selection TEXT NOT NULL,        -- of nodes, as typed; '' = all
    state INTEGER NOT NULL,         -- enum run_state
    opening INTEGER NOT NULL,       -- 1, counted up by each rerun
    priority INTEGER NOT NULL,      -- 1 to 8, 8 goes first
    parallel INTEGER NOT NULL,      -- attempts at once, 0 = no limit
    hold INTEGER NOT NULL,          -- enum run_hold
    created_at INTEGER NOT NULL,
    queued_at INTEGER NOT NULL,     -- created, or opened again by the last rerun
    started_at INTEGER NOT NULL,    -- of this opening
    ended_at INTEGER NOT NULL,      -- of this opening; 0 while open
    counts TEXT                     -- nodes in each state, eight numbers with commas; NULL = count
);
CREATE INDEX run_by_flow ON run(flow_id);
CREATE INDEX run_by_flow_date ON run(flow_id, bizdate);
CREATE INDEX run_by_date ON run(bizdate);
CREATE INDEX run_by_flow_state ON run(flow_id, state) WHERE state <> 2;
CREATE INDEX run_by_state ON run(state) WHERE state <> 2;
CREATE INDEX run_by_trigger ON run(trigger);
CREATE INDEX run_by_request ON run(request) WHERE request <> '';
CREATE INDEX run_by_version ON run(version_id);
-- One run of a flow and planned time is open at a time; the schedule makes one per planned time.
CREATE UNIQUE INDEX run_open ON run(flow_id, cyctime, is_second) WHERE state < 2;
CREATE UNIQUE INDEX run_scheduled ON run(flow_id, cyctime, is_second) WHERE kind = 0;

-- A parameter with the value that was fixed when the run was made.
CREATE TABLE run_param (
    run_id INTEGER NOT NULL REFERENCES run(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    explanation TEXT NOT NULL,      -- how it came about
    written TEXT NOT NULL,          -- as in the file
    node TEXT,                      -- whose it is; NULL = the flow's
    is_overridden INTEGER NOT NULL, -- 1 = by --var
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

-- What --var set.
CREATE TABLE run_var (
    run_id INTEGER NOT NULL REFERENCES run(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, position)
) WITHOUT ROWID;

-- The present of a node in a run.
CREATE TABLE node_run (
    run_id INTEGER NOT NULL REFERENCES run(id),
    node INTEGER NOT NULL,          -- index in the run's definition, from 0
    node_id INTEGER NOT NULL REFERENCES node(id),
    type TEXT NOT NULL,             -- shell, sql, …
    is_selected INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum task_state
    reason INTEGER NOT NULL,        -- enum task_reason
    wish INTEGER NOT NULL,          -- enum task_wish
    why INTEGER NOT NULL,           -- enum task_why of the last change of state
    attempts INTEGER NOT NULL,      -- started in all openings
    tries INTEGER NOT NULL,         -- started in this opening
    ready_at INTEGER NOT NULL,      -- not before, as after a failure that is retried
    changed_at INTEGER NOT NULL,    -- last change of state
    started_at INTEGER NOT NULL,    -- first attempt of this opening
    ended_at INTEGER NOT NULL,      -- 0 while waiting or running
    event_id INTEGER NOT NULL,      -- of the last change of state, 0 = none: an order without a clock
    operation_id INTEGER,           -- the last mark, skip or freeze by hand
    PRIMARY KEY (run_id, node)
) WITHOUT ROWID;
CREATE INDEX node_run_by_node ON node_run(node_id);
CREATE INDEX node_run_by_state ON node_run(node_id, state)
    WHERE state <> 0 AND state <> 1 AND state <> 2;
CREATE INDEX node_run_failed ON node_run(run_id, event_id) WHERE state = 3;

-- One start of one node of one run.
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY,         -- from meta next_attempt_id
    run_id INTEGER NOT NULL REFERENCES run(id),
    node INTEGER NOT NULL,          -- index
    number INTEGER NOT NULL,        -- within the node, from 1
    opening INTEGER NOT NULL,       -- of the run at the time
    state INTEGER NOT NULL,         -- enum attempt_state
    executor TEXT NOT NULL DEFAULT 'local',
    token TEXT NOT NULL DEFAULT '', -- DATEMILL_TOKEN in its environment
    boot INTEGER REFERENCES boot(id), -- the machine's when it was granted
    granted_at INTEGER NOT NULL,
    started_at INTEGER NOT NULL DEFAULT 0,
    ended_at INTEGER NOT NULL DEFAULT 0,
    outcome INTEGER NOT NULL DEFAULT 0, -- enum attempt_end, when ended
    code INTEGER NOT NULL DEFAULT 0,    -- exit status or signal
    error_code TEXT NOT NULL DEFAULT '', -- E204
    reason TEXT NOT NULL DEFAULT '', -- what went wrong, one line
    pid INTEGER NOT NULL DEFAULT 0, -- of its first process
    cpu_us INTEGER NOT NULL DEFAULT 0, -- user and system, microseconds
    peak_bytes INTEGER NOT NULL DEFAULT 0, -- memory
    log_path TEXT NOT NULL DEFAULT '', -- relative to .datemill
    log_bytes INTEGER NOT NULL DEFAULT 0,
    log_lost_bytes INTEGER NOT NULL DEFAULT 0, -- output beyond the limit
    leftovers INTEGER NOT NULL DEFAULT 0, -- processes that were left of its tree
    text_id INTEGER REFERENCES blob(id), -- what ran, rendered
    UNIQUE (run_id, node, number)
);
CREATE INDEX attempt_open ON attempt(run_id) WHERE state < 2;
CREATE INDEX attempt_by_text ON attempt(text_id) WHERE text_id IS NOT NULL;

-- Why an attempt was granted when it was, and not before.
CREATE TABLE attempt_start (
    attempt_id INTEGER PRIMARY KEY REFERENCES attempt(id),
    ready_at INTEGER NOT NULL,      -- nothing but a place was missing since then
    cause INTEGER NOT NULL,         -- enum start_cause: what made it ready
    node_id INTEGER REFERENCES node(id), -- the need that was met last, in the same run
    wait INTEGER NOT NULL,          -- enum start_wait: what it waited for then
    freed_by INTEGER,               -- attempt whose end made room; it may be forgotten
    overtaken INTEGER NOT NULL      -- attempts that were granted since then, before it
);

-- A table that an attempt wrote.
CREATE TABLE attempt_table (
    attempt_id INTEGER NOT NULL REFERENCES attempt(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    part TEXT NOT NULL,             -- dt=20211111; '' = not partitioned
    mode TEXT NOT NULL,             -- overwrite, append
    rows INTEGER NOT NULL,          -- -1 = not told
    PRIMARY KEY (attempt_id, position)
) WITHOUT ROWID;

-- What an attempt put out.
CREATE TABLE attempt_output (
    attempt_id INTEGER NOT NULL REFERENCES attempt(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (attempt_id, position)
) WITHOUT ROWID;

-- The different one-line errors of a run's attempts, and an index of their three-letter pieces.
CREATE TABLE run_error (
    run_id INTEGER PRIMARY KEY REFERENCES run(id),
    lines TEXT NOT NULL             -- each once, newline between; cut at 4 KiB
);
CREATE VIRTUAL TABLE run_error_text USING fts5(
    lines, content='run_error', content_rowid='run_id', tokenize='trigram'
);

-- A request to run a flow for many dates.
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

-- What --var set.
CREATE TABLE backfill_var (
    backfill_id INTEGER NOT NULL REFERENCES backfill(id),
    position INTEGER NOT NULL,      -- from 0
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (backfill_id, position)
) WITHOUT ROWID;

-- A date of a backfill, more exactly one planned time.
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
CREATE INDEX backfill_date_by_date ON backfill_date(backfill_id, bizdate);

-- Backfills that were asked for together: of a flow, and of those that need it. Of one that was asked
-- for alone there is no row.
CREATE TABLE backfill_group (
    backfill_id INTEGER PRIMARY KEY REFERENCES backfill(id),
    leader_id INTEGER NOT NULL      -- the first of them, also of itself
);
CREATE INDEX backfill_group_by_leader ON backfill_group(leader_id);

-- How many dates of a backfill are in a state: a row for every state there is.
CREATE TABLE backfill_count (
    backfill_id INTEGER NOT NULL REFERENCES backfill(id),
    state INTEGER NOT NULL,         -- enum date_state
    dates INTEGER NOT NULL,
    PRIMARY KEY (backfill_id, state)
) WITHOUT ROWID;

-- What people did.
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
CREATE INDEX operation_by_run ON operation(run_id) WHERE run_id IS NOT NULL;
CREATE INDEX operation_by_backfill ON operation(backfill_id) WHERE backfill_id IS NOT NULL;

-- Flows and nodes that are not to run.
CREATE TABLE freeze (
    flow_id INTEGER NOT NULL REFERENCES flow(id),
    node TEXT NOT NULL,             -- '' = the whole flow
    since INTEGER NOT NULL,         -- instant
    until TEXT NOT NULL,            -- first business date that is free again; '' = no end
    who TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (flow_id, node)
) WITHOUT ROWID;

-- How far a flow is in its calendar: what its schedule planned behind that place is still owed.
CREATE TABLE schedule (
    flow_id INTEGER PRIMARY KEY REFERENCES flow(id),
    text TEXT NOT NULL,             -- of the schedule, normalised; '' = the flow has none any more
    zone TEXT NOT NULL,             -- of the flow, as Asia/Shanghai
    cyctime TEXT NOT NULL,          -- planned time decided on last; '' = all up to fires_at are
    is_second INTEGER NOT NULL,     -- 1 = the second of a wall time that comes twice
    fires_at INTEGER NOT NULL,      -- its instant
    seen_at INTEGER NOT NULL        -- when this schedule was seen first: it owes from then on
);

-- The story: what changed, in order, in the transaction that changed it. Lines are added, and go only
-- with their run. The id is the cursor of those who follow.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,            -- instant
    kind INTEGER NOT NULL,          -- enum view_event_kind
    run_id INTEGER REFERENCES run(id),
    node INTEGER,                   -- index in the run
    state INTEGER NOT NULL DEFAULT -1, -- after it; -1 = not about a state
    why INTEGER NOT NULL DEFAULT 0, -- enum task_why
    reason INTEGER NOT NULL DEFAULT 0, -- enum task_reason
    tries INTEGER NOT NULL DEFAULT 0,
    attempt_id INTEGER NOT NULL DEFAULT 0, -- 0 = none
    operation_id INTEGER,
    flow_id INTEGER REFERENCES flow(id),
    text TEXT NOT NULL DEFAULT ''
);
CREATE INDEX event_by_run ON event(run_id) WHERE run_id IS NOT NULL;

-- What people are to be told: stored with what it is about, sent after it, at least once.
CREATE TABLE message (
    id INTEGER PRIMARY KEY,         -- milliseconds of its time, or one more than the largest
    channel TEXT NOT NULL,
    event INTEGER NOT NULL,         -- enum notify_event
    about TEXT NOT NULL UNIQUE,     -- channel and what it is about: told once
    facts TEXT NOT NULL,            -- JSON, as they were when it was made
    created_at INTEGER NOT NULL,
    state INTEGER NOT NULL,         -- enum message_state
    tries INTEGER NOT NULL,
    next_at INTEGER NOT NULL,       -- not before, after a try that failed
    ended_at INTEGER NOT NULL,      -- delivered, given up, or put into a summary; 0 = waiting
    problem TEXT NOT NULL,          -- of the last try, one line
    summary_id INTEGER              -- the message it is told in
);
CREATE INDEX message_waiting ON message(id) WHERE state = 0;
CREATE INDEX message_sent ON message(channel, ended_at) WHERE state = 1;
