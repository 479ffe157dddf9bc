#include "web/site/page.h"

#include "scheduler/base/scope.h"
#include "web/assets/asset.h"

#include <inttypes.h>
#include <string.h>

#define REFRESH_S 10
#define MAX_VALUES 9 /* of one sentence */

static void write_asset(struct visit *visit, const char *name)
{
    struct html *html = &visit->html;
    const struct asset *asset = asset_by_name(site_assets(visit->site), name);
    if (asset == NULL)
        return;
    if (strcmp(name, "app.js") == 0) {
        html_open(html, "script");
        html_attr(html, "src", asset->url);
        html_flag(html, "defer");
        html_close(html, "script");
        return;
    }
    html_void(html, "link");
    html_attr(html, "rel", strcmp(name, "app.css") == 0 ? "stylesheet" : "icon");
    html_attr(html, "href", asset->url);
}

static void write_meta(struct html *html, const char *name, const char *content)
{
    html_void(html, "meta");
    html_attr(html, "name", name);
    html_attr(html, "content", content);
}

static void write_head(struct visit *visit, const struct page_head *head)
{
    struct html *html = &visit->html;
    html_open(html, "head");
    html_void(html, "meta");
    html_attr(html, "charset", "utf-8");
    write_meta(html, "viewport", "width=device-width, initial-scale=1");
    write_meta(html, "color-scheme", "light dark");
    html_open(html, "title");
    html_format(html, "%s · datemill", head->title);
    html_close(html, "title");
    write_asset(visit, "app.css");
    write_asset(visit, "icon.svg");
    write_asset(visit, "app.js");
    if (head->alternate != NULL) {
        html_void(html, "link");
        html_attr(html, "rel", "alternate");
        html_attr(html, "type", "application/json");
        html_attr(html, "href", head->alternate);
    }
    if (head->events != NULL) {
        html_open(html, "noscript");
        html_void(html, "meta");
        html_attr(html, "http-equiv", "refresh");
        html_attr_int(html, "content", REFRESH_S);
        html_close(html, "noscript");
    }
    html_close(html, "head");
}

static void write_nav(struct html *html, enum page_nav current)
{
    static const struct {
        enum page_nav nav;
        const char *href;
        enum string_key text;
        const char *key; /* of the shortcut: g and this */
    } items[] = {{PAGE_NAV_FLOWS, "/", STR_NAV_FLOWS, "f"},
                 {PAGE_NAV_RUNS, "/runs", STR_NAV_RUNS, "r"},
                 {PAGE_NAV_BACKFILLS, "/backfills", STR_NAV_BACKFILLS, "b"},
                 {PAGE_NAV_DATA, "/data", STR_NAV_DATA, "d"}};
    html_open(html, "nav");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_MAIN));
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        html_open(html, "a");
        html_attr(html, "href", items[i].href);
        html_attr(html, "data-key", items[i].key);
        if (items[i].nav == current)
            html_attr(html, "aria-current", "page");
        html_say(html, items[i].text);
        html_close(html, "a");
        html_text(html, " ");
    }
    html_close(html, "nav");
}

static void write_search(struct html *html, const char *query)
{
    html_open(html, "form");
    html_attr(html, "class", "search");
    html_attr(html, "action", "/runs");
    html_attr(html, "role", "search");
    html_open(html, "label");
    html_attr(html, "class", "sr");
    html_attr(html, "for", "q");
    html_say(html, STR_SEARCH);
    html_close(html, "label");
    html_text(html, " ");
    html_void(html, "input");
    html_attr(html, "id", "q");
    html_attr(html, "name", "q");
    html_attr(html, "type", "search");
    html_attr(html, "placeholder", "flow:smartrm* date:2021-11");
    html_attr(html, "maxlength", "4096");
    if (query != NULL)
        html_attr(html, "value", query);
    html_close(html, "form");
}

static void write_top(struct visit *visit, const struct page_head *head)
{
    struct html *html = &visit->html;
    const struct asset *icon = asset_by_name(site_assets(visit->site), "icon.svg");
    html_open(html, "header");
    html_attr(html, "class", "top");
    html_open(html, "div");
    html_open(html, "a");
    html_attr(html, "class", "brand");
    html_attr(html, "href", "/");
    html_void(html, "img");
    html_attr(html, "src", icon->url);
    html_attr(html, "alt", "");
    html_attr(html, "width", "20");
    html_attr(html, "height", "20");
    html_text(html, "datemill");
    html_close(html, "a");
    write_nav(html, head->nav);
    write_search(html, head->query);
    html_close(html, "div");
    html_close(html, "header");
}

