#include "scheduler/keeper/mask.h"

#include "scheduler/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A state stands for the beginning of a text (or of several); state 0 for the empty one, and "no
 * state" where a link is meant. */
struct mask_state {
    uint32_t child;   /* the first of the states that are one byte longer */
    uint32_t sibling; /* the next with the same parent */
    uint32_t shorter; /* the longest other beginning that this one ends with */
    uint32_t depth;   /* bytes */
    uint32_t match;   /* bytes of the longest text that this ends with, 0 = none */
    unsigned char byte;
};

/* --- making the automaton --------------------------------------------------------------------- */

static uint32_t find_child(const struct mask *mask, uint32_t state, unsigned char byte)
{
    if (state == 0)
        return mask->roots[byte];
    uint32_t child = mask->states[state].child;
    while (child != 0 && mask->states[child].byte != byte)
        child = mask->states[child].sibling;
    return child;
}

/* The state after one more byte. */
static uint32_t next_state(const struct mask *mask, uint32_t state, unsigned char byte)
{
    uint32_t next = find_child(mask, state, byte);
    while (next == 0 && state != 0) {
        state = mask->states[state].shorter;
        next = find_child(mask, state, byte);
    }
    return next;
}

static void add_text(struct mask *mask, const char *text, uint32_t *count)
{
    uint32_t at = 0;
    for (const char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        uint32_t next = find_child(mask, at, byte);
        if (next == 0) {
            next = (*count)++;
            mask->states[next] =
                (struct mask_state){.depth = mask->states[at].depth + 1, .byte = byte};
            if (at == 0) {
                mask->roots[byte] = next;
            } else {
                mask->states[next].sibling = mask->states[at].child;
                mask->states[at].child = next;
            }
        }
        at = next;
    }
    mask->states[at].match = mask->states[at].depth;
}

/* Shorter states first, each from what its parent links to. */
static void link_states(struct mask *mask, uint32_t count)
{
    struct mask_state *states = mask->states;
    uint32_t *queue = memory_new(count, sizeof *queue);
    uint32_t tail = 0;
    for (int byte = 0; byte < 256; byte++) {
        if (mask->roots[byte] != 0)
            queue[tail++] = mask->roots[byte];
    }
    for (uint32_t head = 0; head < tail; head++) {
        const struct mask_state *parent = &states[queue[head]];
        for (uint32_t at = parent->child; at != 0; at = states[at].sibling) {
            uint32_t shorter = next_state(mask, parent->shorter, states[at].byte);
            states[at].shorter = shorter;
            if (states[at].match == 0)
                states[at].match = states[shorter].match;
            queue[tail++] = at;
        }
    }
    free(queue);
}

void mask_init(struct mask *mask, const char *const *texts)
{
    size_t bytes = 0;
    *mask = (struct mask){0};
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        bytes += strlen(texts[i]);
    if (bytes == 0)
        return;
    assert(bytes < UINT32_MAX);
    uint32_t count = 1;
    mask->states = memory_new(bytes + 1, sizeof *mask->states);
    for (size_t i = 0; texts[i] != NULL; i++)
        add_text(mask, texts[i], &count);
    link_states(mask, count);
}

void mask_free(struct mask *mask)
{
    free(mask->states);
    mask->states = NULL;
}

/* --- masking ---------------------------------------------------------------------------------- */

/* An occurrence ends here; it swallows those that it overlaps. */
static void add_range(struct mask_stream *stream, uint64_t begin, uint64_t end)
{
    struct mask_range range = {.begin = begin, .end = end};
    while (stream->range_count > 0 && stream->ranges[stream->range_count - 1].end > begin) {
        const struct mask_range *last = &stream->ranges[--stream->range_count];
        range.begin = last->begin < range.begin ? last->begin : range.begin;
        range.is_told = range.is_told || last->is_told;
    }
    stream->ranges = memory_grow(stream->ranges, stream->range_count, &stream->range_capacity,
                                 sizeof *stream->ranges);
    stream->ranges[stream->range_count++] = range;
}

/* Writes the bytes before `until`, which no later byte can change. */
static void decide(struct mask_stream *stream, uint64_t until, struct text *out)
{
    uint64_t first = stream->taken - stream->held.length;
    uint64_t at = first;
    size_t done = 0;
    while (at < until) {
        struct mask_range *range = done < stream->range_count ? &stream->ranges[done] : NULL;
        uint64_t plain_end = range != NULL && range->begin < until ? range->begin : until;
        if (at < plain_end) {
            text_append_bytes(out, stream->held.data + (at - first), plain_end - at);
            at = plain_end;
            continue;
        }
        if (!range->is_told)
            text_append(out, MASK_TEXT);
        range->is_told = true;
        at = range->end < until ? range->end : until;
        range->begin = at;
        done += range->end <= until ? 1 : 0;
    }
    size_t left = stream->held.length - (size_t)(at - first);
    if (at > first) {
        memmove(stream->held.data, stream->held.data + (at - first), left);
        stream->held.length = left;
    }
    stream->range_count -= done;
    if (done > 0)
        memmove(stream->ranges, stream->ranges + done,
                stream->range_count * sizeof *stream->ranges);
}

/* How many of the bytes cannot begin an occurrence. */
static size_t count_plain(const struct mask *mask, const char *bytes, size_t length)
{
    size_t count = 0;
    while (count < length && mask->roots[(unsigned char)bytes[count]] == 0)
        count++;
    return count;
}

void mask_take(const struct mask *mask, struct mask_stream *stream, const char *bytes,
               size_t length, struct text *out)
{
    if (mask->states == NULL) {
        text_append_bytes(out, bytes, length);
        return;
    }
    for (size_t i = 0; i < length; i++) {
        if (stream->state == 0) {
            decide(stream, stream->taken, out);
            size_t plain = count_plain(mask, bytes + i, length - i);
            text_append_bytes(out, bytes + i, plain);
            stream->taken += plain;
            i += plain;
            if (i == length)
                break;
        }
        text_append_char(&stream->held, bytes[i]);
        stream->taken++;
        stream->state = next_state(mask, stream->state, (unsigned char)bytes[i]);
        const struct mask_state *state = &mask->states[stream->state];
        if (state->match > 0)
            add_range(stream, stream->taken - state->match, stream->taken);
        if (state->child == 0) /* nothing is longer: what may go on is shorter */
            stream->state = state->shorter;
    }
    decide(stream, stream->taken - mask->states[stream->state].depth, out);
}

void mask_finish(const struct mask *mask, struct mask_stream *stream, struct text *out)
{
    if (mask->states != NULL)
        decide(stream, stream->taken, out);
    text_free(&stream->held);
    free(stream->ranges);
    *stream = (struct mask_stream){0};
}

void mask_text(const struct mask *mask, const char *text, struct text *out)
{
    struct mask_stream stream = {0};
    mask_take(mask, &stream, text, strlen(text), out);
    mask_finish(mask, &stream, out);
}
