/* Backfills: the list, one with its dates. */
#include "web/api/api.h"
#include "web/api/api_doc.h"
#include "web/api/api_routes.h"

#include "scheduler/base/scope.h"
#include "web/api/api_post.h"

#include <inttypes.h>
#include <string.h>

#define DATE_STATES "waiting|running|success|failed|stopped|blocked|in conflict|left out"

static const struct parameter list_parameters[] = {
    {.name = "flow", .kind = PARAMETER_NAME, .help = "only of this flow"},
    API_PARAMETER_LIMIT,
    API_PARAMETER_AFTER,
    {.name = NULL}};

static const struct parameter show_parameters[] = {
    {.name = "state", .kind = PARAMETER_CHOICE, .choices = DATE_STATES, .help = "only such dates"},
    API_PARAMETER_LIMIT,
    API_PARAMETER_AFTER,
    {.name = NULL}};

static int list_backfills(struct visit *visit, struct error *err)
{
    struct store *store;
    struct json_out out;
    struct view_backfills backfills = {0};
    struct view_backfill_list list = {.flow = visit_text(visit, "flow", NULL),
                                      .page = {.limit = api_limit(visit)}};
    const char *state;
    if (api_store(visit, &store, err) < 0 || api_after_int(visit, &list.page.after, err) < 0 ||
        api_state(visit, store, 0, &state, err) < 0)
        return -1;
    if (visit_is_unchanged(visit, state))
        return 0;
    if (store != NULL && view_list_backfills(store, &list, visit->arena, &backfills, err) < 0)
        return -1;
    struct view_json json = api_view(visit, &out, NULL);
    api_begin(visit, &out);
    json_out_key(&out, "items");
    json_out_begin_array(&out);
    for (size_t i = 0; i < backfills.count; i++) {
        json_out_begin_object(&out);
        view_json_backfill(&json, &backfills.items[i]);
        api_url(&out, "/backfills", backfills.items[i].row.id);
        json_out_end_object(&out);
    }
    json_out_end_array(&out);
    if (backfills.next != 0)
        api_next_int(visit, &out, backfills.next);
    return api_end(visit, &out);
}

/* ---- one ---- */

struct whole_backfill {
    struct view_backfill of;
    struct view_date_runs dates;
    struct view_operations operations;
};

static uint32_t states_of(const char *name)
{
    for (int state = 0; name != NULL && state < DATE_STATE_COUNT; state++) {
        if (strcmp(view_date_state_name((enum date_state)state), name) == 0)
            return 1u << state;
    }
    return ~0u;
}

static int load_backfill_of(struct visit *visit, struct store *store,
                            const struct load_dates_of *which, struct whole_backfill *whole,
                            struct error *err)
{
    if (view_find_backfill(store, which->backfill_id, visit->arena, &whole->of, err) < 0 ||
        view_backfill_dates(store, which, visit->arena, &whole->dates, err) < 0)
        return -1;
    return view_backfill_operations(store, which->backfill_id, visit->arena, &whole->operations,
                                    err);
}

static void write_whole(struct visit *visit, const struct whole_backfill *whole)
{
    struct json_out out;
    const struct flow *flow;
    struct view_json json = api_view(visit, &out, NULL);
    if (visit_flow(visit, whole->of.row.flow, &flow, NULL) == 0)
        json.zone = flow->zone;
    api_begin(visit, &out);
    view_json_backfill(&json, &whole->of);
    json_out_key(&out, "items");
    json_out_begin_array(&out);
    for (size_t i = 0; i < whole->dates.count; i++) {
        json_out_begin_object(&out);
        view_json_date(&json, &whole->dates.items[i]);
        json_out_end_object(&out);
    }
    json_out_end_array(&out);
    view_json_operations(&json, whole->operations.items, whole->operations.count);
    api_url(&out, "/backfills", whole->of.row.id);
    if (whole->dates.next >= 0) /* cursors are never 0: position 0 is 1 */
        api_next_int(visit, &out, whole->dates.next + 1);
    api_end(visit, &out);
}

static int show_backfill(struct visit *visit, struct error *err)
{
    struct store *store;
    int64_t after;
    struct whole_backfill whole = {0};
    struct load_dates_of which = {.states = states_of(visit_text(visit, "state", NULL)),
                                  .limit = api_limit(visit)};
    const char *state;
    if (visit_part_id(visit, 0, &which.backfill_id, err) < 0 ||
        visit_store(visit, &store, err) < 0 || api_after_int(visit, &after, err) < 0 ||
        store_begin_reading(store, err) < 0)
        return -1;
    which.after = after > INT32_MAX ? INT32_MAX : (int32_t)after - 1;
    int result = api_state(visit, store, 0, &state, err);
    bool is_unchanged = result == 0 && visit_is_unchanged(visit, state);
    if (result == 0 && !is_unchanged)
        result = load_backfill_of(visit, store, &which, &whole, err);
    store_end_reading(store);
    if (result == 0 && !is_unchanged)
        write_whole(visit, &whole);
    return result;
}

const struct route api_backfill_routes[] = {
    {.pattern = "/api/v1/backfills",
     .methods = HTTP_GET,
     .parameters = list_parameters,
     .is_api = true,
     .answer = list_backfills,
     .doc = &(const struct api_doc){.id = "list_backfills",
                                    .summary = "Backfills, newest first.",
                                    .answer = "Backfills"}},
    {.pattern = "/api/v1/backfills",
     .methods = HTTP_POST,
     .is_api = true,
     .takes_json = true,
     .answer = api_post_backfill,
     .doc = &api_post_backfill_doc},
    {.pattern = "/api/v1/backfills/{id}",
     .methods = HTTP_GET,
     .parameters = show_parameters,
     .is_api = true,
     .answer = show_backfill,
     .doc = &(const struct api_doc){.id = "show_backfill",
                                    .summary = "A backfill with its dates, in their order.",
                                    .answer = "WholeBackfill"}},
    {.pattern = "/api/v1/backfills/{id}/actions",
     .methods = HTTP_POST,
     .is_api = true,
     .takes_json = true,
     .answer = api_post_backfill_action,
     .doc = &api_post_backfill_action_doc},
    {.pattern = NULL}};
