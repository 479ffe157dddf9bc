#include "web/action/confirm.h"

#include <assert.h>

void confirm_hide(struct confirm *confirm, const char *name, const char *value)
{
    if (value == NULL)
        return;
    assert(confirm->field_count < CONFIRM_MAX_FIELDS);
    confirm->fields[confirm->field_count++] =
        (struct confirm_field){.kind = CONFIRM_HIDDEN, .name = name, .value = value};
}

void confirm_ask_why(struct visit *visit, struct confirm *confirm, bool is_required)
{
    assert(confirm->field_count < CONFIRM_MAX_FIELDS);
    confirm->fields[confirm->field_count++] = (struct confirm_field){
        .kind = CONFIRM_TEXT,
        .name = "reason",
        .value = visit_text(visit, "reason", ""),
        .label = string_of(visit->language, STR_REASON),
        .hint =
            string_of(visit->language, is_required ? STR_ACTION_WHY_NEEDED : STR_ACTION_WHY_KEPT),
        .is_required = is_required};
}

static void write_field(struct html *html, const struct confirm_field *field)
{
    if (field->kind != CONFIRM_HIDDEN) {
        html_open(html, "label");
        html_attr_format(html, "for", "f-%s", field->name);
        html_text(html, field->label);
        html_close(html, "label");
    }
    html_void(html, "input");
    html_attr(html, "name", field->name);
    html_attr(html, "value", field->value);
    if (field->kind == CONFIRM_HIDDEN) {
        html_attr(html, "type", "hidden");
        return;
    }
    html_attr_format(html, "id", "f-%s", field->name);
    html_attr(html, "type", field->kind == CONFIRM_DATE ? "date" : "text");
    if (field->kind == CONFIRM_TEXT)
        html_attr_int(html, "maxlength", CONFIRM_REASON_BYTES);
    if (field->is_required)
        html_flag(html, "required");
    if (field->hint != NULL)
        html_element(html, "p", "hint", field->hint);
}

static void write_command(struct html *html, const char *command)
{
    html_open(html, "span");
    html_attr(html, "class", "cli");
    html_element(html, "code", NULL, command);
    html_close(html, "span");
}

static void write_form(struct visit *visit, const struct confirm *confirm)
{
    struct html *html = &visit->html;
    html_open(html, "form");
    html_attr(html, "class", "form");
    html_attr(html, "method", "post");
    html_attr(html, "action", confirm->post);
    page_csrf(visit);
    for (size_t i = 0; i < confirm->field_count; i++)
        write_field(html, &confirm->fields[i]);
    html_element(html, "p", "hint", page_fill(visit, STR_ACTION_AS, visit->visitor.name, NULL));
    html_open(html, "div");
    html_attr(html, "class", "actions");
    html_open(html, "button");
    html_attr(html, "class", confirm->is_danger ? "danger" : "primary");
    html_text(html, confirm->button);
    html_close(html, "button");
    page_action_link(visit, confirm->back, string_of(visit->language, STR_ACTION_CANCEL));
    write_command(html, confirm->command);
    html_close(html, "div");
    html_close(html, "form");
}

static void write_ask(struct html *html, const struct confirm *confirm)
{
    const struct confirm_ask *ask = &confirm->ask;
    html_open(html, "form");
    html_attr(html, "class", "filters");
    html_attr(html, "action", confirm->post);
    html_open(html, "label");
    html_text(html, ask->label);
    html_text(html, " ");
    html_void(html, "input");
    html_attr(html, "type", "date");
    html_attr(html, "name", ask->name);
    html_attr(html, "value", ask->value);
    html_flag(html, "required");
    html_close(html, "label");
    html_element(html, "button", NULL, ask->button);
    html_element(html, "span", "hint", ask->hint);
    html_close(html, "form");
}

void confirm_write_hint(struct visit *visit, const char *back, const char *command)
{
    struct html *html = &visit->html;
    enum string_key why = STR_WHY_SESSION;
    if (site_is_read_only(visit->site))
        why = STR_WHY_READ_ONLY;
    else if (visit->visitor.has_session)
        why = STR_WHY_ROLE;
    html_open(html, "div");
    html_attr(html, "class", "banner");
    html_say(html, why);
    html_close(html, "div");
    html_open(html, "div");
    html_attr(html, "class", "actions");
    page_action_link(visit, back, string_of(visit->language, STR_ACTION_BACK));
    write_command(html, command);
    html_close(html, "div");
}

bool confirm_may_change(const struct visit *visit)
{
    return visit->visitor.role == ROLE_OPERATOR && visit->visitor.has_session &&
           !site_is_read_only(visit->site);
}

int confirm_write(struct visit *visit, const struct confirm *confirm)
{
    struct page_head head = {.title = confirm->title, .nav = confirm->nav};
    for (size_t i = 0; i < PAGE_MAX_CRUMBS; i++)
        head.crumbs[i] = confirm->crumbs[i];
    struct html *html = page_begin(visit, &head);
    html_element(html, "h1", NULL, confirm->title);
    if (confirm->facts != NULL)
        html_element(html, "p", "sub", confirm->facts);
    if (confirm->ask.name != NULL)
        write_ask(html, confirm);
    html_element(html, "p", NULL, confirm->what);
    if (confirm_may_change(visit))
        write_form(visit, confirm);
    else
        confirm_write_hint(visit, confirm->back, confirm->command);
    return page_end(visit);
}

int confirm_refused(const struct error *error, struct error *err)
{
    *err = *error;
    if (err->kind == ERROR_KIND_REFUSED)
        err->kind = ERROR_KIND_FAILED; /* 409: the engine says no, not the door */
    return -1;
}
