-- From schema 2 to 3: the same index by a condition that costs nothing. Of a list in parentheses
-- SQLite makes a table of its own for each row that is added or changed. Never changed: a step with
-- an error gets a successor.

DROP INDEX node_run_by_state;
CREATE INDEX node_run_by_state ON node_run(node_id, state)
    WHERE state <> 0 AND state <> 1 AND state <> 2;
