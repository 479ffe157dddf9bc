/* datemill.yaml and the flows, read again while the engine runs. */
#include "scheduler/daemon/daemon_state.h"
#include "scheduler/daemon/firing.h"

void daemon_reload(struct daemon *daemon)
{
    if (!daemon->is_server || daemon->is_draining)
        return;
    firing_reload(daemon->firing);
    loop_want_turn(daemon->loop);
}
