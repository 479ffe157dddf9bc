#include "scheduler/command/command.h"

extern const struct command command_help;

const struct command *const commands[] = {
    &command_help,
    NULL,
};
