-- From schema 3 to 4: how far schedules are. Never changed: a step with an error gets a successor.

CREATE TABLE schedule (
    flow_id INTEGER PRIMARY KEY REFERENCES flow(id),
    text TEXT NOT NULL,             -- of the schedule, normalised; '' = the flow has none any more
    zone TEXT NOT NULL,             -- of the flow, as Asia/Shanghai
    cyctime TEXT NOT NULL,          -- planned time decided on last; '' = all up to fires_at are
    is_second INTEGER NOT NULL,     -- 1 = the second of a wall time that comes twice
    fires_at INTEGER NOT NULL,      -- its instant
    seen_at INTEGER NOT NULL        -- when this schedule was seen first: it owes from then on
);
