#include "scheduler/command/versions.h"

const char *versions_own(void)
{
    return DATEMILL_VERSION;
}
