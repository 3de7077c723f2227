/*
 * progress/valve.h - the watermark of a task from the watermarks of its inputs. Pure.
 *
 * The output watermark is the least over the inputs that count: those that are active and have
 * caught up. It never goes back. An input that goes idle leaves the minimum; when all are idle the
 * largest watermark of all is taken first, and then the output is idle too. An input that comes
 * back and is behind the output is read, but counts only when it has caught up. (semantics.md 1.2:
 * Flink's StatusWatermarkValve.)
 */
#ifndef PROGRESS_VALVE_H
#define PROGRESS_VALVE_H

#include <stdint.h>

/* "No watermark yet". */
#define VALVE_NONE INT64_MIN

struct valve_input {
    int64_t watermark;
    uint8_t active;
    uint8_t aligned; /* counts towards the minimum */
    uint8_t ended;   /* counts as INT64_MAX */
};

struct valve {
    struct valve_input *inputs; /* owned by the caller, `count` of them */
    uint32_t count;
    int64_t output;
    int idle;
};

/* What the output has to say after an input changed. */
struct valve_change {
    int watermark_rose; /* valve.output is higher than before */
    int went_idle;      /* after the watermark, if that rose */
    int went_active;    /* before the watermark, if that rose */
};

/* All inputs active, without a watermark. */
void valve_init(struct valve *valve, struct valve_input *inputs, uint32_t count);

/* Input `index` has a new watermark; went idle; came back; ended. */
struct valve_change valve_watermark(struct valve *valve, uint32_t index, int64_t watermark);
struct valve_change valve_idle(struct valve *valve, uint32_t index);
struct valve_change valve_active(struct valve *valve, uint32_t index);
struct valve_change valve_end(struct valve *valve, uint32_t index);

#endif
