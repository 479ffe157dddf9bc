-- 销售统计
INSERT OVERWRITE TABLE sales_stat PARTITION(dt='${var}')
SELECT  s.machineId
FROM    order_succeeded_event s
WHERE   dt = '${vra}' AND x = '${vra}' AND 名 = '中文' AND y = '$<cytime>' AND z = '$${vra}' ${}
;
