/* How the messages to people stand, for more than one command. */
#ifndef DATEMILL_COMMAND_MESSAGE_FACTS_H
#define DATEMILL_COMMAND_MESSAGE_FACTS_H

#include "scheduler/command/context.h"
#include "scheduler/store/store_message.h"

/* `2 wait, 1 of them failing; 1 given up: it answered 500`; "" when all went out. */
const char *message_facts_words(struct context *context, const struct message_counts *counts);

#endif
