/*
 * Sessions: per key intervals [start, end) that neither overlap nor touch. A row is [time, time +
 * gap); it joins the ones it touches.
 *
 *   sessions         the latest session of each key            one row per key
 *   older_sessions   those before it that are still there      a list per key
 *
 * So the common row, one that extends the latest session of its key or begins the first, is found
 * by one lookup for the whole batch; all else goes the long way, row by row. Both tables are
 * ordered by `due`: when a session fires, or, after that, is forgotten. A session that grows is
 * left where it is in the index; when it comes up it is put back.
 *
 * Where results are revised a row knows the window that was sent last. If the session has grown
 * since, that one is deleted before the new one comes. A session that was sent and became part of
 * another one stays as a ghost, which touches nothing, until it is deleted at the end of the batch.
 */
#include "session.h"

static int was_sent(const struct window_task *t, void *row)
{
    return t->plan->updates && *window_flag(t, row, WINDOW_EMITTED);
}

/* ---- one session ---------------------------------------------------------------------------- */

static void begin(const struct window_task *t, void *row, int64_t time)
{
    *session_value(t, row, SESSION_START) = time;
    *session_value(t, row, SESSION_END) = clock_add(time, t->plan->size);
    *session_value(t, row, SESSION_DUE) =
        clock_add(*session_value(t, row, SESSION_END), t->plan->delay);
}

/* A row of the batch at `time` joins; 1: the session now fires earlier than the index knows. */
static inline int join(const struct window_task *t, void *row, int64_t time)
{
    int64_t *start = session_value(t, row, SESSION_START),
            *end = session_value(t, row, SESSION_END), *due = session_value(t, row, SESSION_DUE);
    int64_t until = clock_add(time, t->plan->size), fires;

    if (time < *start)
        *start = time;
    if (until > *end)
        *end = until;
    if (t->plan->updates)
        *window_flag(t, row, WINDOW_CHANGED) = 1;
    fires = clock_add(*end, t->plan->delay);
    if (*due <= fires)
        return 0;
    *due = fires;
    return 1;
}

int session_reorder(struct window_task *t, struct streamd_table *table, void *const *rows,
                    uint32_t n)
{
    int rc = n ? streamd_table_reorder(table, rows, n) : 0;

    if (rc)
        window_no_memory(t);
    return rc;
}

static int update(struct window_task *t, struct streamd_table *table, const uint16_t *sel,
                  void *const *rows, uint32_t n)
{
    return streamd_aggregate_update(t->c, t->plan->aggregates, table, t->groups.batch, sel, rows,
                                    n);
}

/* ---- the long way -----------------------------------------------------------------------------
 */

/* A row of the batch that goes the long way. */
struct single {
    struct streamd_keys keys;
    uint16_t sel[1];
    int64_t time, until; /* its own [start, end) */
    void *latest;        /* the latest session of its key, or NULL */
    void *left, *right;  /* what it touches among the older ones */
};

static int no_memory(struct window_task *t)
{
    window_no_memory(t);
    return STREAMD_E_NOMEM;
}

static int joins(struct window_task *t, struct streamd_table *table, const struct single *s,
                 void *row)
{
    if (join(t, row, s->time) && session_reorder(t, table, &row, 1))
        return STREAMD_E_NOMEM;
    /* Complete already: it fires again at the end of the batch. */
    if (*session_value(t, row, SESSION_END) <= clock_due(t->watermark, t->plan->delay)) {
        t->again = 1;
        *session_value(t, row, SESSION_DUE) = INT64_MIN;
        if (session_reorder(t, table, &row, 1))
            return STREAMD_E_NOMEM;
    }
    return update(t, table, s->sel, &row, 1);
}

/* A new session that is the latest of its key. */
static int begin_latest(struct window_task *t, struct single *s)
{
    int rc = window_lookup(t, t->table, 0, &s->keys);

    if (rc)
        return rc;
    s->latest = t->rows[0];
    begin(t, s->latest, s->time);
    return session_reorder(t, t->table, &s->latest, 1) ? STREAMD_E_NOMEM
                                                       : joins(t, t->table, s, s->latest);
}

/* A new row in the list of older sessions. */
static void *append_older(struct window_task *t, const struct single *s)
{
    void *row;

    if (streamd_table_append(t->older, 0, &s->keys, &row)) {
        no_memory(t);
        return NULL;
    }
    return streamd_aggregate_init(t->c, t->plan->aggregates, t->older, &row, 1) ? NULL : row;
}

static int begin_older(struct window_task *t, const struct single *s)
{
    void *row = append_older(t, s);

    if (!row)
        return STREAMD_E_NOMEM;
    begin(t, row, s->time);
    return session_reorder(t, t->older, &row, 1) ? STREAMD_E_NOMEM : joins(t, t->older, s, row);
}

