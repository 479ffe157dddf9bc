#include "web/draw/share.h"

#include <assert.h>

int64_t share_of(int64_t part, int64_t whole)
{
    assert(whole > 0);
    if (part <= 0)
        return 0;
    if (part >= whole)
        return SHARE_WHOLE;
    while (whole > INT64_MAX / (2 * SHARE_WHOLE)) {
        whole /= 2;
        part /= 2;
    }
    return (part * SHARE_WHOLE + whole / 2) / whole;
}

void share_attr(struct html *html, const char *name, int64_t share)
{
    int64_t decimals = share % SHARE_PERCENT;
    if (decimals == 0)
        html_attr_format(html, name, "%d%%", (int)(share / SHARE_PERCENT));
    else if (decimals % 100 == 0)
        html_attr_format(html, name, "%d.%d%%", (int)(share / SHARE_PERCENT),
                         (int)(decimals / 100));
    else
        html_attr_format(html, name, "%d.%03d%%", (int)(share / SHARE_PERCENT), (int)decimals);
}
