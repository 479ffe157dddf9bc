#include "scheduler/command/new_templates.h"

#define MODELINE "# yaml-language-server: $schema=.datemill/flow.schema.json\n"
#define MODELINE_BELOW "# yaml-language-server: $schema=../.datemill/flow.schema.json\n"

static const char hello_text[] =
    MODELINE "flow: @flow@\n"
             "schedule: daily 06:00\n"
             "params:\n"
             "@params@"
             "nodes:\n"
             "  greet:\n"
             "    run: echo \"hello, this is the data of $day\"\n"
             "  count:\n"
             "    needs: [greet]\n"
             "    run: |\n"
             "      echo \"counting what $DATEMILL_FLOW did for $DATEMILL_BIZDATE\"\n"
             "      seq 1 10 | wc -l\n";

static const char smartrm_text[] = MODELINE_BELOW
    "# orders and commodities -> daily sales per machine and commodity\n"
    "flow: @flow@\n"
    "title: 经营数据分析\n"
    "schedule:\n"
    "  at: daily 00:30\n"
    "params:\n"
    "@params@"
    "tables: tables/*.sql\n"
    "defaults:\n"
    "  retry: {max: 2, delay: 1m}\n"
    "  timeout: 30m\n"
    "nodes:\n"
    "  sales_stat_start:\n"
    "    type: virtual\n"
    "  commodity_sync:\n"
    "    type: sync\n"
    "    needs: [sales_stat_start]\n"
    "    from: {connection: data, file: commodity/commodity_new.json, format: json}\n"
    "    to: {table: commodity_new, mode: overwrite}\n"
    "  order_succeeded_sync:\n"
    "    type: sync\n"
    "    needs: [sales_stat_start]\n"
    "    from:\n"
    "      connection: data\n"
    "      file: event/OrderSucceededEvent/${var}data\n"
    "      format: lines\n"
    "    to:\n"
    "      table: order_succeeded_event\n"
    "      partition: dt=${var}\n"
    "      mode: overwrite\n"
    "  sales_stat:\n"
    "    type: sql\n"
    "    needs: [commodity_sync, order_succeeded_sync]\n"
    "    file: sql/sales_stat.sql\n";

static const char commodity_new_text[] = "CREATE TABLE IF NOT EXISTS commodity_new\n"
                                         "(\n"
                                         "    jsondata STRING\n"
                                         ");\n";

static const char order_succeeded_event_text[] =
    "CREATE TABLE IF NOT EXISTS order_succeeded_event\n"
    "(\n"
    "    json STRING\n"
    ")\n"
    "PARTITIONED BY\n"
    "(\n"
    "    dt STRING\n"
    ")\n"
    "LIFECYCLE 90;\n";

static const char sales_stat_table_text[] = "CREATE TABLE IF NOT EXISTS sales_stat\n"
                                            "(\n"
                                            "    machineid           BIGINT,\n"
                                            "    commodityid         STRING,\n"
                                            "    commodityname       STRING,\n"
                                            "    firstlevelcategory  STRING,\n"
                                            "    secondlevelcategory STRING,\n"
                                            "    thirdlevelcategory  STRING,\n"
                                            "    label               STRING,\n"
                                            "    num                 BIGINT,\n"
                                            "    amount              DECIMAL(38,18)\n"
                                            ")\n"
                                            "PARTITIONED BY\n"
                                            "(\n"
                                            "    dt STRING\n"
                                            ")\n"
                                            "LIFECYCLE 90;\n";

