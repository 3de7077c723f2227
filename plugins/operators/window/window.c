/*
 * The operator `window`: what users write, and the events of a task. window.h says what is where.
 *
 * An event may have more to send than fits the output. Then `resume` of the task is the step that
 * goes on, and where it stands is in the task; nothing else there outlives an event but what the
 * host says again after a restart, or what can be read from the tables.
 */
#include "window.h"

#include <string.h>

/* A hundred years: sums of a few of them and a time are far from overflow. */
#define LONGEST (INT64_C(36525) * 86400 * 1000000)

#define CHOICE(name_, member, type_, low, high, doc_)                                   \
    {                                                                                   \
        .name = name_, .type = type_, .offset = offsetof(struct window_choice, member), \
        .present_offset = offsetof(struct window_choice, has_##member), .minimum = low, \
        .maximum = high, .doc = doc_                                                    \
    }
#define SPAN(name, member, doc) CHOICE(name, member, STREAMD_OPTION_DURATION, 1, LONGEST, doc)

static const char *const time_choices[] = {"event", "processing", NULL};
static const char *const emit_choices[] = {"updates", "final", NULL};

static const struct streamd_option choice_table[] = {
    SPAN("tumbling", tumbling, "windows of this length, one after the other"),
    SPAN("sliding", sliding, "windows of this length, a new one `every` so often"),
    SPAN("every", every, "with `sliding`: time from one window's start to the next"),
    SPAN("session", session, "windows that last until nothing has come for so long"),
    SPAN("cumulative", cumulative,
         "windows that grow by `step` up to this length, then begin anew"),
    SPAN("step", step, "with `cumulative`: by how much a window grows"),
    CHOICE("count", count, STREAMD_OPTION_INT, 1, INT64_MAX, "windows of so many rows"),
    CHOICE("global", global, STREAMD_OPTION_BOOL, 0, 0, "one window that ends with the input"),
    CHOICE("offset", offset, STREAMD_OPTION_DURATION, 0, LONGEST,
           "moves where windows begin, counted from 1970-01-01 00:00 UTC"),
    {.name = "time",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct window_choice, time),
     .present_offset = offsetof(struct window_choice, has_time),
     .default_text = "event",
     .choices = time_choices,
     .doc = "the clock that windows go by"},
    {.name = "allowed_lateness",
     .type = STREAMD_OPTION_DURATION,
     .offset = offsetof(struct window_choice, allowed_lateness),
     .present_offset = offsetof(struct window_choice, has_lateness),
     .maximum = LONGEST,
     .doc = "how long after its end a window still takes rows"},
    CHOICE("early", early, STREAMD_OPTION_DURATION, 1000, LONGEST,
           "results before the end, this often by processing time, where something changed"),
    {.name = "emit",
     .type = STREAMD_OPTION_ENUM,
     .offset = offsetof(struct window_choice, emit),
     .present_offset = offsetof(struct window_choice, has_emit),
     .choices = emit_choices,
     .doc = "a row at each change, or one row when nothing can change any more; `updates` where "
            "there is `allowed_lateness` or `early`, else `final`"},
    {0},
};

static const struct streamd_field extra_columns[] = {
    {"window_start", {.id = STREAMD_TIMESTAMP}},
    {"window_end", {.id = STREAMD_TIMESTAMP}},
    {0},
};

static const struct streamd_option options_table[] = {
    {.name = "window",
     .type = STREAMD_OPTION_GROUP,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct window_options, window),
     .children = choice_table,
     .children_size = sizeof(struct window_choice),
     .doc = "the kind of window, and what goes with it"},
    {.name = "select",
     .type = STREAMD_OPTION_AGGREGATES,
     .flags = STREAMD_OPTION_REQUIRED,
     .offset = offsetof(struct window_options, select),
     .extra_columns = extra_columns,
     .doc = "fields of the result behind the keys: aggregates, window_start, window_end"},
    {0},
};

/* ---- scratch memory ------------------------------------------------------------------------- */

enum streamd_flow window_no_memory(struct window_task *t)
{
    return streamd_fail(t->c, STREAMD_FAIL_TASK, 5301, "out of memory for windows");
}

/* One array of the scratch memory; on failure the old one lives on. */
static int grow(struct window_task *t, void *array, size_t bytes)
{
    void *old, *grown;

    memcpy(&old, array, sizeof(old));
    grown = streamd_realloc(t->c, old, bytes);
    if (!grown)
        return STREAMD_E_NOMEM;
    memcpy(array, &grown, sizeof(grown));
    return 0;
}

int window_reserve(struct window_task *t, uint32_t n)
{
    if (n <= t->room)
        return 0;
    if (grow(t, &t->rows, n * sizeof(*t->rows)) || grow(t, &t->some, n * sizeof(*t->some)) ||
        grow(t, &t->from, n * sizeof(*t->from)) || grow(t, &t->created, n) ||
        grow(t, &t->left, n * sizeof(*t->left)) || grow(t, &t->out, n * sizeof(*t->out)) ||
        grow(t, &t->starts, n * sizeof(*t->starts)) || grow(t, &t->ends, n * sizeof(*t->ends)) ||
        grow(t, &t->groups.sorted, n * sizeof(*t->groups.sorted)) ||
        grow(t, &t->groups.of, n * sizeof(*t->groups.of))) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    t->room = n;
    return 0;
}

/* ---- time ----------------------------------------------------------------------------------- */

