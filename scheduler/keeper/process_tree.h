/* Finding and killing what belongs to an attempt, where no cgroup does it.
 *
 * A process belongs to an attempt if its environment holds the attempt's DATEMILL_TOKEN, or if it
 * is an orphan (a child of the keeper, which is a subreaper) in the session of the attempt's first
 * process. The second rule holds for programs that write over their environment, and is safe: the
 * keeper's children are attempts and what they left, and the kernel gives a session's number to no
 * other process while anybody is in that session. */
#ifndef DATEMILL_KEEPER_PROCESS_TREE_H
#define DATEMILL_KEEPER_PROCESS_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROCESS_TREE_TOKEN_NAME "DATEMILL_TOKEN="
#define PROCESS_TREE_NAME_BYTES 20

struct process_tree_target {
    const char *token;
    pid_t session; /* pid of the first process; 0 = only the token counts */
};

struct process_tree_found {
    pid_t pid;
    char name[PROCESS_TREE_NAME_BYTES]; /* of its program, cut by the kernel */
    size_t target;                      /* index of what it belongs to */
};

struct process_tree_scan {
    const struct process_tree_target *targets;
    size_t count;
    bool is_kill; /* SIGKILL what is found (through a pidfd, after a second look) */
    void (*call)(void *owner, const struct process_tree_found *found); /* may be NULL */
    void *owner;
};

/* Looks at all processes; returns how many belong to the targets (dead ones do not count). */
size_t process_tree_scan(const struct process_tree_scan *scan);

/* Whether one process belongs to the target. */
bool process_tree_has(const struct process_tree_target *target, pid_t pid);

/* The name of a process's program; "?" if there is no such process. */
void process_tree_name(pid_t pid, char ret_name[PROCESS_TREE_NAME_BYTES]);

/* The file that lists the keeper's children, -1 where the kernel has none. */
int process_tree_open_children(void);

/* Whether a child of the keeper belongs to the target; `is_known` names children that are not worth
 * a look. Without the file: true, for nobody can know without a scan. */
bool process_tree_has_orphans(int children_fd, const struct process_tree_target *target,
                              bool (*is_known)(void *owner, pid_t pid), void *owner);

#endif
