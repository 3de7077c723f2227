/* What the options mean, and what is wrong with them. All problems are reported, not the first. */
#include "session.h"

#include <stdio.h>
#include <string.h>

/* Stable numbers of the diagnostics. */
enum {
    ONE_KIND = 2170,
    WRONG_PARTNER = 2171,
    WRONG_LENGTH = 2172,
    NO_EVENT_TIME = 2173,
    NO_USE = 2174,
    NO_SUCH_TIME = 2175,
    NO_KEY = 2176,
    NOT_MERGEABLE = 2177,
    TOO_MANY = 2178,
    KEY_TYPE = 2179
};

enum { MOST_WINDOWS = 10000 }; /* that one row may be in */

/* A node being bound. */
struct binding {
    struct streamd_bind *b;
    const struct window_choice *w;
    const struct streamd_aggregates *a;
    struct window_plan *p;
    int problems;
};

static void problem(struct binding *x, const char *option, int code, const char *message,
                    const char *help)
{
    streamd_bind_error(x->b, option, code, message, help);
    x->problems++;
}

/* ---- the kind ----------------------------------------------------------------------------- */

static int is_timed(enum window_kind kind)
{
    return kind != WINDOW_COUNT && kind != WINDOW_GLOBAL;
}

static void find_kind(struct binding *x)
{
    const struct window_choice *w = x->w;
    struct window_plan *p = x->p;
    int has_global = w->has_global && w->global;
    int kinds = w->has_tumbling + w->has_sliding + w->has_session + w->has_cumulative +
                w->has_count + has_global;

    p->kind = w->has_tumbling     ? WINDOW_TUMBLING
              : w->has_sliding    ? WINDOW_SLIDING
              : w->has_session    ? WINDOW_SESSION
              : w->has_cumulative ? WINDOW_CUMULATIVE
              : w->has_count      ? WINDOW_COUNT
                                  : WINDOW_GLOBAL;
    p->size = w->tumbling + w->sliding + w->session + w->cumulative + w->count;
    if (kinds != 1)
        problem(x, "window", ONE_KIND,
                kinds ? "a window is of one kind" : "it is not said which kind of window",
                "give one of tumbling: 5m, sliding: 10m (with every: 1m), session: 30m, "
                "cumulative: 1d (with step: 1h), count: 100, global: true");
}

/* `every` belongs to sliding windows and `step` to cumulative ones, and those need them. */
static void check_partners(struct binding *x)
{
    const struct window_choice *w = x->w;

    if (w->has_sliding && !w->has_every)
        problem(x, "window.sliding", WRONG_PARTNER,
                "a sliding window needs `every`: how often a new one starts",
                "write {sliding: 10m, every: 1m}, or tumbling: 10m for one after the other");
    if (w->has_every && !w->has_sliding)
        problem(x, "window.every", WRONG_PARTNER, "`every` belongs to sliding windows",
                "write {sliding: 10m, every: 1m}, or leave it out");
    if (w->has_cumulative && !w->has_step)
        problem(x, "window.cumulative", WRONG_PARTNER,
                "a cumulative window needs `step`: by how much it grows",
                "write {cumulative: 1d, step: 1h}");
    if (w->has_step && !w->has_cumulative)
        problem(x, "window.step", WRONG_PARTNER, "`step` belongs to cumulative windows",
                "write {cumulative: 1d, step: 1h}, or leave it out");
}

static void check_lengths(struct binding *x)
{
    const struct window_choice *w = x->w;
    int64_t turn = w->has_sliding ? w->every : x->p->size;

    if (w->has_sliding && w->every > w->sliding)
        problem(x, "window.every", WRONG_LENGTH,
                "`every` is longer than the window: some rows would be in none",
                "take a longer window, or tumbling windows behind a filter");
    else if (w->has_every && w->sliding / w->every >= MOST_WINDOWS)
        problem(x, "window.every", TOO_MANY, "each row would be in more than 10000 windows",
                "let windows start less often");
    if (w->has_step && w->step && w->cumulative % w->step)
        problem(x, "window.step", WRONG_LENGTH, "the window's length is no multiple of `step`",
                "the last step would be shorter than the others: choose a step that divides it");
    else if (w->has_step && w->step && w->cumulative / w->step > MOST_WINDOWS)
        problem(x, "window.step", TOO_MANY, "each row would be in more than 10000 windows",
                "let the window grow by larger steps");
    if (w->has_offset && (w->has_session || !is_timed(x->p->kind)))
        problem(x, "window.offset", NO_USE, "this kind of window is not aligned to the clock",
                "leave `offset` out");
    else if (w->has_offset && turn > 0 && w->offset >= turn)
        problem(x, "window.offset", WRONG_LENGTH,
                "`offset` is not less than the time from one window to the next",
                "offsets repeat: take the rest of it");
}

