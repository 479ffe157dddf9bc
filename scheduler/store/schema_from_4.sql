-- From schema 4 to 5: backfills that were asked for together; why attempts were started. Never changed: a
-- step with an error gets a successor.

CREATE INDEX backfill_date_by_date ON backfill_date(backfill_id, bizdate);

CREATE TABLE backfill_group (
    backfill_id INTEGER PRIMARY KEY REFERENCES backfill(id),
    leader_id INTEGER NOT NULL      -- the first of them, also of itself
);
CREATE INDEX backfill_group_by_leader ON backfill_group(leader_id);

-- Why attempts were started.
CREATE TABLE attempt_start (
    attempt_id INTEGER PRIMARY KEY REFERENCES attempt(id),
    ready_at INTEGER NOT NULL,      -- nothing but a place was missing since then
    cause INTEGER NOT NULL,         -- enum start_cause: what made it ready
    node_id INTEGER REFERENCES node(id), -- the need that was met last, in the same run
    wait INTEGER NOT NULL,          -- enum start_wait: what it waited for then
    freed_by INTEGER,               -- attempt whose end made room; it may be forgotten
    overtaken INTEGER NOT NULL      -- attempts that were granted since then, before it
);

-- What people are to be told.
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
