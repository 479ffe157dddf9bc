/* What the OpenAPI document says of a route beside its pattern, methods and parameters, and what a
 * JSON body may hold. The router, the reader of bodies and the document use the same tables. */
#ifndef DATEMILL_WEB_API_API_DOC_H
#define DATEMILL_WEB_API_API_DOC_H

#include "web/site/route.h"

struct api_doc {
    const char *id; /* operationId: "list_runs" */
    const char *summary;
    const struct parameter *body; /* of a POST, ended by a NULL name; NULL = it takes none */
    const char *answer;           /* name of a schema in schemas.json; NULL = text */
    const char *type;             /* of the answer; NULL = application/json */
    int status;                   /* of the answer; 0 = 200 */
    bool may_defer;               /* 503 where no scheduler is running */
};

/* Appends the OpenAPI document. */
void api_write_document(struct text *text);

/* schemas.json, compiled in: components of the document. */
extern const char api_schemas[];

#endif