/* ---- time, and when results come ------------------------------------------------------------ */

static void check_time(struct binding *x)
{
    const struct window_choice *w = x->w;
    int timed = is_timed(x->p->kind), by_clock = w->time == WINDOW_PROCESSING_TIME;

    if (w->has_time && !timed)
        problem(x, "window.time", NO_USE, "this kind of window does not go by time",
                "leave `time` out");
    if (w->has_lateness && (!timed || by_clock))
        problem(x, "window.allowed_lateness", NO_USE,
                "nothing is ever late for this window, which does not go by event time",
                "leave `allowed_lateness` out");
    if (timed && !by_clock && !streamd_bind_input_event_time(x->b, 0))
        problem(x, "window", NO_EVENT_TIME, "the rows of its input have no event time",
                "say at the source which field it is, event_time: {field: at}; or let the window "
                "go by the clock, time: processing");
    if (w->has_early && x->p->kind == WINDOW_COUNT)
        problem(x, "window.early", NO_USE, "a count window gives one result, when it is full",
                "leave `early` out");
    if (w->has_early && w->has_emit && w->emit == WINDOW_EMIT_FINAL)
        problem(x, "window.emit", NO_USE, "`early` asks for updates, `emit: final` for none",
                "leave one of the two out");
}

/* Early updates need to know what changed in each window, and that a pane cannot say. */
static void set_sharing(struct binding *x)
{
    struct window_plan *p = x->p;
    int overlap = (p->kind == WINDOW_SLIDING || p->kind == WINDOW_CUMULATIVE) && p->size > p->step;

    p->shared = overlap && x->a->mergeable && !p->early;
    p->flags = p->updates && !p->shared ? WINDOW_FLAGS : 0;
    if (p->kind != WINDOW_SLIDING || p->step <= SHARED_LEVELS)
        return; /* a span's namespace is its start + level */
    /* A span of nearly the whole window is used too seldom to be worth its making. */
    while (p->shared && (INT64_C(2) << p->levels) * 5 <= p->size / p->step * 4)
        p->levels++;
}

static void set_times(struct window_plan *p, const struct window_choice *w)
{
    int final = w->has_emit && w->emit == WINDOW_EMIT_FINAL;

    p->by_clock = is_timed(p->kind) && w->time == WINDOW_PROCESSING_TIME;
    p->step = p->kind == WINDOW_SLIDING ? w->every : p->size;
    if (p->kind == WINDOW_CUMULATIVE)
        p->step = w->step;
    p->span = p->kind == WINDOW_CUMULATIVE ? p->step : p->size;
    p->offset = w->offset;
    p->lateness = w->allowed_lateness;
    p->early = w->early;
    p->updates = !final && (p->lateness > 0 || p->early > 0);
    p->delay = final ? p->lateness : 0;
}

/* ---- the result ----------------------------------------------------------------------------- */

static void check_select(struct binding *x)
{
    if (!is_timed(x->p->kind) && x->a->extras_read)
        problem(x, "select", NO_SUCH_TIME,
                "this kind of window has no window_start and no window_end",
                "take min(at) or max(at) of the field that holds the time");
    if (x->p->kind == WINDOW_SESSION && !x->a->mergeable)
        problem(x, "select", NOT_MERGEABLE,
                "sessions grow together, and one of these aggregates cannot be merged",
                "use other aggregates, or another kind of window");
}

/* The fields that make a result unique. NULL: no memory, or a problem was reported. */
static const struct streamd_strings *result_key(struct binding *x)
{
    const struct streamd_strings *keys = streamd_bind_key_by(x->b);
    struct streamd_strings *out = streamd_bind_alloc(x->b, sizeof(*out));
    const char **items = streamd_bind_alloc(x->b, (x->a->output.field_count + 1) * sizeof(*items));
    int needs_end = x->p->kind == WINDOW_CUMULATIVE, found = 0;

    if (!out || !items)
        return NULL;
    out->items = items;
    for (uint32_t i = 0; i < keys->count; i++)
        items[out->count++] = keys->items[i];
    for (uint32_t i = keys->count; i < x->a->output.field_count; i++) {
        int32_t extra = x->a->output_extras[i];

        if (extra < 0)
            continue;
        items[out->count++] = x->a->output.fields[i].name;
        found |= extra == 1 || !needs_end;
    }
    if (is_timed(x->p->kind) && !found) {
        problem(x, "select", NO_KEY,
                needs_end
                    ? "results are revised, and nothing in them says which window they are "
                      "of: cumulative windows start together, so it takes window_end"
                    : "results are revised, and nothing in them says which window they are of",
                "add `until: window_end` to `select`, or let each window give one result when "
                "nothing can change any more: emit: final");
        return NULL;
    }
    if (out->count == 0) {
        problem(x, "window.early", NO_KEY, "early results of one row have no key to update it by",
                "add key_by, or leave `early` out");
        return NULL;
    }
    return out;
}

