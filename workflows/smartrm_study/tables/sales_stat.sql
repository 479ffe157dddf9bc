CREATE TABLE IF NOT EXISTS sales_stat
(
    machineid           BIGINT        ,
    commodityid         STRING        ,
    commodityname       STRING        ,
    firstlevelcategory  STRING        ,
    secondlevelcategory STRING        ,
    thirdlevelcategory  STRING        ,
    label               STRING        ,
    num                 BIGINT        ,
    amount              DECIMAL(38,18)
) 
PARTITIONED BY
(
    dt                  STRING        
)
LIFECYCLE 90;
