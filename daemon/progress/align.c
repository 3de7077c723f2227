/*
 * `aligning` is n from its first barrier until the last input has it. `settled` only rises, and an
 * id at or below it can never be aligned again, which is what makes each id happen at most once
 * and swallows barriers that come behind their abort. `triggered` matters only where no barrier
 * will come: a trigger may be heard before or behind the last `end`.
 */
#include "progress/align.h"

void align_init(struct align *a, struct align_input *inputs, uint32_t count)
{
    *a = (struct align){.inputs = inputs, .count = count, .open = count};
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = (struct align_input){0};
}

static void settle(struct align *a, uint64_t id)
{
    if (id > a->settled)
        a->settled = id;
    if (a->aligning != 0 && a->aligning <= a->settled)
        a->aligning = 0;
}

/* The checkpoint that is aligned by now. */
static uint64_t try_finish(struct align *a)
{
    uint64_t id = a->aligning;

    if (id == 0) {
        if (a->open > 0 || a->triggered <= a->settled)
            return 0;
        id = a->triggered;
    } else {
        for (uint32_t i = 0; i < a->count; i++)
            if (!a->inputs[i].ended && a->inputs[i].barrier != id)
                return 0;
    }
    settle(a, id);
    return id;
}

uint64_t align_barrier(struct align *a, uint32_t index, uint64_t id)
{
    struct align_input *in = &a->inputs[index];

    if (in->ended || id <= in->barrier)
        return 0;
    in->barrier = id;
    if (id <= a->settled || id < a->aligning)
        return 0;
    if (a->aligning != 0 && id > a->aligning)
        settle(a, a->aligning);
    a->aligning = id;
    return try_finish(a);
}

uint64_t align_end(struct align *a, uint32_t index)
{
    if (a->inputs[index].ended)
        return 0;
    a->inputs[index].ended = 1;
    a->open--;
    return try_finish(a);
}

uint64_t align_trigger(struct align *a, uint64_t id)
{
    if (id > a->triggered)
        a->triggered = id;
    return try_finish(a);
}

void align_abort(struct align *a, uint64_t id)
{
    settle(a, id);
}
