/* One cgroup (version 2) per attempt, where somebody has delegated the keeper's own to it. */
#ifndef DATEMILL_KEEPER_CGROUP_H
#define DATEMILL_KEEPER_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_NAME_BYTES 64

/* The keeper's own cgroup; fd -1 = there is none, or it is not delegated. */
struct cgroup_root {
    int fd;
};

/* An attempt's; fd -1 = none. */
struct cgroup {
    int fd;
    char name[CGROUP_NAME_BYTES];
};

/* Looks for `user.delegate` or `trusted.delegate` = 1 on the keeper's own cgroup folder. */
struct cgroup_root cgroup_find_root(void);
void cgroup_close_root(struct cgroup_root *root);

/* Makes the cgroup of an attempt; fd -1 when that does not work: the attempt then goes without. */
struct cgroup cgroup_make(const struct cgroup_root *root, int64_t attempt_id, const char *token);

/* Whether somebody lives in it (when that cannot be read: true). */
bool cgroup_is_populated(const struct cgroup *cgroup);

/* Calls `call` for each process in it (nested groups are not looked at). */
void cgroup_list(const struct cgroup *cgroup, void (*call)(void *owner, pid_t pid), void *owner);

/* SIGKILL to all that is in it. */
void cgroup_kill(const struct cgroup *cgroup);

/* Removes an empty one, with the groups that were made in it. */
void cgroup_remove(const struct cgroup_root *root, struct cgroup *cgroup);

/* Kills and removes what a keeper that died has left of an attempt; true when it is gone. */
bool cgroup_clear(const struct cgroup_root *root, int64_t attempt_id, const char *token);

#endif
