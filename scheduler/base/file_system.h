/* What kind of file system something lies on. */
#ifndef DATEMILL_BASE_FILE_SYSTEM_H
#define DATEMILL_BASE_FILE_SYSTEM_H

#include <stdbool.h>

/* Whether the open file or folder lies on a mount (NFS, SMB, FUSE as buckets are, 9p) whose changes
 * made elsewhere the kernel does not tell. */
bool file_system_is_remote(int fd);

#endif
