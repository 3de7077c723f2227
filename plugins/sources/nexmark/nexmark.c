/*
 * The source `nexmark`: the events of the Nexmark benchmark, a seeded online auction. model.h
 * defines them; columns.c says which fields there are.
 */
#include "columns.h"
#include "random.h"

#include <streamd/convert.h>
#include <streamd/source.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIAGNOSTIC_START = 2152,
    DIAGNOSTIC_POSITION = 5214,
    NAP_US = 1000 /* a rate is kept by naps of at least this long */
};

struct nexmark_options {
    int64_t events;
    int64_t rate;
    int64_t seed;
    int64_t kind; /* enum model_kind */
    const char *start;
    int64_t spacing;
    int64_t splits;
};

static const char *const kind_choices[] = {"person", "auction", "bid", "all", NULL};

static const struct streamd_option options_table[] = {
    {.name = "events",
     .type = STREAMD_OPTION_INT,
     .offset = offsetof(struct nexmark_options, events),
     .default_text = "0",
     .minimum = 0,
     .maximum = INT64_C(1) << 50,
     .doc =
         "How many events of all kinds there are, also where only one `kind` is made; 0: no end"},
    {.name = "rate",
     .type = STREAMD_OPTION_INT,
     .offset = offsetof(struct nexmark_options, rate),
     .default_text = "0",
     .minimum = 0,
     .maximum = INT64_C(1000000000000),
     .doc = "Rows per second, of all splits together; 0: as fast as it goes"},
    {.name = "seed",
     .type = STREAMD_OPTION_INT,
     .offset = offsetof(struct nexmark_options, seed),
     .default_text = "1",
     .minimum = INT64_MIN,
     .maximum = INT64_MAX,
     .doc = "The same seed gives the same events"},
    {.name = "kind",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct nexmark_options, kind),
     .default_text = "all",
     .choices = kind_choices,
     .doc =
         "Events of one kind with their own fields, or all in rows with the fields of all kinds, "
         "where event_type is 0 for a person, 1 for an auction, 2 for a bid"},
    {.name = "start",
     .type = STREAMD_OPTION_STRING,
     .offset = offsetof(struct nexmark_options, start),
     .default_text = "2026-03-01T23:50:00Z",
     .doc = "Event time of the first event"},
    {.name = "spacing",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct nexmark_options, spacing),
     .default_text = "12ms",
     .minimum = 1,
     .maximum = INT64_C(86400000000),
     .doc = "Event time from one event to the next"},
    {.name = "splits",
     .type = STREAMD_OPTION_INT,
     .offset = offsetof(struct nexmark_options, splits),
     .default_text = "1",
     .minimum = 1,
     .maximum = 1024,
     .doc = "Parts that can be made in parallel: of n, number k makes rows k, k + n, k + 2n, ..."},
    {.name = NULL},
};

struct source {
    struct model model;
    struct texts texts;
    struct columns_scratch scratch;
    uint64_t *events; /* of the batch at hand; c->batch_rows, as are the lists in scratch */
};

struct split {
    struct streamd_split *handle;
    uint64_t first, stride; /* rows first, first + stride, ... of the kind */
    uint64_t made, total;   /* of this split; total UINT64_MAX: no end */
    int64_t started_at;     /* when `made` was `at_start`; 0: not yet */
    uint64_t at_start;
};

/* ---- bind -------------------------------------------------------------------------------- */

static int nexmark_bind(struct streamd_bind *b, const void *options)
{
    const struct nexmark_options *o = options;
    int64_t *start = streamd_bind_alloc(b, sizeof(*start));
    int rc;

    if (!start)
        return STREAMD_E_NOMEM;
    if (streamd_timestamp_parse(o->start, strlen(o->start), start)) {
        streamd_bind_error(b, "start", DIAGNOSTIC_START, "this is no time",
                           "write it like 2026-03-01T23:50:00Z");
        return STREAMD_E_REPORTED;
    }
    streamd_bind_set_private(b, start);
    rc = o->events == 0 ? streamd_bind_unbounded(b) : 0;
    if (!rc)
        rc = streamd_bind_output_event_time(b);
    if (!rc)
        rc = streamd_bind_output(b, columns_schema((enum model_kind)o->kind), STREAMD_APPEND, NULL);
    return rc;
}

/* ---- tasks and splits -------------------------------------------------------------------- */

static void nexmark_close(struct streamd_context *c, void *self)
{
    struct source *s = self;

    if (!s)
        return;
    texts_clear(c, &s->texts);
    streamd_free(c, s->scratch.at);
    streamd_free(c, s->scratch.events);
    streamd_free(c, s->events);
    streamd_free(c, s);
}

static int nexmark_open(struct streamd_context *c, void **self)
{
    const struct nexmark_options *o = c->options;
    struct source *s = streamd_alloc(c, sizeof(*s));
    int rc = s ? 0 : STREAMD_E_NOMEM;

    if (s) {
        *s = (struct source){.model = {.seed = random_bits((uint64_t)o->seed, 1),
                                       .start = *(const int64_t *)c->bound,
                                       .spacing = o->spacing}};
        s->scratch.at = streamd_alloc(c, c->batch_rows * sizeof(*s->scratch.at));
        s->scratch.events = streamd_alloc(c, c->batch_rows * sizeof(*s->scratch.events));
        s->events = streamd_alloc(c, c->batch_rows * sizeof(*s->events));
        rc = texts_init(c, &s->texts, &s->model);
    }
    if (rc || !s->scratch.at || !s->scratch.events || !s->events) {
        nexmark_close(c, s);
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to make events");
        return STREAMD_E_NOMEM;
    }
    *self = s;
    return 0;
}

