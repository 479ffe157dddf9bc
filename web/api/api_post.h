/* Changes by way of the API, each a request to the engine (site/engine_call.h). */
#ifndef DATEMILL_WEB_API_API_POST_H
#define DATEMILL_WEB_API_API_POST_H

#include "web/api/api_doc.h"

int api_post_run(struct visit *visit, struct error *err);
int api_post_run_action(struct visit *visit, struct error *err);
int api_post_flow_action(struct visit *visit, struct error *err);
int api_post_backfill(struct visit *visit, struct error *err);
int api_post_backfill_action(struct visit *visit, struct error *err);

extern const struct api_doc api_post_run_doc;
extern const struct api_doc api_post_run_action_doc;
extern const struct api_doc api_post_flow_action_doc;
extern const struct api_doc api_post_backfill_doc;
extern const struct api_doc api_post_backfill_action_doc;

#endif
