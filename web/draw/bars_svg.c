#include "web/draw/bars_svg.h"

#include "scheduler/base/scope.h"
#include "web/draw/share.h"

#define LEAST_HEIGHT 2

static void append_bars(const struct bars_svg *bars, size_t first, uint32_t kind, struct text *path)
{
    size_t shown = bars->count - first;
    size_t empty = bars->slots > shown ? bars->slots - shown : 0;
    int64_t most = 1;
    for (size_t i = first; i < bars->count; i++)
        most = bars->bars[i].value > most ? bars->bars[i].value : most;
    for (size_t i = first; i < bars->count; i++) {
        int64_t height = share_of(bars->bars[i].value, most) * BARS_SVG_HEIGHT / SHARE_WHOLE;
        height = height < LEAST_HEIGHT ? LEAST_HEIGHT : height;
        if (bars->bars[i].kind == kind)
            text_append_format(path, "M%zu %dv-%dh%dv%dz", (empty + i - first) * BARS_SVG_STEP,
                               BARS_SVG_HEIGHT, (int)height, BARS_SVG_STEP - 1, (int)height);
    }
}

void bars_svg_draw(const struct bars_svg *bars, struct html *html)
{
    size_t first = bars->count > BARS_SVG_MAX ? bars->count - BARS_SVG_MAX : 0;
    size_t slots = bars->slots > bars->count - first ? bars->slots : bars->count - first;
    html_open(html, "svg");
    html_attr(html, "class", "bars");
    html_attr_int(html, "width", (int64_t)slots * BARS_SVG_STEP);
    html_attr_int(html, "height", BARS_SVG_HEIGHT);
    html_attr(html, "role", "img");
    html_attr(html, "aria-label", bars->label);
    for (uint32_t kind = 0; kind < BARS_SVG_KINDS; kind++) {
        SCOPED_TEXT struct text path = {0};
        append_bars(bars, first, kind, &path);
        if (path.length == 0)
            continue;
        html_open(html, "path");
        html_attr(html, "class", bars->classes[kind] != NULL ? bars->classes[kind] : "");
        html_attr(html, "d", text_string(&path));
        html_close(html, "path");
    }
    html_close(html, "svg");
}
