/* datemill.yaml and the flows, read again while a server runs. */
#include "scheduler/base/scope.h"
#include "scheduler/daemon/capacity.h"
#include "scheduler/daemon/firing.h"
#include "scheduler/daemon/freezes.h"
#include "scheduler/daemon/retention.h"
#include "scheduler/daemon/waits.h"
#include "scheduler/system/clock.h"

#include <string.h>

static void note(struct daemon *daemon, const char *text)
{
    struct arena *arena = &daemon->turn.arena;
    struct turn_note *item = arena_alloc(arena, sizeof *item);
    *item =
        (struct turn_note){.flow = "", .text = arena_copy_string(arena, text), .at = clock_now()};
    TURN_ADD(daemon->turn.notes, item);
}

/* A wrong one is told once, until it is right again; the one of before goes on. */
static void reload_project(struct daemon *daemon)
{
    SCOPED_TEXT struct text text = {0};
    struct error err = {0};
    if (capacity_read(daemon, &err) == 0 && capacity_set(daemon, &err) == 0) {
        freezes_read_zone(daemon);
        retention_read(daemon->retention);
        watch_set_trouble(daemon, TROUBLE_PROJECT, NULL);
        return;
    }
    text_append_format(&text, "%s; until that is mended the project goes on as it was", err.text);
    if (daemon->trouble[TROUBLE_PROJECT] == NULL)
        note(daemon, text_string(&text));
    watch_set_trouble(daemon, TROUBLE_PROJECT, text_string(&text));
}

void daemon_reload(struct daemon *daemon)
{
    if (!daemon->is_server || daemon->is_draining)
        return;
    waits_set_clock(daemon);
    reload_project(daemon);
    firing_reload(daemon->firing);
    loop_want_turn(daemon->loop);
}
