CREATE TABLE IF NOT EXISTS commodity_new
(
    jsondata STRING
) ;
