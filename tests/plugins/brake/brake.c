/*
 * The operator `brake`: rows pass unchanged, at most `rate` a second in each task (README). Time is
 * counted from the first row; a task that fell behind does not make up for more than SLACK_NS, or
 * it would race after each wait that was not its own.
 */
#include <streamd/operator.h>

#include <errno.h>
#include <time.h>

#define SECOND_NS INT64_C(1000000000)
#define SLACK_NS INT64_C(20000000)

struct brake_options {
    int64_t rate;
};

static const struct streamd_option options_table[] = {
    {.name = "rate",
     .type = STREAMD_OPTION_INT,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct brake_options, rate),
     .minimum = 1,
     .maximum = SECOND_NS,
     .doc = "Rows per second and task"},
    {.name = NULL},
};

struct brake {
    int64_t due_ns; /* when the next row may pass */
};

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

static int brake_bind(struct streamd_bind *b, const void *options)
{
    const struct streamd_schema *schema = streamd_bind_input(b, 0);
    int rc = streamd_bind_accepts(b, STREAMD_APPEND);

    (void)options;
    if (!rc)
        rc = streamd_bind_output(b, schema, STREAMD_APPEND, NULL);
    for (uint32_t i = 0; !rc && i < schema->field_count; i++)
        rc = streamd_bind_output_from_input(b, i, i);
    return rc;
}

static int brake_open(struct streamd_context *c, void **self)
{
    struct brake *brake = streamd_alloc(c, sizeof(*brake));

    if (!brake)
        return STREAMD_E_NOMEM;
    brake->due_ns = 0;
    *self = brake;
    return 0;
}

static void brake_close(struct streamd_context *c, void *self)
{
    streamd_free(c, self);
}

static enum streamd_flow brake_batch(struct streamd_context *c, void *self, uint32_t input,
                                     struct streamd_batch *batch)
{
    const struct brake_options *o = c->options;
    struct brake *brake = self;
    int64_t now = now_ns();

    (void)input;
    if (brake->due_ns < now - SLACK_NS)
        brake->due_ns = now - SLACK_NS;
    brake->due_ns += SECOND_NS / o->rate * batch->count;
    if (brake->due_ns > now)
        sleep_until(brake->due_ns);
    return streamd_emit(c, 0, streamd_batch_retain(c, batch)) < 0 ? STREAMD_FAILED : STREAMD_OK;
}

static const struct streamd_operator brake = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "brake"),
                   "Passes rows on, at most so many a second.", options_table,
                   sizeof(struct brake_options)},
    .bind = brake_bind,
    .open = brake_open,
    .batch = brake_batch,
    .close = brake_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &brake.descriptor : NULL;
}