static int nexmark_list(struct streamd_context *c, void *self)
{
    const struct nexmark_options *o = c->options;
    char id[24];
    int rc = 0;

    (void)self;
    for (int64_t i = 0; i < o->splits && !rc; i++) {
        snprintf(id, sizeof(id), "%" PRId64, i);
        rc = streamd_split_add(c, id, NULL);
    }
    return rc;
}

static int nexmark_open_split(struct streamd_context *c, void *self, const char *id,
                              const char *position, struct streamd_split *handle, void **opened)
{
    const struct nexmark_options *o = c->options;
    uint64_t rows = model_count((enum model_kind)o->kind, (uint64_t)o->events);
    uint64_t splits = (uint64_t)o->splits;
    struct split *s = streamd_alloc(c, sizeof(*s));
    char *end = NULL;

    (void)self;
    if (!s) {
        (void)streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to make events");
        return STREAMD_E_NOMEM;
    }
    *s = (struct split){.handle = handle, .stride = splits, .total = UINT64_MAX};
    s->first = strtoull(id, NULL, 10);
    if (o->events > 0)
        s->total = rows / splits + (s->first < rows % splits);
    if (position)
        s->made = strtoull(position, &end, 10);
    if (position && (end == position || *end != '\0' || s->made > s->total)) {
        streamd_free(c, s);
        (void)streamd_fail(c, STREAMD_FAIL_PIPELINE, DIAGNOSTIC_POSITION,
                           "the position is none of this generator's");
        return STREAMD_E_DATA;
    }
    *opened = s;
    return 0;
}

static void nexmark_close_split(struct streamd_context *c, void *self, void *split)
{
    (void)self;
    streamd_free(c, split);
}

/* ---- rows -------------------------------------------------------------------------------- */

/* How many rows may be made now by the rate; where it is 0, block_on was called. */
static uint64_t rows_due(struct streamd_context *c, struct split *s)
{
    const struct nexmark_options *o = c->options;
    double per_us = (double)o->rate / (double)o->splits / 1e6;
    int64_t now, next;
    double due;

    if (o->rate == 0)
        return UINT64_MAX;
    now = streamd_now(c);
    if (s->started_at == 0) {
        s->started_at = now;
        s->at_start = s->made;
    }
    due = (double)(now - s->started_at) * per_us - (double)(s->made - s->at_start);
    if (due >= 1)
        return (uint64_t)due;
    next = now + (int64_t)((1 - due) / per_us) + 1;
    streamd_block_on(c, -1, next > now + NAP_US ? next : now + NAP_US);
    return 0;
}

static struct streamd_batch *make_rows(struct streamd_context *c, struct source *source,
                                       const struct split *s, uint32_t count)
{
    const struct nexmark_options *o = c->options;
    struct columns_run run = {(enum model_kind)o->kind, count, source->events};
    struct streamd_batch *batch = streamd_batch_new(c, c->output, count);

    if (!batch)
        return NULL;
    for (uint32_t k = 0; k < count; k++)
        source->events[k] = model_event(run.kind, s->first + (s->made + k) * s->stride);
    if (columns_fill(c, &source->texts, &run, &source->scratch, batch) == 0)
        return batch;
    streamd_batch_release(c, batch);
    return NULL;
}

static enum streamd_flow nexmark_next(struct streamd_context *c, void *self, void *opened)
{
    struct split *s = opened;
    uint64_t count = s->total - s->made, due;
    struct streamd_batch *batch;
    int room;

    if (count == 0)
        return STREAMD_FINISHED;
    due = rows_due(c, s);
    if (due == 0)
        return STREAMD_BLOCKED;
    if (count > due)
        count = due;
    if (count > c->batch_rows)
        count = c->batch_rows;
    batch = make_rows(c, self, s, (uint32_t)count);
    if (!batch)
        return streamd_fail(c, STREAMD_FAIL_TASK, 0, "no memory to make events");
    s->made += count;
    room = streamd_split_emit(c, s->handle, batch);
    if (room < 0)
        return STREAMD_FAILED;
    return room ? STREAMD_OK : STREAMD_HAS_MORE;
}

static int nexmark_position(struct streamd_context *c, void *self, void *opened,
                            char text[STREAMD_POSITION_BYTES])
{
    const struct split *s = opened;

    (void)c;
    (void)self;
    snprintf(text, STREAMD_POSITION_BYTES, "%" PRIu64, s->made);
    return 0;
}

static const char nexmark_doc[] =
    "Makes the events of the Nexmark benchmark, the same for the same seed.\n\n"
    "An online auction: of every 50 events one is a new person, 3 are new auctions, 46 are bids. "
    "Rows "
    "have an event time without `event_time:`, the same as in dateTime.\n\n"
    "person: id, name, emailAddress, creditCard, city, state, dateTime, extra. "
    "auction: id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, "
    "extra. "
    "bid: auction, bidder, price, channel, url, dateTime, extra. "
    "all: event_type (0 person, 1 auction, 2 bid), dateTime, extra, then the other fields of the "
    "three, "
    "NULL where they are not of the event's kind; the ids are called person_id and auction_id.";

static const struct streamd_source nexmark = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_source, STREAMD_SOURCE, "nexmark"),
                   nexmark_doc, options_table, sizeof(struct nexmark_options)},
    .bind = nexmark_bind,
    .open = nexmark_open,
    .list = nexmark_list,
    .open_split = nexmark_open_split,
    .next = nexmark_next,
    .position = nexmark_position,
    .close_split = nexmark_close_split,
    .close = nexmark_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &nexmark.descriptor : NULL;
}