static void write_crumbs(struct html *html, const struct page_head *head)
{
    if (head->crumbs[0].text == NULL)
        return;
    html_open(html, "nav");
    html_attr(html, "class", "trail dots");
    html_attr(html, "aria-label", string_of(html->language, STR_NAV_TRAIL));
    for (size_t i = 0; i < PAGE_MAX_CRUMBS && head->crumbs[i].text != NULL; i++) {
        html_link(html, head->crumbs[i].href, head->crumbs[i].text);
    }
    html_close(html, "nav");
}

struct html *page_begin(struct visit *visit, const struct page_head *head)
{
    struct html *html = &visit->html;
    visit->page_zone = head->zone;
    if (visit->response->status == 0)
        visit->response->status = 200;
    visit->response->content_type = "text/html; charset=utf-8";
    html_init(html, &visit->response->body, visit->language);
    text_append(&visit->response->body, "<!doctype html>\n");
    html_open(html, "html");
    html_attr(html, "lang", language_tag(visit->language));
    html_attr(html, "data-copy", string_of(visit->language, STR_COPY));
    html_attr(html, "data-copied", string_of(visit->language, STR_COPIED));
    write_head(visit, head);
    html_open(html, "body");
    if (head->events != NULL)
        html_attr(html, "data-live", head->events);
    html_open(html, "a");
    html_attr(html, "class", "skip");
    html_attr(html, "href", "#main");
    html_say(html, STR_SKIP);
    html_close(html, "a");
    write_top(visit, head);
    html_open(html, "main");
    html_attr(html, "id", "main");
    html_attr(html, "tabindex", "-1");
    write_crumbs(html, head);
    return html;
}

/* ---- the footer ---- */

static const struct zone *shown_zone(const struct visit *visit)
{
    return visit->page_zone != NULL ? visit->page_zone : site_project_zone(visit->site);
}

static void write_zone(struct visit *visit)
{
    struct html *html = &visit->html;
    const struct zone *zone = shown_zone(visit);
    int32_t minutes = zone_offset_at(zone, visit->now) / 60;
    int32_t size = minutes < 0 ? -minutes : minutes;
    const char *name = arena_format(visit->arena, "%s (UTC%c%02d:%02d)", zone_name(zone),
                                    minutes < 0 ? '-' : '+', size / 60, size % 60);
    html_open(html, "span");
    html_say_with(html, STR_TIMES_IN, (const char *const[]){name, NULL});
    html_close(html, "span");
}

/* The same page in the other language. */
static void write_other_language(struct visit *visit)
{
    struct html *html = &visit->html;
    struct url url;
    const char *tag = language_tag(visit->language == LANGUAGE_ZH ? LANGUAGE_EN : LANGUAGE_ZH);
    bool is_get = visit->request->method == HTTP_GET || visit->request->method == HTTP_HEAD;
    url_begin(&url, visit->arena, "");
    for (size_t i = 0; is_get && i < visit->request->query.count; i++) {
        const struct http_pair *pair = &visit->request->query.items[i];
        bool is_kept = strcmp(pair->name, "lang") != 0 && strcmp(pair->name, "key") != 0;
        if (is_kept)
            url_query(&url, pair->name, pair->value);
    }
    url_query(&url, "lang", visit->language == LANGUAGE_ZH ? "en" : "zh");
    html_open(html, "a");
    html_attr(html, "href", url_string(&url));
    html_attr(html, "lang", tag);
    html_attr(html, "hreflang", tag);
    html_say(html, STR_OTHER_LANGUAGE);
    html_close(html, "a");
}

