#include "web/assets/asset.h"
#include "web/pages/pages.h"

static int answer_asset(struct visit *visit, struct error *err)
{
    const struct asset *asset = asset_by_url(site_assets(visit->site), visit->request->path);
    if (asset == NULL)
        return error_set(err, ERROR_KIND_NOT_FOUND, "there is no page %s", visit->request->path);
    visit->response->status = 200;
    visit->response->content_type = asset->content_type;
    http_set_header(visit->response, "Cache-Control", "public, max-age=31536000, immutable");
    text_append_bytes(&visit->response->body, asset->bytes, asset->length);
    return 0;
}

const struct route page_asset_routes[] = {
    {.pattern = "/a/{name}", .methods = HTTP_GET, .is_open = true, .answer = answer_asset},
    {.pattern = NULL}};
