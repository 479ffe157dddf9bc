#include "scheduler/base/file_system.h"

#include <sys/vfs.h>

/* From linux/magic.h, which is the kernel's; one of them has no name there. */
#define MAGIC_NFS 0x6969u
#define MAGIC_SMB 0x517bu
#define MAGIC_SMB2 0xfe534d42u
#define MAGIC_CIFS 0xff534d42u
#define MAGIC_FUSE 0x65735546u
#define MAGIC_9P 0x01021997u

bool file_system_is_remote(int fd)
{
    struct statfs about;
    if (fstatfs(fd, &about) < 0)
        return false;
    unsigned long type = (unsigned long)about.f_type & 0xffffffffu;
    return type == MAGIC_NFS || type == MAGIC_SMB || type == MAGIC_SMB2 || type == MAGIC_CIFS ||
           type == MAGIC_FUSE || type == MAGIC_9P;
}
