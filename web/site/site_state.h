/* Between the files of site.h only. */
#ifndef DATEMILL_WEB_SITE_SITE_STATE_H
#define DATEMILL_WEB_SITE_SITE_STATE_H

#include "scheduler/base/diagnostic.h"
#include "web/assets/asset.h"
#include "web/site/access.h"
#include "web/site/site.h"

#include <sys/stat.h>

struct site_zone;
struct site_part;
struct site_flow_entry; /* site_flows.c */

struct site {
    struct site_options options;
    struct arena arena;
    const char *state_dir;
    int state_dir_fd;
    struct instant since;

    struct store *store; /* NULL = not open */
    struct stat store_file;
    struct duration store_seen; /* monotonic: when it was compared with what lies there */

    struct flow_source *source;
    struct project *project; /* NULL = not read, or wrong */
    struct diagnostics project_problems;
    struct stat project_file;
    struct duration project_seen;
    struct site_flow_entry *flows; /* most recently used first */

    struct site_zone *zones;
    struct asset_set assets;
    struct access *access;
    size_t data_processes; /* data_call.h: at work now */
    struct site_part *parts;
    struct site_traffic traffic;
};

void site_forget_flows(struct site *site);

#endif
