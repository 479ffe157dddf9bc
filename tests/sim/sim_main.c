/* sim --seeds N [--from S] [--verbose SEED] [--plant NAME] [--self-test]
 *
 * Plays stories and ends 1 if a rule did not hold in one. `--verbose SEED` (or `--seed SEED`) tells
 * one of them. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN_FAILURES 5
#define SELF_TEST_SEEDS 60000 /* at most; most faults show in the first ones */
#define SOUND_SEEDS 3000

struct options {
    uint64_t seeds;
    uint64_t from;
    uint64_t verbose;
    bool is_verbose;
    bool is_self_test;
    enum sim_plant plant;
};

static int usage(void)
{
    fputs("usage: sim --seeds N [--from S] [--verbose SEED] [--plant NAME] [--self-test]\n",
          stderr);
    return 2;
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end;
    *ret_number = strtoull(text, &end, 10);
    return *text != '\0' && *end == '\0';
}

static bool read_plant(const char *name, enum sim_plant *ret_plant)
{
    for (size_t i = 0; i < SIM_PLANT_COUNT; i++) {
        if (strcmp(sim_plant_names[i], name) == 0) {
            *ret_plant = (enum sim_plant)i;
            return true;
        }
    }
    return false;
}

static bool read_options(int count, char **words, struct options *ret_options)
{
    for (int i = 1; i < count; i++) {
        const char *word = words[i];
        const char *value = i + 1 < count ? words[i + 1] : "";
        bool is_good = true;
        if (strcmp(word, "--self-test") == 0) {
            ret_options->is_self_test = true;
            continue;
        }
        if (strcmp(word, "--seeds") == 0) {
            is_good = read_number(value, &ret_options->seeds);
        } else if (strcmp(word, "--from") == 0) {
            is_good = read_number(value, &ret_options->from);
        } else if (strcmp(word, "--verbose") == 0 || strcmp(word, "--seed") == 0) {
            is_good = read_number(value, &ret_options->verbose);
            ret_options->is_verbose = true;
        } else {
            is_good = strcmp(word, "--plant") == 0 && read_plant(value, &ret_options->plant);
        }
        if (!is_good)
            return false;
        i++;
    }
    return true;
}

static void print_counts(const struct sim_counts *counts)
{
    printf("%" PRIu64 " seeds: %" PRIu64 " steps, %" PRIu64 " commits, %" PRIu64 " starts, %" PRIu64
           " ends, %" PRIu64 " lost, %" PRIu64 " revoked, %" PRIu64 " operations\n",
           counts->seeds, counts->steps, counts->commits, counts->starts, counts->ends,
           counts->lost, counts->revokes, counts->operations);
    printf("crashes: %" PRIu64 " of the engine, %" PRIu64 " of the keeper, %" PRIu64
           " power cuts, %" PRIu64 " broken connections\n",
           counts->engine_crashes, counts->keeper_crashes, counts->power_cuts,
           counts->broken_connections);
}

static uint64_t play_all(struct sim_world *world, const struct options *options)
{
    uint64_t failures = 0;
    for (uint64_t i = 0; i < options->seeds; i++) {
        uint64_t seed = options->from + i;
        if (sim_play(world, seed))
            continue;
        failures++;
        if (failures <= SHOWN_FAILURES)
            printf("seed %" PRIu64 ": %s\n", seed, text_string(&world->failure));
    }
    return failures;
}

/* Every planted fault has to be noticed, and nothing where none is planted. */
static int self_test(struct sim_world *world, const struct options *options)
{
    int result = 0;
    for (int plant = 0; plant < SIM_PLANT_COUNT; plant++) {
        uint64_t seeds = plant == PLANT_NONE ? SOUND_SEEDS : SELF_TEST_SEEDS;
        uint64_t failures = 0;
        uint64_t seed = options->from;
        world->plant = (enum sim_plant)plant;
        for (; seed < options->from + seeds && failures == 0; seed++)
            failures += !sim_play(world, seed);
        bool is_expected = (failures > 0) == (plant != PLANT_NONE);
        printf("%-20s %s", sim_plant_names[plant], is_expected ? "as expected" : "WRONG");
        if (failures > 0)
            printf(": seed %" PRIu64 ", %s", seed - 1, text_string(&world->failure));
        printf("\n");
        result |= is_expected ? 0 : 1;
    }
    return result;
}

static int run(struct sim_world *world, const struct options *options)
{
    struct text trace = {0};
    if (options->is_verbose) {
        world->trace = &trace;
        bool is_fine = sim_play(world, options->verbose);
        fputs(text_string(&trace), stdout);
        text_free(&trace);
        return is_fine ? 0 : 1;
    }
    if (options->is_self_test)
        return self_test(world, options);
    uint64_t failures = play_all(world, options);
    print_counts(world->counts);
    printf("%" PRIu64 " failed\n", failures);
    return failures == 0 ? 0 : 1;
}

int main(int count, char **words)
{
    struct options options = {.from = 1};
    if (!read_options(count, words, &options))
        return usage();
    if (options.seeds == 0 && !options.is_verbose && !options.is_self_test)
        return usage();
    struct sim_counts counts = {0};
    struct sim_world *world = calloc(1, sizeof *world);
    if (world == NULL)
        return 1;
    world->counts = &counts;
    world->plant = options.plant;
    int result = run(world, &options);
    action_list_free(&world->pending);
    recover_result_free(&world->recovered);
    text_free(&world->failure);
    free(world);
    return result;
}
