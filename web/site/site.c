#include "web/site/site.h"

#include "scheduler/base/memory.h"
#include "scheduler/system/clock.h"
#include "web/site/site_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_LOOK_S 1 /* how long an open store is taken for the one at its path */
#define STORE_FILE_PATH_BYTES 4200

struct site_zone {
    struct zone *zone;
    struct site_zone *next;
};

/* ---- the store ---- */

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether what is open is what lies there, with the schema this program knows. */
static bool is_store_current(struct site *site)
{
    struct stat now;
    struct store_figures figures;
    if (fstatat(site->state_dir_fd, STORE_FILE_NAME, &now, 0) < 0)
        return false;
    return is_same_file(&now, &site->store_file) &&
           store_measure(site->store, &figures, NULL) == 0 &&
           figures.schema_version == STORE_SCHEMA_VERSION;
}

static int open_store(struct site *site, struct error *err)
{
    if (store_open_reader(site->state_dir, &site->store, err) < 0)
        return -1;
    if (fstatat(site->state_dir_fd, STORE_FILE_NAME, &site->store_file, 0) < 0) {
        store_close(site->store);
        site->store = NULL;
        return error_set_errno(err, ERROR_KIND_NOT_FOUND, "%s went away", STORE_FILE_NAME);
    }
    return 0;
}

int site_store(struct site *site, struct store **ret_store, struct error *err)
{
    struct duration now = clock_monotonic();
    bool is_late = now.us - site->store_seen.us > duration_seconds(STORE_LOOK_S).us;
    if (site->store != NULL && is_late && !is_store_current(site)) {
        store_close(site->store);
        site->store = NULL;
    }
    if (site->store == NULL && open_store(site, err) < 0)
        return -1;
    if (is_late)
        site->store_seen = now;
    *ret_store = site->store;
    return 0;
}

/* ---- zones ---- */

static const struct zone *find_zone(struct site *site, const char *name)
{
    for (struct site_zone *item = site->zones; item != NULL; item = item->next) {
        if (strcmp(zone_name(item->zone), name) == 0)
            return item->zone;
    }
    struct zone *zone;
    if (zone_load(name, &zone, NULL) < 0)
        return NULL;
    struct site_zone *item = memory_new(1, sizeof *item);
    *item = (struct site_zone){zone, site->zones};
    site->zones = item;
    return zone;
}

const struct zone *site_zone(struct site *site, const char *name)
{
    const struct zone *zone = find_zone(site, name);
    return zone != NULL ? zone : find_zone(site, "UTC");
}

const struct zone *site_project_zone(struct site *site)
{
    const struct project *project;
    if (site_project(site, &project, NULL) < 0)
        return site_zone(site, "UTC");
    return site_zone(site, project->timezone);
}

/* ---- what it is made of ---- */

struct loop *site_loop(struct site *site)
{
    return site->options.loop;
}

struct access *site_access(struct site *site)
{
    return site->access;
}

const char *site_project_dir(const struct site *site)
{
    return site->options.project_dir;
}

const char *site_state_dir(const struct site *site)
{
    return site->state_dir;
}

int site_state_dir_fd(const struct site *site)
{
    return site->state_dir_fd;
}

const char *site_libexec_dir(const struct site *site)
{
    return site->options.libexec_dir;
}

bool site_is_read_only(const struct site *site)
{
    return site->options.is_read_only;
}

struct instant site_since(const struct site *site)
{
    return site->since;
}

const struct asset_set *site_assets(const struct site *site)
{
    return &site->assets;
}

void site_refresh_assets(struct site *site)
{
    struct asset_set set;
    if (site->options.assets_dir == NULL ||
        asset_set_load(site->options.assets_dir, &set, NULL) < 0)
        return;
    asset_set_free(&site->assets);
    site->assets = set;
}

/* ---- beginning and end ---- */

struct site_traffic *site_traffic(struct site *site)
{
    return &site->traffic;
}

/* ---- parts of other floors ---- */

struct site_part {
    struct site_part *next;
    const struct site_part_kind *kind;
    void *memory;
};

void *site_part(struct site *site, const struct site_part_kind *kind)
{
    for (struct site_part *part = site->parts; part != NULL; part = part->next) {
        if (part->kind == kind)
            return part->memory;
    }
    struct site_part *part = memory_new(1, sizeof *part);
    *part = (struct site_part){site->parts, kind, memory_new(1, kind->size)};
    site->parts = part;
    return part->memory;
}

static void close_parts(struct site *site)
{
    while (site->parts != NULL) {
        struct site_part *part = site->parts;
        site->parts = part->next;
        if (part->kind->close != NULL)
            part->kind->close(part->memory);
        free(part->memory);
        free(part);
    }
}

static int open_parts(struct site *site, struct error *err)
{
    site->state_dir_fd = open(site->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (site->state_dir_fd < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot open %s", site->state_dir);
    if (asset_set_load(site->options.assets_dir, &site->assets, err) < 0 ||
        flow_source_open_folder(site->options.project_dir, &site->source, err) < 0)
        return -1;
    struct access_options access = {.state_dir_fd = site->state_dir_fd,
                                    .listen_fd = site->options.listen_fd,
                                    .is_read_only = site->options.is_read_only,
                                    .hosts = site->options.hosts};
    return access_open(&access, &site->access, err);
}

int site_open(const struct site_options *options, struct site **ret_site, struct error *err)
{
    struct site *site = memory_new(1, sizeof *site);
    site->options = *options;
    site->since = clock_now();
    site->state_dir_fd = -1;
    arena_init(&site->arena, 0);
    site->state_dir = arena_format(&site->arena, "%s/.datemill", options->project_dir);
    diagnostics_init(&site->project_problems);
    if (open_parts(site, err) < 0) {
        site_close(site);
        return -1;
    }
    *ret_site = site;
    return 0;
}

void site_close(struct site *site)
{
    if (site == NULL)
        return;
    close_parts(site);
    access_close(site->access);
    site_forget_flows(site);
    project_free(site->project);
    diagnostics_free(&site->project_problems);
    flow_source_close(site->source);
    store_close(site->store);
    asset_set_free(&site->assets);
    while (site->zones != NULL) {
        struct site_zone *zone = site->zones;
        site->zones = zone->next;
        zone_free(zone->zone);
        free(zone);
    }
    if (site->state_dir_fd >= 0)
        close(site->state_dir_fd);
    arena_free(&site->arena);
    free(site);
}