/* Asks for the next event by the clock. */
static void arm(struct window_task *t)
{
    const struct window_plan *p = t->plan;
    int64_t at = t->early_at;

    if (p->by_clock) {
        int64_t end = p->ops->first_end(t);

        at = end < at ? end : at;
    }
    if (at != INT64_MAX)
        streamd_wake_at(t->c, at);
}

enum streamd_flow window_done(struct window_task *t)
{
    if (t->early_due) {
        t->early_due = 0;
        t->early_at = INT64_MAX;
        return t->plan->ops->early(t);
    }
    arm(t);
    return STREAMD_OK;
}

int64_t window_now(struct window_task *t)
{
    int64_t now = streamd_now(t->c);

    return now > t->watermark ? now : clock_add(t->watermark, 1);
}

void window_changed(struct window_task *t)
{
    if (t->plan->early && t->early_at == INT64_MAX)
        t->early_at = clock_add(streamd_now(t->c), t->plan->early);
}

/* ---- events --------------------------------------------------------------------------------- */

static enum streamd_flow window_batch(struct streamd_context *c, void *self, uint32_t input,
                                      struct streamd_batch *batch)
{
    struct window_task *t = self;

    (void)c;
    (void)input;
    if (window_reserve(t, batch->rows))
        return STREAMD_FAILED;
    return t->plan->ops->batch(t, batch);
}

static enum streamd_flow window_watermark(struct streamd_context *c, void *self, int64_t watermark)
{
    struct window_task *t = self;

    (void)c;
    if (t->plan->by_clock && watermark != INT64_MAX)
        return STREAMD_OK;
    if (watermark > t->watermark)
        t->watermark = watermark;
    return t->plan->ops->fire(t);
}

static enum streamd_flow window_timer(struct streamd_context *c, void *self, int32_t table,
                                      int64_t now)
{
    struct window_task *t = self;

    (void)c;
    (void)table;
    t->early_due = now >= t->early_at;
    if (!t->plan->by_clock)
        return window_done(t);
    if (now - 1 > t->watermark)
        t->watermark = now - 1;
    return t->plan->ops->fire(t);
}

static enum streamd_flow window_resume(struct streamd_context *c, void *self)
{
    struct window_task *t = self;

    (void)c;
    return t->resume(t);
}

static enum streamd_flow window_prepare(struct streamd_context *c, void *self, uint64_t id)
{
    struct window_task *t = self;

    (void)c;
    (void)id;
    if (t->plan->ops->seal)
        t->plan->ops->seal(t);
    return STREAMD_OK;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void window_close(struct streamd_context *c, void *self)
{
    struct window_task *t = self;

    if (!t)
        return;
    streamd_free(c, t->rows);
    streamd_free(c, t->some);
    streamd_free(c, t->from);
    streamd_free(c, t->created);
    streamd_free(c, t->left);
    streamd_free(c, t->out);
    streamd_free(c, t->starts);
    streamd_free(c, t->ends);
    streamd_free(c, t->columns);
    streamd_free(c, t->groups.sorted);
    streamd_free(c, t->groups.of);
    streamd_free(c, t->groups.items);
    streamd_free(c, t->groups.slots);
    streamd_free(c, t);
}

static void find_tables(struct window_task *t)
{
    struct streamd_context *c = t->c;
    const struct window_plan *p = t->plan;

    t->table = streamd_context_table(c, p->table);
    t->older = streamd_context_table(c, p->older);
    t->spans[0] = streamd_context_table(c, p->spans[0]);
    t->spans[1] = streamd_context_table(c, p->spans[1]);
    t->result = streamd_context_table(c, p->result);
    t->sent = streamd_context_table(c, p->sent);
    t->progress = streamd_context_table(c, p->progress);
}

static int window_open(struct streamd_context *c, void **self)
{
    struct window_task *t = streamd_alloc(c, sizeof(*t));

    if (t) {
        memset(t, 0, sizeof(*t));
        t->columns = streamd_alloc(c, (c->key_count + 1) * sizeof(*t->columns));
    }
    if (!t || !t->columns) {
        streamd_free(c, t);
        streamd_fail(c, STREAMD_FAIL_TASK, 5301, "out of memory for windows");
        return STREAMD_E_NOMEM;
    }
    t->c = c;
    t->plan = c->bound;
    t->watermark = t->fired = INT64_MIN;
    t->early_at = INT64_MAX;
    if (window_reserve(t, c->batch_rows)) {
        window_close(c, t);
        return STREAMD_E_NOMEM;
    }
    *self = t;
    find_tables(t);
    if (t->plan->ops->open)
        t->plan->ops->open(t);
    window_changed(t); /* what was restored may not have been sent yet */
    arm(t);
    return 0;
}

static const struct streamd_operator window_operator = {
    .descriptor = {STREAMD_DESCRIPTOR(struct streamd_operator, STREAMD_OPERATOR, "window"),
                   "Groups rows by key and window, and gives one row for each group.\n\n"
                   "Without `key_by` a window is over all rows. Rows that come too late for all "
                   "their windows go to the side output `late`.",
                   options_table, sizeof(struct window_options)},
    .bind = window_bind,
    .open = window_open,
    .batch = window_batch,
    .watermark = window_watermark,
    .timer = window_timer,
    .resume = window_resume,
    .prepare = window_prepare,
    .close = window_close,
};

STREAMD_EXPORT const struct streamd_descriptor *streamd_plugin(uint32_t index)
{
    return index == 0 ? &window_operator.descriptor : NULL;
}
