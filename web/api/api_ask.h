/* A POST that asks the engine and answers with what it says. */
#ifndef DATEMILL_WEB_API_API_ASK_H
#define DATEMILL_WEB_API_API_ASK_H

#include "scheduler/base/json_in.h"
#include "scheduler/daemon/notice.h"
#include "web/api/api_doc.h"

/* Reads the body, lets `work` make the request, asks. A request that came before with the same
 * Idempotency-Key is answered as it was.
 *
 * `work` returns 0 with *ret_request filled in (strings of the visit's arena), 1 when it has
 * answered already, or -1. */
typedef int api_ask_work(struct visit *visit, const struct json *body, struct request *ret_request,
                         struct error *err);
int api_ask(struct visit *visit, api_ask_work *work, struct error *err);

#endif
