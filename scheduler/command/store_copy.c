#include "scheduler/command/store_copy.h"

#include "scheduler/command/flow_facts.h"

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGHUP);
}

void store_copy_hold_signals(struct store_copy_signals *signals)
{
    sigset_t ending;
    fill(&ending);
    sigprocmask(SIG_BLOCK, &ending, &signals->before);
}

void store_copy_free_signals(const struct store_copy_signals *signals)
{
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
}

static bool goes_on(void *owner)
{
    sigset_t pending;
    (void)owner;
    return sigpending(&pending) != 0 ||
           (sigismember(&pending, SIGINT) == 0 && sigismember(&pending, SIGTERM) == 0 &&
            sigismember(&pending, SIGHUP) == 0);
}

struct store_copying store_copy_until_signal(void)
{
    return (struct store_copying){.goes_on = goes_on};
}

const char *store_copy_words(struct context *context, const struct store_copy *copy)
{
    char at[ZONE_RFC3339_BYTES];
    const char *runs = flow_facts_number(&context->arena, (size_t)copy->runs, "run");
    if (copy->newest.us == 0)
        return runs;
    zone_format_rfc3339(context_shown_zone(context, context->project->timezone), copy->newest, at);
    return arena_format(&context->arena, "%s, up to %.10s %.8s %s", runs, at, at + 11, at + 23);
}
