/*
 * A harness's life, and its events. Each event goes on until the operator is done with it: when it
 * answers HAS_MORE the outputs are emptied and it is resumed, when it answers BLOCKED the clock
 * goes to the time it waits for.
 */
#include "inside.h"

#include "base/memory.h"

#include <string.h>

enum { MOST_STEPS = 10000000 }; /* of one event, before it counts as endless */

/* ---- life ----------------------------------------------------------------------------------- */

static void open_node(struct harness *h)
{
    int rc = h->op->open ? h->op->open(&h->context, &h->self) : 0;

    h->opened = rc == 0;
    if (rc && !h->failed)
        harness_broken(h, "open failed without saying why");
}

static void close_node(struct harness *h)
{
    if (h->opened && h->op->close)
        h->op->close(&h->context, h->self);
    h->self = NULL;
    h->opened = 0;
}

struct harness *harness_new(const struct harness_spec *spec)
{
    struct harness *h = harness_bare_new(spec);

    if (!h)
        return NULL;
    if (harness_add_services(h))
        harness_broken(h, "no memory");
    else if (!harness_bind(h))
        open_node(h);
    return h;
}

void harness_free(struct harness *h)
{
    if (!h)
        return;
    close_node(h);
    harness_close_tables(h);
    harness_remove_services(h);
    harness_unbind(h);
    harness_bare_free(h);
}

/* ---- events --------------------------------------------------------------------------------- */

static void drain(struct harness *h)
{
    for (uint32_t i = 0; i < h->output_count; i++)
        h->outputs[i].waiting = 0;
}

/* Takes an operator's answer to the end of the event. 0 or -1. */
static int finish(struct harness *h, enum streamd_flow flow)
{
    for (int steps = 0; flow == STREAMD_HAS_MORE || flow == STREAMD_BLOCKED; steps++) {
        if (!h->op->resume || steps == MOST_STEPS) {
            harness_broken(h, h->op->resume ? "the event does not end"
                                            : "answers HAS_MORE without a resume function");
            return -1;
        }
        if (flow == STREAMD_BLOCKED && h->wake != INT64_MAX && h->wake > h->clock)
            h->clock = h->wake;
        drain(h);
        flow = h->op->resume(&h->context, h->self);
    }
    drain(h);
    if (flow == STREAMD_FAILED && !h->failed)
        harness_broken(h, "failed without saying why");
    return h->failed ? -1 : 0;
}

int harness_send_batch(struct harness *h, struct streamd_batch *batch)
{
    int rc = 0;

    if (h->failed)
        rc = -1;
    else if (batch->count)
        rc = finish(h, h->op->batch(&h->context, h->self, 0, batch));
    batch_release(batch);
    return rc;
}

int harness_send(struct harness *h, const char *rows)
{
    uint32_t most = h->context.batch_rows;

    while (*rows && !h->failed) {
        const char *end = rows;
        struct streamd_batch *batch;
        char *piece;

        for (uint32_t lines = 0; *end && lines < most; lines++)
            end += strcspn(end, "\n") + 1;
        piece = memory_strndup(rows, (size_t)(end - rows));
        batch = piece ? harness_batch(h, h->input, piece) : NULL;
        memory_free(piece);
        if (!batch) {
            harness_broken(h, "no memory for rows");
            return -1;
        }
        if (h->spec.timeless)
            batch->event_time = NULL;
        if (harness_send_batch(h, batch))
            return -1;
        rows = end;
    }
    return h->failed ? -1 : 0;
}

/* Number of a table with timers of this kind that is due, or -1. */
static int32_t due_table(struct harness *h, uint32_t flag, int64_t until)
{
    for (uint32_t i = 0; i < h->table_count; i++) {
        int64_t first;

        if ((h->tables[i].decl.flags & flag) && streamd_table_first(h->tables[i].table, &first) &&
            first <= until)
            return (int32_t)i;
    }
    return -1;
}

static int run_timer(struct harness *h, int32_t table, int64_t now)
{
    return finish(h, h->op->timer ? h->op->timer(&h->context, h->self, table, now) : STREAMD_OK);
}

int harness_watermark(struct harness *h, int64_t watermark)
{
    int32_t table;

    for (int steps = 0; h->op->timer && !h->failed &&
                        (table = due_table(h, STREAMD_TABLE_EVENT_TIMERS, watermark)) >= 0;
         steps++) {
        if (run_timer(h, table, watermark))
            return -1;
        if (steps == MOST_STEPS)
            harness_broken(h, "timers do not end");
    }
    h->watermark = watermark;
    if (h->failed)
        return -1;
    return finish(h, h->op->watermark ? h->op->watermark(&h->context, h->self, watermark)
                                      : STREAMD_OK);
}

/* The earliest time that the operator or a table with timers asks for. */
static int64_t next_wake(struct harness *h)
{
    int64_t wake = h->wake;

    for (uint32_t i = 0; i < h->table_count; i++) {
        int64_t first;

        if ((h->tables[i].decl.flags & STREAMD_TABLE_PROCESSING_TIMERS) &&
            streamd_table_first(h->tables[i].table, &first) && first < wake)
            wake = first;
    }
    return wake;
}

int harness_clock(struct harness *h, int64_t now)
{
    for (int steps = 0; !h->failed && next_wake(h) <= now; steps++) {
        int64_t wake = next_wake(h);
        int32_t table;

        h->clock = wake > h->clock ? wake : h->clock;
        table = due_table(h, STREAMD_TABLE_PROCESSING_TIMERS, h->clock);
        if (table < 0)
            h->wake = INT64_MAX;
        if (run_timer(h, table, h->clock))
            return -1;
        if (steps == MOST_STEPS)
            harness_broken(h, "timers do not end");
    }
    h->clock = now > h->clock ? now : h->clock;
    return h->failed ? -1 : 0;
}

int harness_end(struct harness *h)
{
    if (harness_watermark(h, INT64_MAX))
        return -1;
    return finish(h, h->op->end ? h->op->end(&h->context, h->self, 0) : STREAMD_OK);
}

int harness_reopen(struct harness *h)
{
    close_node(h);
    if (harness_move_state(h))
        return -1;
    h->wake = INT64_MAX;
    open_node(h);
    if (h->failed || h->watermark == INT64_MIN)
        return h->failed ? -1 : 0;
    return harness_watermark(h, h->watermark);
}