static int declare_outputs(struct binding *x)
{
    const struct streamd_strings *key = NULL;
    int rc;

    if (x->p->updates) {
        key = result_key(x);
        if (!key)
            return x->problems ? STREAMD_E_REPORTED : STREAMD_E_NOMEM;
    }
    rc = streamd_bind_output(x->b, &x->a->output, key ? STREAMD_UPSERT : STREAMD_APPEND, key);
    if (!rc && x->p->late)
        rc = streamd_bind_side_output(x->b, "late", x->p->late);
    if (!rc)
        rc = streamd_bind_reads(x->b, STREAMD_NO_FIELD);
    if (!rc && streamd_bind_key_by(x->b)->count == 0)
        rc = streamd_bind_partitioning(x->b, STREAMD_SINGLE);
    return rc;
}

/* ---- state ---------------------------------------------------------------------------------- */

#define TIME(name)                  \
    {                               \
        name,                       \
        {                           \
            .id = STREAMD_TIMESTAMP \
        }                           \
    }

static const struct streamd_field flag_columns[WINDOW_FLAGS] = {
    [WINDOW_EMITTED] = {"window.emitted", {.id = STREAMD_BOOL}},
    [WINDOW_CHANGED] = {"window.changed", {.id = STREAMD_BOOL}},
};

/* See session.h. */
static const struct streamd_field session_columns[] = {
    TIME("window.start"),      TIME("window.end"),      TIME("window.due"),
    TIME("window.sent_start"), TIME("window.sent_end"),
};

/* See count.c; the global window has the first one alone. */
static const struct streamd_field count_columns[] = {
    TIME("window.latest"),
    {"window.seen", {.id = STREAMD_INT64}},
};

/* The fields of key_by. NULL: no memory. */
static const struct streamd_field *key_fields(struct binding *x)
{
    const struct streamd_strings *keys = streamd_bind_key_by(x->b);
    const struct streamd_schema *input = streamd_bind_input(x->b, 0);
    struct streamd_field *fields = streamd_bind_alloc(x->b, (keys->count + 1) * sizeof(*fields));

    for (uint32_t k = 0; fields && k < keys->count; k++) {
        for (uint32_t f = 0; f < input->field_count; f++)
            if (strcmp(input->fields[f].name, keys->items[k]) == 0)
                fields[k] = input->fields[f];
        if (fields[k].type.id == STREAMD_JSON)
            problem(x, "key_by", KEY_TYPE, "a field of type json cannot be a key",
                    "take a part of it as text in a select before: doc->>'name'");
    }
    return fields;
}

static const struct streamd_schema *key_schema(struct binding *x, const struct streamd_field *keys)
{
    struct streamd_schema *schema = streamd_bind_alloc(x->b, sizeof(*schema));

    if (schema)
        *schema = (struct streamd_schema){streamd_bind_key_by(x->b)->count, keys};
    return schema;
}

/* Columns of the kind. */
static const struct streamd_field *kind_columns(struct window_plan *p)
{
    switch (p->kind) {
    case WINDOW_SESSION:
        p->columns = p->updates ? 5 : 3;
        return session_columns;
    case WINDOW_COUNT:
        p->columns = 2;
        return count_columns;
    case WINDOW_GLOBAL:
        p->columns = 1;
        return count_columns;
    default:
        p->columns = 0;
        return NULL;
    }
}

/* The flags, and the columns of the kind behind them. NULL: no memory. */
static const struct streamd_field *own_columns(struct binding *x)
{
    const struct streamd_field *more = kind_columns(x->p);
    struct streamd_field *fields =
        streamd_bind_alloc(x->b, (WINDOW_FLAGS + SESSION_COLUMNS + 1) * sizeof(*fields));
    uint32_t n = 0;

    for (uint32_t i = 0; fields && i < x->p->flags; i++)
        fields[n++] = flag_columns[i];
    for (uint32_t i = 0; fields && i < x->p->columns; i++)
        fields[n++] = more[i];
    return fields;
}

static int declare_table(struct binding *x, const struct streamd_table_decl *like, const char *name,
                         uint32_t flags, uint32_t *number)
{
    struct streamd_table_decl decl = *like;
    int rc;

    decl.name = name;
    decl.flags = flags;
    rc = streamd_bind_aggregate_table(x->b, x->a, &decl);
    *number = rc < 0 ? 0 : (uint32_t)rc;
    return rc < 0 ? rc : 0;
}

