CREATE TABLE IF NOT EXISTS order_succeeded_event
(
    json STRING
) 
PARTITIONED BY
(
    dt   STRING
)
LIFECYCLE 90;
