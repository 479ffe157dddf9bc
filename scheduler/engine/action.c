#include "scheduler/engine/action.h"

#include "scheduler/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct action *action_list_add(struct action_list *list, enum action_kind kind)
{
    list->items = memory_grow(list->items, list->count, &list->capacity, sizeof *list->items);
    struct action *action = &list->items[list->count];
    list->count++;
    memset(action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

void action_list_clear(struct action_list *list)
{
    list->count = 0;
}

void action_list_free(struct action_list *list)
{
    free(list->items);
    *list = (struct action_list){0};
}
