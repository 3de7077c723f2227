/*
 * progress/align.h - alignment of one task's inputs on checkpoint barriers. Pure.
 *
 * A task takes part in checkpoint n when barrier n has come on every input channel: what came
 * before it on each belongs to n, what comes behind it does not. Until then channels that have
 * barrier n are not taken (rule R4 of the exchange); all others are. `end` on a channel counts as
 * every later barrier. A task without inputs (a source), or whose inputs have all ended, gets no
 * barrier: it takes part as soon as it hears of the trigger.
 *
 *      input 0   rows [n] rows          blocked from its barrier on
 *      input 1   rows rows [n]          -> aligned: snapshot, pass the barrier on, go on
 *      input 2   rows [end]             counts as [n]
 *
 * An alignment is given up when the coordinator aborts n, or when barrier m > n comes on any
 * channel: the coordinator has then aborted n, and word of it is still under way. Barriers of what
 * was given up, aborted or aligned are swallowed. Ids rise and are never used twice; 0 is none.
 *
 * Every function that can finish an alignment returns the id of the checkpoint that is now aligned,
 * or 0. On an id the caller, before it takes another frame: prepares (sinks), freezes its state,
 * sends the barrier on all outputs that have not ended - and only then handles the `end` that
 * brought it about, if it was one.
 */
#ifndef PROGRESS_ALIGN_H
#define PROGRESS_ALIGN_H

#include <stdint.h>

struct align_input {
    uint64_t barrier; /* the highest that came; 0: none */
    uint8_t ended;
};

struct align {
    struct align_input *inputs; /* owned by the caller, `count` of them */
    uint32_t count;
    uint32_t open;      /* inputs that have not ended */
    uint64_t aligning;  /* being aligned; 0: none */
    uint64_t triggered; /* the highest trigger heard of */
    uint64_t settled;   /* the highest that was aligned or given up */
};

/* No barrier yet. `count` may be 0: a source. */
void align_init(struct align *align, struct align_input *inputs, uint32_t count);

/* Barrier `id` was taken from input `index`. */
uint64_t align_barrier(struct align *align, uint32_t index, uint64_t id);

/* Input `index` has ended. */
uint64_t align_end(struct align *align, uint32_t index);

/* The worker was told to take checkpoint `id`. */
uint64_t align_trigger(struct align *align, uint64_t id);

/* Checkpoint `id`, and any before it, was aborted: its blocked channels may be taken again. */
void align_abort(struct align *align, uint64_t id);

/* 1 where input `index` must not be taken now. */
static inline int align_is_blocked(const struct align *align, uint32_t index)
{
    return align->aligning != 0 && align->inputs[index].barrier == align->aligning;
}

#endif
