/* What the tests of this floor share: flows from text, and plans of them. */
#ifndef DATEMILL_TESTS_PLAN_TEST_H
#define DATEMILL_TESTS_PLAN_TEST_H

#include "scheduler/plan/plan.h"
#include "scheduler/plan/plan_prepare.h"
#include "scheduler/plan/plan_time.h"
#include "tests/unit/flow/flow_test.h"

/* A project with this datemill.yaml. */
static inline void plan_test_begin(struct flow_test *test, const char *project)
{
    flow_test_begin(test, NULL);
    write_text("datemill.yaml", project);
    flow_test_open(test);
}

/* The flow f.yaml; it has to be without errors. */
static inline struct flow *plan_test_flow(struct flow_test *test, const char *yaml)
{
    struct flow *flow = load_text(test, "f", yaml);
    if (flow == NULL)
        fail_msg("%s", render(&test->problems));
    return flow;
}

static inline struct civil_time plan_test_time(const char *text)
{
    struct civil_time time;
    assert_int_equal(civil_time_parse(text, &time, NULL), 0);
    return time;
}

static inline struct plan *plan_test_plan(const struct flow *flow, struct plan_request request,
                                          const char *planned)
{
    struct error err = {0};
    struct plan *plan = NULL;
    request.planned = plan_test_time(planned);
    if (plan_make(flow, &request, &plan, &err) != 0)
        fail_msg("%s", err.text);
    return plan;
}

/* Fails, and returns how. */
static inline struct error plan_test_refuse(const struct flow *flow, struct plan_request request,
                                            const char *planned)
{
    struct error err = {0};
    struct plan *plan = NULL;
    request.planned = plan_test_time(planned);
    assert_int_equal(plan_make(flow, &request, &plan, &err), -1);
    assert_null(plan);
    return err;
}

#endif
