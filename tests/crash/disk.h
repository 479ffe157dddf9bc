/* A disk that loses power.
 *
 * Below one folder fsync() and fdatasync() are ours: a file's bytes and a folder's names are safe
 * from its own sync on, and not before. At the n-th sync, before it counts, the power goes: what a
 * disk might hold then is written to another folder, and the process ends with DISK_STATUS_CUT.
 *
 * Of what was not synced any sector of 512 bytes may be there or not, a file may be as long as it
 * was or as it became, a name may have come, gone or not: as the seed has it. Seed 0: nothing that
 * was not synced is there. Seed 1: all of it.
 *
 * A lying disk forgets the syncs of files that end in `lies_about`: to see that a test notices. */
#ifndef TESTS_CRASH_DISK_H
#define TESTS_CRASH_DISK_H

#include <stddef.h>
#include <stdint.h>

#define DISK_STATUS_CUT 99
#define DISK_MAX_FILES 512
#define DISK_MAX_NAMES 256 /* in a folder */

struct disk_plan {
    const char *root;  /* resolved; watched with all below it */
    const char *after; /* an empty folder for what is left */
    size_t cut_at;     /* which sync, from 1; 0 = never */
    uint64_t seed;
    const char *lies_about; /* NULL: an honest disk */
};

/* Once in a process, before the first write. */
void disk_watch(const struct disk_plan *plan);
size_t disk_syncs(void); /* so far */

#endif
