INSERT OVERWRITE TABLE sales_stat PARTITION(dt='${var}')
SELECT  s.machineId
        ,c.commodityId
        ,c.commodityName
        ,c.firstLevelCategory
        ,c.secondLevelCategory
        ,c.thirdLevelCategory
        ,c.LABEL
        ,s.cnt
        ,s.amount
FROM    (
            SELECT  GET_JSON_OBJECT(jsondata, '$.commodityId') AS commodityId
                    ,GET_JSON_OBJECT(jsondata, '$.commodityName') AS commodityName
                    ,GET_JSON_OBJECT(jsondata, '$.firstLevelCategory') AS firstLevelCategory
                    ,GET_JSON_OBJECT(jsondata, '$.secondLevelCategory') AS secondLevelCategory
                    ,GET_JSON_OBJECT(jsondata, '$.thirdLevelCategory') AS thirdLevelCategory
                    ,GET_JSON_OBJECT(jsondata, '$.label') AS LABEL
            FROM    commodity_new
        ) c
JOIN    (
            SELECT  cast(GET_JSON_OBJECT(json, '$.machineId') as bigint) AS machineId
                    ,GET_JSON_OBJECT(json, '$.commodities[0].commodityId') AS commodityId
                    ,COUNT(1) AS cnt
                    ,SUM(GET_JSON_OBJECT(json, '$.totalAmount')) AS amount
            FROM    order_succeeded_event
            WHERE   dt = '${var}'
            GROUP BY GET_JSON_OBJECT(json, '$.machineId')
                     ,GET_JSON_OBJECT(json, '$.commodities[0].commodityId')
        ) s
ON      c.commodityId = s.commodityId
;
