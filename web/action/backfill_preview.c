#include "web/action/backfill_preview.h"

#include "scheduler/base/scope.h"

#include <string.h>
#include <unistd.h>

static const char *text_of(const char *text)
{
    return text == NULL ? "" : text;
}

static int read_redo(const char *name, enum backfill_redo *ret_redo, struct error *err)
{
    *ret_redo = BACKFILL_REDO_FAILED;
    for (int i = 0; i < BACKFILL_REDO_COUNT; i++) {
        if (strcmp(name, backfill_redo_name((enum backfill_redo)i)) == 0) {
            *ret_redo = (enum backfill_redo)i;
            return 0;
        }
    }
    if (name[0] == '\0')
        return 0;
    error_at(err, 0, 0, "E021", "redo `%.100s` is none of never, failed, always", name);
    if (err != NULL)
        err->kind = ERROR_KIND_USAGE;
    return -1;
}

static int read_dates(struct visit *visit, struct backfill_preview *preview, struct error *err)
{
    const char *words = text_of(preview->ask->range);
    struct plan_dates_request request = {.words = &words,
                                         .word_count = 1,
                                         .today =
                                             zone_civil_at(preview->flow->zone, visit->now).date,
                                         .only_weekdays = preview->ask->only_weekdays};
    if (words[strspn(words, " ,\t\r\n")] == '\0') {
        error_set(err, ERROR_KIND_USAGE, "which dates? Nothing was given");
        return error_help(err, "write them as 2021-11-01..2021-11-11");
    }
    if (plan_dates_parse(&request, visit->arena, &preview->dates, NULL, err) < 0)
        return -1;
    if (preview->dates.count <= BACKFILL_PREVIEW_MAX_DATES)
        return 0;
    error_set(err, ERROR_KIND_USAGE, "%zu dates are too many for the page, at most %d",
              preview->dates.count, BACKFILL_PREVIEW_MAX_DATES);
    return error_help(err, "datemill backfill takes more");
}

static int32_t parallel_of(const struct backfill_ask *ask, const struct project *project)
{
    if (ask->parallel > 0)
        return ask->parallel;
    if (project->slots > 0)
        return project->slots;
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1 ? 1 : (int32_t)processors;
}

static int fill_wish(struct visit *visit, struct backfill_preview *preview, struct error *err)
{
    const struct project *project;
    const struct backfill_ask *ask = preview->ask;
    if (ask->parallel < 0 || ask->parallel > BACKFILL_PREVIEW_MAX_PARALLEL || ask->max_failures < 0)
        return error_set(err, ERROR_KIND_USAGE,
                         "parallel is from 1 to %d, max_failures is not negative",
                         BACKFILL_PREVIEW_MAX_PARALLEL);
    if (site_project(visit->site, &project, err) < 0)
        return -1;
    preview->wish = (struct backfill_wish){.flow = preview->flow,
                                           .dates = &preview->dates,
                                           .is_descending = ask->is_descending,
                                           .parallel = parallel_of(ask, project),
                                           .selection = text_of(ask->selection),
                                           .vars = ask->vars,
                                           .var_count = ask->var_count};
    return read_redo(text_of(ask->redo), &preview->wish.redo, err);
}

int backfill_preview_make(struct visit *visit, const struct backfill_ask *ask,
                          struct backfill_preview *ret_preview, struct error *err)
{
    struct store *store = NULL;
    struct error why = {0};
    struct backfill_preview *preview = ret_preview;
    *preview = (struct backfill_preview){.ask = ask};
    if (visit_flow(visit, text_of(ask->flow), &preview->flow, err) < 0 ||
        read_dates(visit, preview, err) < 0 || fill_wish(visit, preview, err) < 0)
        return -1;
    if (visit_store(visit, &store, &why) < 0) {
        store = NULL; /* nothing ever ran */
        if (why.kind != ERROR_KIND_NOT_FOUND) {
            *err = why;
            return -1;
        }
    }
    if (backfill_plan_make(store, &preview->wish, &preview->plan, err) < 0)
        return -1;
    backfill_plan_hash(&preview->wish, preview->plan, preview->hash);
    return 0;
}

void backfill_preview_free(struct backfill_preview *preview)
{
    backfill_plan_free(preview->plan);
    preview->plan = NULL;
}

static const struct request_setting *copy_vars(struct arena *arena, const struct backfill_ask *ask)
{
    struct request_setting *vars = arena_array(arena, ask->var_count, sizeof *vars);
    for (size_t i = 0; i < ask->var_count; i++)
        vars[i] = (struct request_setting){ask->vars[i].name, ask->vars[i].text};
    return vars;
}

void backfill_preview_request(struct visit *visit, const struct backfill_preview *preview,
                              struct request *ret_request)
{
    SCOPED_TEXT struct text ranges = {0};
    const struct backfill_ask *ask = preview->ask;
    plan_dates_write(&preview->dates, &ranges);
    *ret_request =
        (struct request){.kind = REQUEST_KIND_BACKFILL,
                         .key = text_of(ask->key),
                         .flow = preview->flow->name,
                         .nodes = text_of(ask->selection),
                         .reason = text_of(ask->reason),
                         .vars = copy_vars(visit->arena, ask),
                         .var_count = ask->var_count,
                         .ranges = arena_copy(visit->arena, text_string(&ranges), ranges.length),
                         .typed = arena_copy_string(visit->arena, ask->range),
                         .redo = backfill_redo_name(preview->wish.redo),
                         .is_descending = ask->is_descending,
                         .dates_parallel = preview->wish.parallel,
                         .max_failures = ask->max_failures,
                         .plan_hash = text_of(ask->plan_hash)};
}
