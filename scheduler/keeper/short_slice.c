#include "scheduler/keeper/short_slice.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLICE_NS 100000 /* the shortest there is */

static bool get(struct sched_attr *ret_attr)
{
    return syscall(SYS_sched_getattr, 0, ret_attr, sizeof *ret_attr, 0) == 0;
}

static bool set(const struct sched_attr *attr)
{
    return syscall(SYS_sched_setattr, 0, attr, 0) == 0;
}

/* An older kernel takes the slice and forgets it. The flag goes last, because it does not go away
 * again; it would also take a negative nice value from our children, which they are to inherit. */
void short_slice_take(void)
{
    struct sched_attr attr = {.size = sizeof attr};
    struct sched_attr taken = {.size = sizeof taken};
    if (!get(&attr) || attr.sched_policy != SCHED_NORMAL || attr.sched_nice < 0)
        return;
    attr.size = sizeof attr;
    attr.sched_runtime = SLICE_NS;
    if (!set(&attr) || !get(&taken) || taken.sched_runtime != SLICE_NS)
        return;
    attr.sched_flags |= SCHED_FLAG_RESET_ON_FORK;
    if (set(&attr))
        return;
    attr.sched_flags &= ~(unsigned long long)SCHED_FLAG_RESET_ON_FORK;
    attr.sched_runtime = 0;
    set(&attr);
}
