-- From schema 4 to 5: backfills that were asked for together. Never changed: a step with an error gets
-- a successor.

CREATE INDEX backfill_date_by_date ON backfill_date(backfill_id, bizdate);

CREATE TABLE backfill_group (
    backfill_id INTEGER PRIMARY KEY REFERENCES backfill(id),
    leader_id INTEGER NOT NULL      -- the first of them, also of itself
);
CREATE INDEX backfill_group_by_leader ON backfill_group(leader_id);
