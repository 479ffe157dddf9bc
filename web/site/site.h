/* The page's process: one project, its store (read only), its flows as they are on disk, the line
 * to its engine, who may come in. */
#ifndef DATEMILL_WEB_SITE_SITE_H
#define DATEMILL_WEB_SITE_SITE_H

#include "nodes/node_type.h"
#include "scheduler/base/error.h"
#include "scheduler/base/zone.h"
#include "scheduler/flow/flow_load.h"
#include "scheduler/store/store.h"
#include "scheduler/system/loop.h"

struct site;
struct access;    /* site/access.h: who may do what */
struct asset_set; /* assets/asset.h */

struct site_options {
    struct loop *loop;
    const char *project_dir; /* absolute; found already */
    const char *libexec_dir; /* absolute: the companion programs; NULL = not found */
    struct project_types types;
    const char *assets_dir;   /* --assets: files from disk; NULL = the built-in ones */
    int listen_fd;            /* borrowed for the call: its address decides who may read */
    const char *const *hosts; /* names it has besides numbers and localhost; NULL at the end */
    bool is_read_only;        /* no change by anybody */
};

int site_open(const struct site_options *options, struct site **ret_site, struct error *err);
void site_close(struct site *site); /* NULL is fine */

/* The store for this request: opened when it is first needed, again when its file was replaced or
 * its schema is another. Fails with the store's errors (E501 …), which pages show as 503, and
 * ERROR_KIND_NOT_FOUND while nothing ever ran. Borrowed until the request's handler returns. */
int site_store(struct site *site, struct store **ret_store, struct error *err);

/* datemill.yaml as it is now. Fails with ERROR_KIND_INVALID and the first problem. Borrowed until
 * the handler returns. */
int site_project(struct site *site, const struct project **ret_project, struct error *err);

/* A flow as it is on disk now, read again when its files changed. NOT_FOUND with did-you-mean;
 * INVALID with the first problem, all of which are in site_flow_problems(). Borrowed until the
 * handler returns. */
int site_flow(struct site *site, const char *name, const struct flow **ret_flow, struct error *err);

/* What the last reading of a flow found, errors and warnings; empty for one that is right. */
const struct diagnostics *site_flow_problems(struct site *site, const char *name);

/* How many commits the project has gone on since that one; -1 = not known (flow_source.h). */
int32_t site_commits_behind(struct site *site, const char *commit);

/* Names of all flows of the project's folder, sorted, right or wrong. Belongs to `arena`. */
int site_flow_names(struct site *site, struct arena *arena, const char *const **ret_names,
                    size_t *ret_count, struct error *err);

/* A zone by name; UTC where the machine does not know it. Lives as long as the site. */
const struct zone *site_zone(struct site *site, const char *name);
const struct zone *site_project_zone(struct site *site); /* of datemill.yaml */

struct loop *site_loop(struct site *site);
struct access *site_access(struct site *site);
const char *site_project_dir(const struct site *site);
const char *site_state_dir(const struct site *site); /* absolute */
int site_state_dir_fd(const struct site *site);
const char *site_libexec_dir(const struct site *site); /* NULL = not found */
bool site_is_read_only(const struct site *site);
struct instant site_since(const struct site *site); /* when this process began */
const struct asset_set *site_assets(const struct site *site);
void site_refresh_assets(struct site *site); /* with --assets: reads them again */

/* What was asked since this process began, for metrics. */
struct site_traffic {
    int64_t answers[6]; /* by the first digit of the status; [0] = the peer went away before */
    int64_t took_us;    /* of all of them together, without streams */
};
struct site_traffic *site_traffic(struct site *site);

/* What another floor keeps as long as the process: zeroed when it is first asked for; `close` is
 * called before its memory goes. A kind is a const of its floor. */
struct site_part_kind {
    size_t size;
    void (*close)(void *part); /* NULL = nothing to close */
};
void *site_part(struct site *site, const struct site_part_kind *kind);

#endif
