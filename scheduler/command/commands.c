#include "scheduler/command/command.h"

extern const struct command command_backfill;
extern const struct command command_backfill_list;
extern const struct command command_backfill_pause;
extern const struct command command_backfill_resume;
extern const struct command command_backfill_retry;
extern const struct command command_backfill_set;
extern const struct command command_backfill_show;
extern const struct command command_backfill_stop;
extern const struct command command_backfill_watch;
extern const struct command command_backup;
extern const struct command command_data_partitions;
extern const struct command command_data_show;
extern const struct command command_data_tables;
extern const struct command command_doctor;
extern const struct command command_freeze;
extern const struct command command_graph;
extern const struct command command_help;
extern const struct command command_init;
extern const struct command command_logs;
extern const struct command command_mark;
extern const struct command command_new;
extern const struct command command_params_eval;
extern const struct command command_params_explain;
extern const struct command command_pause;
extern const struct command command_query;
extern const struct command command_render;
extern const struct command command_rerun;
extern const struct command command_restore;
extern const struct command command_run;
extern const struct command command_runs_diff;
extern const struct command command_runs_list;
extern const struct command command_runs_prune;
extern const struct command command_runs_show;
extern const struct command command_runs_watch;
extern const struct command command_schedule;
extern const struct command command_schema;
extern const struct command command_serve;
extern const struct command command_show;
extern const struct command command_skip;
extern const struct command command_status;
extern const struct command command_stop;
extern const struct command command_notify_list;
extern const struct command command_notify_test;
extern const struct command command_token_add;
extern const struct command command_token_list;
extern const struct command command_token_remove;
extern const struct command command_unfreeze;
extern const struct command command_unpause;
extern const struct command command_validate;
extern const struct command command_version;
extern const struct command command_web;
extern const struct command command_web_open;

const struct command *const commands[] = {
    &command_init,
    &command_new,
    &command_validate,
    &command_show,
    &command_graph,
    &command_render,
    &command_params_eval,
    &command_params_explain,
    &command_schedule,
    &command_schema,
    &command_run,
    &command_backfill,
    &command_backfill_list,
    &command_backfill_show,
    &command_backfill_pause,
    &command_backfill_resume,
    &command_backfill_stop,
    &command_backfill_retry,
    &command_backfill_set,
    &command_backfill_watch,
    &command_rerun,
    &command_stop,
    &command_skip,
    &command_mark,
    &command_freeze,
    &command_unfreeze,
    &command_pause,
    &command_unpause,
    &command_serve,
    &command_web,
    &command_web_open,
    &command_notify_list,
    &command_notify_test,
    &command_token_add,
    &command_token_list,
    &command_token_remove,
    &command_status,
    &command_runs_list,
    &command_runs_show,
    &command_runs_watch,
    &command_runs_diff,
    &command_runs_prune,
    &command_logs,
    &command_query,
    &command_data_tables,
    &command_data_show,
    &command_data_partitions,
    &command_doctor,
    &command_backup,
    &command_restore,
    &command_version,
    &command_help,
    NULL,
};
