#include "nodes/node_wait.h"

#include "scheduler/base/scope.h"
#include "scheduler/base/suggest.h"

#include <string.h>

#define DEFAULT_STABLE (10 * DURATION_SECOND_US)
#define DEFAULT_EVERY (60 * DURATION_SECOND_US)

const char *const node_wait_on_timeout[] = {"fail", "skip", NULL};

/* Two digits below `limit`, or -1. */
static int32_t two_digits(const char *text, int32_t limit)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9')
        return -1;
    int32_t number = (text[0] - '0') * 10 + (text[1] - '0');
    return number < limit ? number : -1;
}

bool node_wait_parse_time(const char *text, int32_t *ret_seconds)
{
    size_t length = strlen(text);
    if ((length != 5 && length != 8) || text[2] != ':' || (length == 8 && text[5] != ':'))
        return false;
    int32_t hour = two_digits(text, 24);
    int32_t minute = two_digits(text + 3, 60);
    int32_t second = length == 8 ? two_digits(text + 6, 60) : 0;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return hour >= 0 && minute >= 0 && second >= 0;
}

void node_wait_read(const struct field_value *block, struct node_wait *wait)
{
    const struct field_value *on_timeout = field_find(block, "on_timeout");
    wait->stable.us = field_number(block, "stable", DEFAULT_STABLE);
    wait->every.us = field_number(block, "every", DEFAULT_EVERY);
    wait->timeout.us = field_number(block, "timeout", DURATION_DAY_US);
    wait->is_skipped = on_timeout != NULL && strcmp(on_timeout->text, "skip") == 0;
}

const struct node_connection *node_wait_connection(const struct node_facts *facts, const char *name)
{
    for (size_t i = 0; i < facts->connection_count; i++) {
        if (strcmp(facts->connections[i].name, name) == 0)
            return &facts->connections[i];
    }
    return NULL;
}

void node_wait_check_connection(const struct field_value *value, const struct node_facts *facts,
                                const char *reader, const struct node_report *report)
{
    const struct node_connection *connection = node_wait_connection(facts, value->text);
    SCOPED_TEXT struct text message = {0};
    SCOPED_TEXT struct text help = {0};
    if (connection != NULL) {
        if (strcmp(connection->type, "files") == 0)
            return;
        text_append_format(&message, "connection `%s` is of type %s: %s reads `files`", value->text,
                           connection->type, reader);
        report->add(report->context, value->place, "E116", text_string(&message), NULL);
        return;
    }
    struct suggest suggest;
    suggest_begin(&suggest, value->text);
    for (size_t i = 0; i < facts->connection_count; i++)
        suggest_offer(&suggest, facts->connections[i].name);
    text_append_format(&message, "no connection `%s` in datemill.yaml", value->text);
    if (suggest_best(&suggest) != NULL)
        text_append_format(&help, "did you mean `%s`?", suggest_best(&suggest));
    else
        text_append_format(&help, "add it: connections: {%s: {type: files, path: ./data}}",
                           value->text);
    report->add(report->context, value->place, "E116", text_string(&message), text_string(&help));
}

static bool is_name(const char *text, size_t length)
{
    size_t letters =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    return length > 0 && letters >= length && (text[0] < '0' || text[0] > '9');
}

void node_wait_check_partition(const struct field_value *value, const struct node_report *report)
{
    if (value->kind == FIELD_KIND_MAP)
        return;
    for (const char *at = value->text; at != NULL;) {
        size_t name = strcspn(at, "=");
        if (at[name] != '=' || !is_name(at, name) || strchr("/,", at[name + 1]) != NULL) {
            report->add(report->context, value->place, "E131",
                        "a partition is written column=value", "as `dt=${var}`");
            return;
        }
        at = strpbrk(at + name, "/,");
        at = at == NULL ? NULL : at + 1;
    }
}

void node_wait_append_partition(const struct field_value *partition, struct text *out)
{
    if (partition == NULL)
        return;
    if (partition->kind != FIELD_KIND_MAP) {
        for (const char *at = partition->text; *at != '\0'; at++)
            text_append_char(out, *at == ',' ? '/' : *at);
        return;
    }
    for (size_t i = 0; i < partition->item_count; i++)
        text_append_format(out, "%s%s=%s", i == 0 ? "" : "/", partition->items[i].name,
                           partition->items[i].text);
}
