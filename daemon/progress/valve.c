/*
 * One function recomputes the output from the facts about the inputs; each event changes a fact.
 * INT64_MAX means "drained" and goes out only when every open input has said it: an idle input may
 * come back, and its records must not find every window closed.
 */
#include "progress/valve.h"

#include <string.h>

void valve_init(struct valve *v, struct valve_input *inputs, uint32_t count)
{
    v->inputs = inputs;
    v->count = count;
    v->output = VALVE_NONE;
    v->idle = 0;
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = (struct valve_input){.watermark = VALVE_NONE, .active = 1, .aligned = 1};
}

static void raise_output(struct valve *v, int64_t watermark, struct valve_change *change)
{
    if (watermark > v->output) {
        v->output = watermark;
        change->watermark_rose = 1;
    }
}

static struct valve_change recompute(struct valve *v)
{
    struct valve_change change = {0};
    int64_t least = INT64_MAX, largest = VALVE_NONE;
    uint32_t active = 0, aligned = 0;
    int drained = 1;

    for (uint32_t i = 0; i < v->count; i++) {
        const struct valve_input *in = &v->inputs[i];

        if (in->ended)
            continue;
        if (in->watermark < INT64_MAX)
            drained = 0;
        if (in->watermark > largest)
            largest = in->watermark;
        active += in->active;
        if (in->active && in->aligned) {
            aligned++;
            if (in->watermark < least)
                least = in->watermark;
        }
    }
    if (active == 0) {
        if (!v->idle) {
            if (largest < INT64_MAX || drained)
                raise_output(v, largest, &change);
            v->idle = 1;
            change.went_idle = 1;
        }
        return change;
    }
    if (v->idle) {
        v->idle = 0;
        change.went_active = 1;
    }
    if (aligned > 0 && (least < INT64_MAX || drained))
        raise_output(v, least, &change);
    return change;
}

struct valve_change valve_watermark(struct valve *v, uint32_t index, int64_t watermark)
{
    struct valve_input *in = &v->inputs[index];

    if (!in->active || in->ended || watermark <= in->watermark)
        return (struct valve_change){0};
    in->watermark = watermark;
    if (!in->aligned && watermark >= v->output)
        in->aligned = 1;
    return recompute(v);
}

struct valve_change valve_idle(struct valve *v, uint32_t index)
{
    if (!v->inputs[index].active || v->inputs[index].ended)
        return (struct valve_change){0};
    v->inputs[index].active = 0;
    v->inputs[index].aligned = 0;
    return recompute(v);
}

struct valve_change valve_active(struct valve *v, uint32_t index)
{
    struct valve_input *in = &v->inputs[index];

    if (in->active)
        return (struct valve_change){0};
    in->active = 1;
    in->aligned = in->watermark >= v->output;
    return recompute(v);
}

/*
 * An input that has ended holds nothing back any more. It is not idle: when every input has ended,
 * the output stays what the watermarks said, which is INT64_MAX for input that was drained and less
 * for input that was cut off.
 */
struct valve_change valve_end(struct valve *v, uint32_t index)
{
    struct valve_input *in = &v->inputs[index];
    uint32_t open = 0;

    in->ended = 1;
    in->active = 0;
    in->aligned = 0;
    for (uint32_t i = 0; i < v->count; i++)
        open += !v->inputs[i].ended;
    if (open == 0)
        return (struct valve_change){0};
    return recompute(v);
}
