/* Errors as answers: a page, or application/problem+json. */
#ifndef DATEMILL_WEB_SITE_FAIL_H
#define DATEMILL_WEB_SITE_FAIL_H

#include "web/site/visit.h"

/* With a status of the caller's own. Replaces whatever was written. */
void fail_visit(struct visit *visit, int status, const struct error *error);

#endif