static const char sales_stat_text[] =
    "INSERT OVERWRITE TABLE sales_stat PARTITION(dt='${var}')\n"
    "SELECT  s.machineId\n"
    "        ,c.commodityId\n"
    "        ,c.commodityName\n"
    "        ,c.firstLevelCategory\n"
    "        ,c.secondLevelCategory\n"
    "        ,c.thirdLevelCategory\n"
    "        ,c.label\n"
    "        ,s.cnt\n"
    "        ,s.amount\n"
    "FROM    (\n"
    "            SELECT  GET_JSON_OBJECT(jsondata, '$.commodityId') AS commodityId\n"
    "                    ,GET_JSON_OBJECT(jsondata, '$.commodityName') AS commodityName\n"
    "                    ,GET_JSON_OBJECT(jsondata, '$.firstLevelCategory') AS "
    "firstLevelCategory\n"
    "                    ,GET_JSON_OBJECT(jsondata, '$.secondLevelCategory') AS "
    "secondLevelCategory\n"
    "                    ,GET_JSON_OBJECT(jsondata, '$.thirdLevelCategory') AS "
    "thirdLevelCategory\n"
    "                    ,GET_JSON_OBJECT(jsondata, '$.label') AS label\n"
    "            FROM    commodity_new\n"
    "        ) c\n"
    "JOIN    (\n"
    "            SELECT  CAST(GET_JSON_OBJECT(json, '$.machineId') AS BIGINT) AS machineId\n"
    "                    ,GET_JSON_OBJECT(json, '$.commodities[0].commodityId') AS commodityId\n"
    "                    ,COUNT(1) AS cnt\n"
    "                    ,SUM(GET_JSON_OBJECT(json, '$.totalAmount')) AS amount\n"
    "            FROM    order_succeeded_event\n"
    "            WHERE   dt = '${var}'\n"
    "            GROUP BY GET_JSON_OBJECT(json, '$.machineId')\n"
    "                     ,GET_JSON_OBJECT(json, '$.commodities[0].commodityId')\n"
    "        ) s\n"
    "ON      s.commodityId = c.commodityId\n"
    ";\n";

static const char sync_sql_text[] =
    MODELINE_BELOW "# one file a day -> a table -> one line per day\n"
                   "flow: @flow@\n"
                   "schedule: daily 01:00\n"
                   "params:\n"
                   "@params@"
                   "tables: tables/*.sql\n"
                   "nodes:\n"
                   "  load:\n"
                   "    type: sync\n"
                   "    from:\n"
                   "      connection: data\n"
                   "      file: events/${day}.jsonl\n"
                   "      format: lines\n"
                   "    to:\n"
                   "      table: @flow@_event\n"
                   "      partition: dt=${day}\n"
                   "      mode: overwrite\n"
                   "  count:\n"
                   "    type: sql\n"
                   "    needs: [load]\n"
                   "    file: sql/@flow@_daily.sql\n";

static const char sync_sql_event_text[] = "CREATE TABLE IF NOT EXISTS @flow@_event\n"
                                          "(\n"
                                          "    json STRING\n"
                                          ")\n"
                                          "PARTITIONED BY (dt STRING)\n"
                                          "LIFECYCLE 90;\n";

static const char sync_sql_daily_text[] = "CREATE TABLE IF NOT EXISTS @flow@_daily\n"
                                          "(\n"
                                          "    events BIGINT\n"
                                          ")\n"
                                          "PARTITIONED BY (dt STRING);\n";

static const char sync_sql_text_of_count[] =
    "INSERT OVERWRITE TABLE @flow@_daily PARTITION (dt='${day}')\n"
    "SELECT  COUNT(1)\n"
    "FROM    @flow@_event\n"
    "WHERE   dt = '${day}'\n"
    ";\n";

const struct new_template new_templates[] = {
    {.name = "hello",
     .param = "day",
     .value = "${yyyy-mm-dd}",
     .files = {{"@flow@.yaml", hello_text}},
     .file_count = 1},
    {.name = "smartrm",
     .param = "var",
     .value = "${yyyymmdd}",
     .files = {{"@flow@/flow.yaml", smartrm_text},
               {"@flow@/tables/commodity_new.sql", commodity_new_text},
               {"@flow@/tables/order_succeeded_event.sql", order_succeeded_event_text},
               {"@flow@/tables/sales_stat.sql", sales_stat_table_text},
               {"@flow@/sql/sales_stat.sql", sales_stat_text}},
     .file_count = 5},
    {.name = "sync-sql",
     .param = "day",
     .value = "${yyyymmdd}",
     .files = {{"@flow@/flow.yaml", sync_sql_text},
               {"@flow@/tables/@flow@_event.sql", sync_sql_event_text},
               {"@flow@/tables/@flow@_daily.sql", sync_sql_daily_text},
               {"@flow@/sql/@flow@_daily.sql", sync_sql_text_of_count}},
     .file_count = 4},
};

const char *const new_template_names[] = {"hello", "smartrm", "sync-sql", NULL};