/* A table without accumulators. */
static int declare_plain(struct binding *x, const struct streamd_table_decl *decl, uint32_t *number)
{
    int rc = streamd_bind_table(x->b, decl);

    *number = rc < 0 ? 0 : (uint32_t)rc;
    return rc < 0 ? rc : 0;
}

/* See shared.h. */
static int declare_shared(struct binding *x, const struct streamd_table_decl *like)
{
    static const struct streamd_field fired = TIME("fired");
    struct streamd_table_decl sent = {.name = "sent",
                                      .flags = STREAMD_TABLE_NAMESPACED,
                                      .key_count = like->key_count,
                                      .keys = like->keys};
    struct streamd_table_decl progress = {.name = "progress",
                                          .flags = STREAMD_TABLE_LIST | STREAMD_TABLE_BROADCAST |
                                                   STREAMD_TABLE_ALL,
                                          .column_count = 1,
                                          .columns = &fired};
    struct window_plan *p = x->p;
    int rc = declare_table(x, like, "panes", STREAMD_TABLE_NAMESPACED, &p->table);

    if (!rc)
        rc = declare_table(x, like, "spans", STREAMD_TABLE_NAMESPACED, &p->spans[0]);
    if (!rc)
        rc = declare_table(x, like, "odd_spans", STREAMD_TABLE_NAMESPACED, &p->spans[1]);
    if (!rc)
        rc = declare_table(x, like, "result", STREAMD_TABLE_NAMESPACED, &p->result);
    if (!rc && p->updates)
        rc = declare_plain(x, &sent, &p->sent);
    return rc ? rc : declare_plain(x, &progress, &p->progress);
}

static int declare_tables(struct binding *x)
{
    struct window_plan *p = x->p;
    const struct streamd_field *keys = key_fields(x), *columns = own_columns(x);
    struct streamd_table_decl like = {.key_count = streamd_bind_key_by(x->b)->count,
                                      .keys = keys,
                                      .columns = columns,
                                      .column_count = p->flags + p->columns};
    int rc;

    if (!keys || !columns)
        return STREAMD_E_NOMEM;
    if (x->problems)
        return STREAMD_E_REPORTED;
    p->keys = key_schema(x, keys);
    if (!p->keys)
        return STREAMD_E_NOMEM;
    switch (p->kind) {
    case WINDOW_SESSION:
        like.order_by = p->flags + SESSION_DUE;
        rc = declare_table(x, &like, "sessions", STREAMD_TABLE_ORDERED, &p->table);
        return rc ? rc
                  : declare_table(x, &like, "older_sessions",
                                  STREAMD_TABLE_ORDERED | STREAMD_TABLE_LIST, &p->older);
    case WINDOW_COUNT:
    case WINDOW_GLOBAL:
        return declare_table(x, &like, "groups", STREAMD_TABLE_UNIQUE, &p->table);
    default:
        return p->shared ? declare_shared(x, &like)
                         : declare_table(x, &like, "windows", STREAMD_TABLE_NAMESPACED, &p->table);
    }
}

static const struct window_ops *ops_of(const struct window_plan *p)
{
    switch (p->kind) {
    case WINDOW_SESSION:
        return &window_session_ops;
    case WINDOW_COUNT:
        return &window_count_ops;
    case WINDOW_GLOBAL:
        return &window_global_ops;
    default:
        return p->shared ? &window_shared_ops : &window_aligned_ops;
    }
}

int window_bind(struct streamd_bind *b, const void *options)
{
    const struct window_options *o = options;
    struct window_plan *p = streamd_bind_alloc(b, sizeof(*p));
    struct binding x = {.b = b, .w = &o->window, .a = o->select, .p = p};
    int rc;

    if (!p)
        return STREAMD_E_NOMEM;
    p->aggregates = o->select;
    find_kind(&x);
    if (x.problems)
        return STREAMD_E_REPORTED;
    check_partners(&x);
    check_lengths(&x);
    check_time(&x);
    check_select(&x);
    set_times(p, x.w);
    set_sharing(&x);
    p->ops = ops_of(p);
    p->gives_time = is_timed(p->kind) || streamd_bind_input_event_time(b, 0);
    if (is_timed(p->kind) && !p->by_clock)
        p->late = streamd_bind_input(b, 0);
    streamd_bind_set_private(b, p);
    rc = x.problems ? STREAMD_E_REPORTED : declare_outputs(&x);
    if (!rc)
        rc = declare_tables(&x);
    return x.problems ? STREAMD_E_REPORTED : rc;
}
