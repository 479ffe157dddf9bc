#include "web/pages/pages.h"
#include "web/site/access.h"
#include "web/site/page.h"

#define SECRET_MAX_BYTES 200

static int sign_in(struct visit *visit, const char *secret, struct error *err)
{
    const char *cookie;
    if (access_sign_in(site_access(visit->site), secret, visit->arena, &cookie, err) < 0) {
        if (err->kind != ERROR_KIND_REFUSED)
            return -1;
        error_set(err, ERROR_KIND_REFUSED, "%s", string_of(visit->language, STR_LOGIN_WRONG));
        return error_help(err, "%s", string_of(visit->language, STR_LOGIN_AGAIN));
    }
    visit_redirect(visit, "/");
    http_set_header(visit->response, "Set-Cookie", cookie);
    return 0;
}

/* What to do without JavaScript, a password manager or anything else: paste the token. */
static void write_form(struct visit *visit, struct html *html)
{
    html_open(html, "form");
    html_attr(html, "class", "form");
    html_attr(html, "method", "post");
    html_attr(html, "action", "/login");
    html_open(html, "label");
    html_attr(html, "for", "token");
    html_say(html, STR_LOGIN_TOKEN);
    html_close(html, "label");
    html_void(html, "input");
    html_attr(html, "id", "token");
    html_attr(html, "name", "token");
    html_attr(html, "type", "password");
    html_attr(html, "autocomplete", "current-password");
    html_attr_int(html, "maxlength", SECRET_MAX_BYTES);
    html_flag(html, "required");
    html_element_say(html, "p", "hint", STR_LOGIN_TOKEN_HINT);
    html_open(html, "div");
    html_attr(html, "class", "actions");
    html_open(html, "button");
    html_attr(html, "class", "primary");
    html_say(html, STR_SIGN_IN);
    html_close(html, "button");
    html_close(html, "div");
    html_close(html, "form");
    (void)visit;
}

static int answer_login(struct visit *visit, struct error *err)
{
    if (visit_has(visit, "key") && visit->request->method == HTTP_GET)
        return sign_in(visit, visit_text(visit, "key", ""), err);
    struct page_head head = {.title = string_of(visit->language, STR_SIGN_IN)};
    struct html *html = page_begin(visit, &head);
    html_element_say(html, "h1", NULL, STR_SIGN_IN);
    html_open(html, "p");
    html_say(html, STR_LOGIN_LINK);
    html_text(html, " ");
    html_element(html, "code", NULL, "datemill web open");
    html_close(html, "p");
    write_form(visit, html);
    return page_end(visit);
}

static int answer_login_post(struct visit *visit, struct error *err)
{
    return sign_in(visit, visit_form(visit, "token", ""), err);
}

static int answer_logout(struct visit *visit, struct error *err)
{
    (void)err;
    const char *cookie = access_sign_out(site_access(visit->site), visit->request, visit->arena);
    visit_redirect(visit, "/");
    http_set_header(visit->response, "Set-Cookie", cookie);
    return 0;
}

static const struct parameter login_parameters[] = {
    {.name = "key", .kind = PARAMETER_TEXT, .max = SECRET_MAX_BYTES}, {.name = NULL}};

const struct route page_login_routes[] = {
    {.pattern = "/login",
     .methods = HTTP_GET,
     .parameters = login_parameters,
     .is_open = true,
     .answer = answer_login},
    {.pattern = "/login", .methods = HTTP_POST, .is_open = true, .answer = answer_login_post},
    {.pattern = "/logout", .methods = HTTP_POST, .is_for_viewers = true, .answer = answer_logout},
    {.pattern = NULL}};
