/*
 * Sessions that fire, and early updates of those that have not: chunk by chunk
 *
 *   TAKE      the next rows that are due, or have changed        a chunk in t->some
 *   DELETES   windows that were sent and are no more             one batch
 *   RESULTS   what changed                                       one batch
 *   SETTLE    rows are erased, or wait for their next time
 *
 * The index is the only memory of how far it is: what was taken has left it.
 */
#include "session.h"

enum { TAKE = 0, DELETES, RESULTS, SETTLE, STAGES };
enum { CHUNKS_PER_CALL = 64 };

static struct streamd_table *table_at_hand(const struct window_task *t)
{
    return t->sessions.latest ? t->table : t->older;
}

/* ---- the chunk ------------------------------------------------------------------------------ */

/* Keeps sessions that are complete, and puts those back that have grown meanwhile. */
static int keep_complete(struct window_task *t, uint32_t n)
{
    int64_t complete = clock_due(t->watermark, t->plan->delay);
    uint32_t back = 0;

    t->sessions.n = 0;
    for (uint32_t k = 0; k < n; k++) {
        void *row = t->rows[k];
        int64_t end = *session_value(t, row, SESSION_END);

        if (end <= complete) {
            t->some[t->sessions.n++] = row;
            continue;
        }
        *session_value(t, row, SESSION_DUE) = clock_add(end, t->plan->delay);
        t->rows[back++] = row;
    }
    return session_reorder(t, table_at_hand(t), t->rows, back);
}

static uint32_t keep_changed(struct window_task *t, uint32_t n)
{
    uint32_t m = 0;

    for (uint32_t k = 0; k < n; k++)
        if (*window_flag(t, t->rows[k], WINDOW_CHANGED))
            t->some[m++] = t->rows[k];
    return m;
}

/* 1: there is a chunk; 0: there are no more; negative after streamd_fail. */
static int take(struct window_task *t)
{
    struct window_sessions *s = &t->sessions;

    for (;;) {
        struct streamd_table *table = table_at_hand(t);
        uint32_t n;

        if (s->early)
            n = streamd_table_scan(table, 0, &s->cursor, t->rows, t->c->batch_rows);
        else
            n = streamd_table_due(table, clock_due(t->watermark, 0), t->rows, t->c->batch_rows);
        if (n && !s->early)
            return keep_complete(t, n) ? STREAMD_E_NOMEM : 1;
        if (n) {
            s->n = keep_changed(t, n);
            return 1;
        }
        if (s->latest)
            return 0;
        s->latest = 1;
        s->cursor = (struct streamd_cursor){0};
    }
}

/* ---- what is sent -----------------------------------------------------------------------------
 */

static void set_span(struct window_task *t, uint32_t k, int64_t start, int64_t end)
{
    t->starts[k] = start;
    t->ends[k] = end;
}

/* Windows that were sent and have another start or end now. */
static int send_deletes(struct window_task *t)
{
    struct streamd_batch *b;
    uint32_t n = 0;

    for (uint32_t k = 0; t->plan->updates && k < t->sessions.n; k++) {
        void *row = t->some[k];
        int64_t start = *session_value(t, row, SESSION_SENT_START);
        int64_t end = *session_value(t, row, SESSION_SENT_END);

        if (!*window_flag(t, row, WINDOW_EMITTED) ||
            (start == *session_value(t, row, SESSION_START) &&
             end == *session_value(t, row, SESSION_END)))
            continue;
        *window_flag(t, row, WINDOW_EMITTED) = 0;
        set_span(t, n, start, end);
        t->rows[n++] = row;
    }
    if (n == 0)
        return 1;
    b = window_result(t, table_at_hand(t), t->rows, n);
    if (!b)
        return STREAMD_E_REPORTED;
    if (window_kinds(t, b)) {
        streamd_batch_release(t->c, b);
        return STREAMD_E_NOMEM;
    }
    for (uint32_t k = 0; k < b->count; k++)
        b->row_kind[streamd_batch_row(b, k)] = STREAMD_DELETE;
    return streamd_emit(t->c, 0, b);
}

