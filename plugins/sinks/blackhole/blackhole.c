/*
 * The sink `blackhole`: takes everything and keeps nothing. The host counts the rows; what it is
 * for is measuring the nodes before it, so it counts as a reader of all its input's fields.
 */
#include <streamd/operator.h>

static int blackhole_bind(struct streamd_bind *b, const void *options)
{
    (void)options;
    return streamd_bind_accepts(b, STREAMD_APPEND | STREAMD_UPSERT | STREAMD_RETRACT);
}

static enum streamd_flow blackhole_batch(struct streamd_context *c, void *self, uint32_t input,
                                         struct streamd_batch *batch)
{
    (void)c;
    (void)self;
    (void)input;
    (void)batch;
    return STREAMD_OK;
}

static const struct streamd_operator blackhole = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_SINK, "blackhole"),
                   "Counts what it gets and keeps nothing, for measuring.", NULL, 0},
    .bind = blackhole_bind,
    .batch = blackhole_batch,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &blackhole.descriptor : NULL;
}