static void write_visitor(struct visit *visit)
{
    struct html *html = &visit->html;
    if (visit->visitor.has_session) {
        html_open(html, "form");
        html_attr(html, "method", "post");
        html_attr(html, "action", "/logout");
        page_csrf(visit);
        html_say_with(html, STR_SIGNED_IN_AS, (const char *const[]){visit->visitor.name, NULL});
        html_text(html, " ");
        html_open(html, "button");
        html_attr(html, "class", "small");
        html_say(html, STR_SIGN_OUT);
        html_close(html, "button");
        html_close(html, "form");
    } else if (site_is_read_only(visit->site)) {
        html_element_say(html, "span", NULL, STR_READING_ONLY);
    } else {
        html_link(html, "/login", string_of(visit->language, STR_SIGN_IN));
    }
}

/* Help for keys: `?` opens it. Without scripts nothing does, and there are no keys. */
static void write_keys(struct html *html)
{
    static const struct {
        const char *keys;
        enum string_key text;
    } items[] = {{"/", STR_SEARCH},          {"g f", STR_NAV_FLOWS}, {"g r", STR_NAV_RUNS},
                 {"g b", STR_NAV_BACKFILLS}, {"g d", STR_NAV_DATA},  {"n", STR_KEYS_NEXT},
                 {"← ↑ ↓ →", STR_KEYS_GRID}, {"?", STR_KEYS}};
    html_open(html, "dialog");
    html_attr(html, "id", "keys");
    html_attr(html, "aria-label", string_of(html->language, STR_KEYS));
    html_open(html, "dl");
    html_attr(html, "class", "facts");
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        html_open(html, "div");
        html_open(html, "dt");
        html_element(html, "kbd", NULL, items[i].keys);
        html_close(html, "dt");
        html_element_say(html, "dd", NULL, items[i].text);
        html_close(html, "div");
    }
    html_close(html, "dl");
    html_open(html, "form");
    html_attr(html, "method", "dialog");
    html_element_say(html, "button", NULL, STR_CLOSE);
    html_close(html, "form");
    html_close(html, "dialog");
}

int page_end(struct visit *visit)
{
    struct html *html = &visit->html;
    html_close(html, "main");
    html_open(html, "footer");
    html_attr(html, "class", "foot dots");
    write_zone(visit);
    write_other_language(visit);
    html_link(html, "/health", string_of(visit->language, STR_NAV_HEALTH));
    write_visitor(visit);
    html_element(html, "span", NULL, "datemill " DATEMILL_VERSION);
    html_close(html, "footer");
    write_keys(html);
    html_close(html, "body");
    html_close(html, "html");
    text_append_char(html->text, '\n');
    return 0;
}

/* ---- small things ---- */

void page_state(struct html *html, const char *state)
{
    html_open(html, "span");
    html_attr_format(html, "class", "state %s", state);
    html_text(html, string_state(html->language, state));
    html_close(html, "span");
}

void page_time(struct visit *visit, struct instant at, const struct zone *zone)
{
    struct html *html = &visit->html;
    char utc[CIVIL_TIME_BYTES];
    if (at.us == 0 || instant_is_never(at)) {
        html_text(html, "–");
        return;
    }
    civil_time_format(civil_from_seconds(at.us / DURATION_SECOND_US), utc);
    html_open(html, "time");
    html_attr_format(html, "datetime", "%sZ", utc);
    html_text(html, visit_time(visit, at, zone != NULL ? zone : shown_zone(visit)));
    html_close(html, "time");
}

const char *page_fill(struct visit *visit, enum string_key key, ...)
{
    const char *values[MAX_VALUES + 1] = {0};
    SCOPED_TEXT struct text text = {0};
    va_list args;
    va_start(args, key);
    for (size_t i = 0; i < MAX_VALUES; i++) {
        values[i] = va_arg(args, const char *);
        if (values[i] == NULL)
            break;
    }
    va_end(args);
    string_fill(&text, visit->language, key, values);
    return arena_copy(visit->arena, text_string(&text), text.length);
}

void page_csrf(struct visit *visit)
{
    struct html *html = &visit->html;
    html_void(html, "input");
    html_attr(html, "type", "hidden");
    html_attr(html, "name", "csrf");
    html_attr(html, "value", visit->visitor.csrf);
}

void page_action_link(struct visit *visit, const char *href, const char *text)
{
    struct html *html = &visit->html;
    html_open(html, "a");
    html_attr(html, "class", "button");
    html_attr(html, "href", href);
    html_text(html, text);
    html_close(html, "a");
}