static void copy_session(const struct window_task *t, void *to, void *from)
{
    for (uint32_t i = 0; i < t->plan->columns; i++)
        *session_value(t, to, i) = *session_value(t, from, i);
    for (uint32_t i = 0; i < t->plan->flags; i++)
        *window_flag(t, to, i) = *window_flag(t, from, i);
}

/* The latest session becomes an older one, and the row begins a new one. */
static int retire_latest(struct window_task *t, struct single *s)
{
    void *row = append_older(t, s);

    if (!row)
        return STREAMD_E_NOMEM;
    copy_session(t, row, s->latest);
    if (streamd_aggregate_merge(t->c, t->plan->aggregates, t->older, &row, t->table, &s->latest, 1))
        return STREAMD_E_REPORTED;
    if (session_reorder(t, t->older, &row, 1))
        return STREAMD_E_NOMEM;
    if (streamd_table_erase(t->table, 0, &s->latest, 1))
        return no_memory(t);
    return begin_latest(t, s);
}

/* What is left of a session that became part of another one. */
static int end_session(struct window_task *t, void *row)
{
    if (!was_sent(t, row))
        return streamd_table_erase(t->older, 0, &row, 1) ? no_memory(t) : 0;
    t->again = 1;
    *session_value(t, row, SESSION_START) = INT64_MAX;
    *session_value(t, row, SESSION_END) = SESSION_GHOST;
    *session_value(t, row, SESSION_DUE) = INT64_MIN;
    return session_reorder(t, t->older, &row, 1);
}

/* The older session `from` becomes part of `into`; the row that joins them comes afterwards. */
static int unite(struct window_task *t, struct streamd_table *table, void *into, void *from)
{
    if (streamd_aggregate_merge(t->c, t->plan->aggregates, table, &into, t->older, &from, 1))
        return STREAMD_E_REPORTED;
    if (*session_value(t, from, SESSION_START) < *session_value(t, into, SESSION_START))
        *session_value(t, into, SESSION_START) = *session_value(t, from, SESSION_START);
    if (*session_value(t, from, SESSION_END) > *session_value(t, into, SESSION_END))
        *session_value(t, into, SESSION_END) = *session_value(t, from, SESSION_END);
    if (was_sent(t, from) && !was_sent(t, into)) {
        *window_flag(t, into, WINDOW_EMITTED) = 1;
        *session_value(t, into, SESSION_SENT_START) = *session_value(t, from, SESSION_SENT_START);
        *session_value(t, into, SESSION_SENT_END) = *session_value(t, from, SESSION_SENT_END);
        *window_flag(t, from, WINDOW_EMITTED) = 0;
    }
    return end_session(t, from);
}

static int touches(const struct window_task *t, const struct single *s, void *row)
{
    return *session_value(t, row, SESSION_START) <= s->until &&
           *session_value(t, row, SESSION_END) >= s->time;
}

/* Finds the sessions that a row touches: two at most, since none is shorter than the gap. */
static int find_touched(struct window_task *t, struct single *s)
{
    void *row;

    if (streamd_table_lookup(t->older, 0, &s->keys, STREAMD_LOOKUP_FIND, &row, NULL))
        return no_memory(t);
    s->left = s->right = NULL;
    for (; row; row = streamd_table_next(t->older, 0, row)) {
        if (!touches(t, s, row))
            continue;
        if (s->left)
            s->right = row;
        else
            s->left = row;
    }
    return 0;
}

/* A row that is before the latest session, or joins it from its front. */
static int add_before(struct window_task *t, struct single *s)
{
    int touches_latest = touches(t, s, s->latest), rc = find_touched(t, s);

    if (rc)
        return rc;
    if (touches_latest) {
        if (s->left)
            rc = unite(t, t->table, s->latest, s->left);
        return rc ? rc : joins(t, t->table, s, s->latest);
    }
    if (s->left && s->right)
        rc = unite(t, t->older, s->left, s->right);
    if (rc)
        return rc;
    return s->left ? joins(t, t->older, s, s->left) : begin_older(t, s);
}

static int is_late(struct window_task *t, const struct single *s)
{
    return s->until <= clock_due(t->watermark, t->plan->lateness) && !s->left &&
           (!s->latest || !touches(t, s, s->latest));
}

/* 1: the row is late. 0, or negative after streamd_fail. */
static int add_single(struct window_task *t, uint16_t row, int64_t time)
{
    struct single s = {.sel = {row}, .time = time, .until = clock_add(time, t->plan->size)};
    int rc;

    s.keys = window_keys(t, t->groups.batch, t->groups.hash, s.sel, 1);
    if (streamd_table_lookup(t->table, 0, &s.keys, STREAMD_LOOKUP_FIND, &s.latest, NULL))
        return no_memory(t);
    if (!t->plan->by_clock && s.until <= clock_due(t->watermark, t->plan->lateness)) {
        rc = find_touched(t, &s);
        if (rc || is_late(t, &s))
            return rc ? rc : 1;
    }
    if (!s.latest)
        return begin_latest(t, &s);
    if (time > *session_value(t, s.latest, SESSION_END))
        return retire_latest(t, &s);
    if (time < *session_value(t, s.latest, SESSION_START))
        return add_before(t, &s);
    return joins(t, t->table, &s, s.latest);
}

