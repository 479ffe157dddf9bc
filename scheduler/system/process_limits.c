#include "scheduler/system/process_limits.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

int process_limits_harden(struct error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot give up privileges");
    return 0;
}

int process_limits_end_with_parent(int parent, struct error *err)
{
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return error_set_errno(err, ERROR_KIND_PRECONDITION, "cannot be tied to a parent");
    if (getppid() != parent)
        return error_set(err, ERROR_KIND_NOT_FOUND, "process %d is not the parent", parent);
    return 0;
}
