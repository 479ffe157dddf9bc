#include "scheduler/engine/engine_state.h"

size_t runs_position(const struct engine *engine, int64_t run_id)
{
    size_t low = 0;
    size_t high = engine->run_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (engine->runs[middle]->run_id < run_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct run *runs_find(const struct engine *engine, int64_t run_id)
{
    size_t position = runs_position(engine, run_id);
    if (position == engine->run_count || engine->runs[position]->run_id != run_id)
        return NULL;
    return engine->runs[position];
}
