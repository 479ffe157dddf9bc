#include "scheduler/flow/message.h"

#include "scheduler/base/scope.h"

void message_bad_word(struct diagnostics *list, const char *code, const struct message_word *word,
                      const struct error *err)
{
    struct diagnostic *problem = diagnostics_add(
        list, DIAGNOSTIC_ERROR, err->code[0] != '\0' ? err->code : code, "%s", err->text);
    SCOPED_TEXT struct text line = {0};
    size_t offset = 0;
    for (size_t i = 0; i < word->count; i++) {
        text_append(&line, i == 0 ? "" : " ");
        if (i == word->index)
            offset = line.length + word->offset;
        text_append(&line, word->words[i]);
    }
    diagnostic_quote(problem, text_string(&line), offset, word->length);
    if (err->help[0] != '\0')
        diagnostic_help(problem, "%s", err->help);
}

void message_lock_held(struct diagnostics *list, const struct message_lock *lock)
{
    struct diagnostic *problem =
        diagnostics_add(list, DIAGNOSTIC_ERROR, "E501", "the store is in use by another datemill");
    diagnostic_detail(problem, "%s belongs to the engine, which holds %s for %lld s",
                      lock->store_path, lock->lock_path, (long long)lock->held_seconds);
    diagnostic_detail(problem, "pid %lld: %s   (%s, started %s)", (long long)lock->pid,
                      lock->command, lock->user, lock->started);
    if (lock->waited_seconds > 0)
        diagnostic_detail(problem, "waited %lld s; nothing was changed",
                          (long long)lock->waited_seconds);
    else
        diagnostic_detail(problem, "nothing was changed");
    diagnostic_help(problem,
                    "wait for it and repeat the command, or stop it with: kill %lld\n"
                    "readers are never blocked: datemill status, datemill runs and the web page "
                    "still work",
                    (long long)lock->pid);
}