/* ---- the common way ---------------------------------------------------------------------------
 */

/* What came of a run of rows. */
struct sorted {
    uint32_t kept, rest, moved; /* in t->rows and groups.sorted; in t->left; in t->some */
};

/* Rows that begin the first session of their key, or extend its latest at the end, and the rest. */
static struct sorted sort_run(struct window_task *t, const uint16_t *sel, uint32_t n,
                              const int64_t *now)
{
    const int64_t *times = t->groups.batch->event_time;
    uint16_t *kept = t->groups.sorted;
    struct sorted s = {0};

    for (uint32_t k = 0; k < n; k++) {
        uint16_t at = sel ? sel[k] : (uint16_t)k;
        int64_t time = now ? *now : times[at];
        void *row = t->rows[k];
        int fresh = t->created[k];

        if (fresh)
            begin(t, row, time);
        if (time < *session_value(t, row, SESSION_START) ||
            time > *session_value(t, row, SESSION_END)) {
            t->left[s.rest++] = at;
            continue;
        }
        t->some[s.moved] = row;
        s.moved += (uint32_t)(join(t, row, time) | fresh);
        kept[s.kept] = at;
        t->rows[s.kept++] = row;
    }
    return s;
}

/* Rows none of which can be late, or make a session complete. */
static int add_run(struct window_task *t, const uint16_t *sel, uint32_t n, const int64_t *now)
{
    struct streamd_keys keys = window_keys(t, t->groups.batch, t->groups.hash, sel, n);
    int rc = window_lookup(t, t->table, 0, &keys);
    struct sorted s;

    if (rc)
        return rc;
    s = sort_run(t, sel, n, now);
    rc = session_reorder(t, t->table, t->some, s.moved);
    if (!rc)
        rc = update(t, t->table, s.rest ? t->groups.sorted : sel, t->rows, s.kept);
    for (uint32_t k = 0; !rc && k < s.rest; k++)
        rc = add_single(t, t->left[k], now ? *now : t->groups.batch->event_time[t->left[k]]);
    return rc;
}

/* Runs of rows that are in time, and the others one by one. Returns how many are late, in t->out;
   negative after streamd_fail. */
static int64_t add_mixed(struct window_task *t, struct streamd_batch *b, int64_t complete)
{
    uint16_t *order = t->groups.of;
    uint32_t late = 0, from = 0;
    int rc = 0;

    for (uint32_t k = 0; k < b->count; k++)
        order[k] = (uint16_t)streamd_batch_row(b, k);
    for (uint32_t k = 0; k < b->count && rc >= 0; k++) {
        int64_t time = b->event_time[order[k]];

        if (clock_add(time, t->plan->size) > complete)
            continue;
        rc = k > from ? add_run(t, order + from, k - from, NULL) : 0;
        from = k + 1;
        if (!rc)
            rc = add_single(t, order[k], time);
        if (rc > 0)
            t->out[late++] = order[k];
    }
    if (rc >= 0 && b->count > from)
        rc = add_run(t, order + from, b->count - from, NULL);
    return rc < 0 ? rc : (int64_t)late;
}

static enum streamd_flow session_batch(struct window_task *t, struct streamd_batch *b)
{
    int64_t complete = clock_due(t->watermark, t->plan->delay), now = 0, late = 0;
    int rc = 0;

    t->again = 0;
    t->groups.batch = b;
    if (streamd_aggregate_check(t->c, t->plan->aggregates, b) ||
        streamd_hash_keys(t->c, t->table, b, &t->groups.hash))
        return STREAMD_FAILED;
    if (b->count == 0)
        return window_done(t);
    if (t->plan->by_clock) {
        now = window_now(t);
        rc = add_run(t, b->sel, b->count, &now);
    } else if (clock_add(b->min_time, t->plan->size) > complete) {
        rc = add_run(t, b->sel, b->count, NULL);
    } else {
        late = add_mixed(t, b, complete);
    }
    if (rc || late < 0 || (late && window_send_late(t, b, (uint32_t)late)))
        return STREAMD_FAILED;
    window_changed(t);
    return t->again ? session_fire(t) : window_done(t);
}

static int64_t session_first_end(struct window_task *t)
{
    int64_t a = INT64_MAX, b = INT64_MAX;

    streamd_table_first(t->table, &a);
    streamd_table_first(t->older, &b);
    return a < b ? a : b;
}

const struct window_ops window_session_ops = {.batch = session_batch,
                                              .fire = session_fire,
                                              .early = session_early,
                                              .first_end = session_first_end};