/* Row kinds of results, of which row k is that of t->rows[k]. A result that failed was not sent. */
static void note_sent(struct window_task *t, struct streamd_batch *b)
{
    for (uint32_t k = 0; k < b->count; k++) {
        uint32_t at = streamd_batch_row(b, k);
        uint8_t *emitted = window_flag(t, t->rows[at], WINDOW_EMITTED);

        b->row_kind[at] = *emitted ? STREAMD_UPDATE_AFTER : STREAMD_INSERT;
        *emitted = 1;
        *session_value(t, t->rows[at], SESSION_SENT_START) = t->starts[at];
        *session_value(t, t->rows[at], SESSION_SENT_END) = t->ends[at];
    }
}

static int send_results(struct window_task *t)
{
    struct streamd_batch *b;
    uint32_t n = 0;

    for (uint32_t k = 0; k < t->sessions.n; k++) {
        void *row = t->some[k];
        int64_t end = *session_value(t, row, SESSION_END);

        if (t->plan->updates) {
            uint8_t *changed = window_flag(t, row, WINDOW_CHANGED);

            if (!*changed || end == SESSION_GHOST)
                continue;
            *changed = 0;
        }
        set_span(t, n, *session_value(t, row, SESSION_START), end);
        t->rows[n++] = row;
    }
    if (n == 0)
        return 1;
    b = window_result(t, table_at_hand(t), t->rows, n);
    if (!b)
        return STREAMD_E_REPORTED;
    if (t->plan->updates) {
        if (window_kinds(t, b)) {
            streamd_batch_release(t->c, b);
            return STREAMD_E_NOMEM;
        }
        note_sent(t, b);
    }
    return streamd_emit(t->c, 0, b);
}

/* ---- what becomes of the rows ------------------------------------------------------------------
 */

static int settle(struct window_task *t)
{
    int64_t clean = clock_due(t->watermark, t->plan->lateness);
    struct streamd_table *table = table_at_hand(t);
    uint32_t gone = 0, kept = 0;

    if (t->sessions.early)
        return 1;
    for (uint32_t k = 0; k < t->sessions.n; k++) {
        void *row = t->some[k];
        int64_t end = *session_value(t, row, SESSION_END);

        if (end <= clean) {
            t->rows[gone++] = row;
            continue;
        }
        *session_value(t, row, SESSION_DUE) = clock_add(end, t->plan->lateness);
        t->some[kept++] = row;
    }
    if (session_reorder(t, table, t->some, kept))
        return STREAMD_E_NOMEM;
    if (gone && streamd_table_erase(table, 0, t->rows, gone)) {
        window_no_memory(t);
        return STREAMD_E_NOMEM;
    }
    return 1;
}

static enum streamd_flow go_on(struct window_task *t)
{
    struct window_sessions *s = &t->sessions;

    t->resume = go_on;
    for (int stages = 0; stages < CHUNKS_PER_CALL * STAGES; stages++) {
        int rc;

        switch (s->stage) {
        case TAKE:
            rc = take(t);
            if (rc == 0)
                return window_done(t);
            break;
        case DELETES:
            rc = send_deletes(t);
            break;
        case RESULTS:
            rc = send_results(t);
            break;
        default:
            rc = settle(t);
            break;
        }
        s->stage = (s->stage + 1) % STAGES;
        if (rc <= 0)
            return rc < 0 ? STREAMD_FAILED : STREAMD_HAS_MORE;
    }
    return STREAMD_HAS_MORE;
}

enum streamd_flow session_fire(struct window_task *t)
{
    t->sessions = (struct window_sessions){.stage = TAKE};
    return go_on(t);
}

enum streamd_flow session_early(struct window_task *t)
{
    t->sessions = (struct window_sessions){.stage = TAKE, .early = 1};
    return go_on(t);
}
