/*
 * Rows of .error are collected in one batch per node, which goes out when the event that made them
 * has ended, or before it is full. `raw` is text: bytes that are not UTF-8 stand as \xNN, and a
 * record longer than 64 KiB is cut, with "..." behind it.
 */
#include "worker/reject.h"

#include "base/text.h"
#include "columnar/pool.h"
#include "columnar/rowtext.h"
#include "worker/source.h"

#include <stdio.h>
#include <string.h>

enum { RAW, NODE, CODE, MESSAGE, ORIGIN, AT };
enum { LONGEST_RAW = 64 * 1024, LARGE_BATCH = 4 * 1024 * 1024, EXCERPT = 120 };

static int append_text(struct streamd_batch *b, uint32_t column, const char *text, size_t length)
{
    struct streamd_column *c = &b->columns[column];
    int rc = batch_reserve(b, column, length);

    if (rc)
        return rc;
    if (length)
        memcpy(c->data + c->offsets[b->rows], text, length);
    c->offsets[b->rows + 1] = c->offsets[b->rows] + (int32_t)length;
    return 0;
}

static int append_null(struct streamd_batch *b, uint32_t column)
{
    if (!b->columns[column].validity && batch_nullable(b, column))
        return STREAMD_E_NOMEM;
    b->columns[column].validity[b->rows >> 3] &= (uint8_t) ~(1u << (b->rows & 7u));
    return append_text(b, column, "", 0);
}

/* One row of the error schema. */
static int append_error(struct task *n, const char *raw, size_t raw_length, const char *origin,
                        int code, const char *message)
{
    struct streamd_batch *b = n->errors;
    int64_t now = clock_now_us(&n->worker->options.clock);
    char number[16];
    int rc;

    snprintf(number, sizeof(number), "SD%04d", code);
    if ((rc = append_text(b, RAW, raw, raw_length)) ||
        (rc = append_text(b, NODE, n->plan->name, strlen(n->plan->name))) ||
        (rc = append_text(b, CODE, number, strlen(number))) ||
        (rc = append_text(b, MESSAGE, message, strlen(message))))
        return rc;
    rc = origin ? append_text(b, ORIGIN, origin, strlen(origin)) : append_null(b, ORIGIN);
    if (rc)
        return rc;
    ((int64_t *)b->columns[AT].values)[b->rows] = now;
    b->event_time[b->rows] = now;
    b->min_time = b->rows == 0 || now < b->min_time ? now : b->min_time;
    b->max_time = b->rows == 0 || now > b->max_time ? now : b->max_time;
    b->rows++;
    b->count = b->rows;
    return 0;
}

static int to_output(struct task *n, const char *raw, size_t raw_length, const char *origin,
                     int code, const char *message)
{
    int rc;

    if (n->errors &&
        (n->errors->rows == n->errors->capacity ||
         (size_t)n->errors->columns[RAW].offsets[n->errors->rows] + raw_length > LARGE_BATCH) &&
        (rc = task_flush_errors(n)))
        return rc;
    if (!n->errors)
        n->errors = batch_new(n->worker->pool, plan_error_schema(), n->context.batch_rows);
    if (!n->errors || append_error(n, raw, raw_length, origin, code, message))
        return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a rejected row");
    n->stats.rejected++;
    return 0;
}

/* Printable text of bytes that may be anything. */
static void add_raw(struct text *out, const char *data, size_t length)
{
    size_t cut = length > LONGEST_RAW ? LONGEST_RAW : length, at = 0;

    while (at < cut) {
        size_t valid = text_utf8_prefix(data + at, cut - at);
        const char *nul = memchr(data + at, '\0', valid);

        if (nul)
            valid = (size_t)(nul - data) - at;
        text_append(out, data + at, valid);
        at += valid;
        if (at < cut)
            text_printf(out, "\\x%02x", (unsigned char)data[at++]);
    }
    if (cut < length)
        text_add(out, "...");
}

static int fail_record(struct task *n, const char *origin, const char *raw, int code,
                       const char *message)
{
    struct text text = {0};
    int rc;

    if (origin)
        text_printf(&text, "%s: ", origin);
    text_printf(&text, "%s; the record is: %.*s%s", message, EXCERPT, raw,
                strlen(raw) > EXCERPT ? "..." : "");
    if (!n->worker->failed)
        snprintf(n->worker->record, sizeof(n->worker->record), "%s, %.180s", n->plan->name,
                 origin ? origin : raw);
    rc = task_fail(n, STREAMD_FAIL_RECORD, code, text_get(&text));
    text_clear(&text);
    return rc;
}

/* What both have in common once the record is a text. */
static int dispose(struct task *n, const struct text *raw, const char *origin, int code,
                   const char *message)
{
    if (text_failed(raw))
        return task_fail(n, STREAMD_FAIL_TASK, 5301, "out of memory for a rejected row");
    if (n->plan->on_error == PLAN_OUTPUT)
        return to_output(n, text_get(raw), raw->length, origin, code, message);
    return fail_record(n, origin, text_get(raw), code, message);
}

int reject_raw(struct streamd_context *c, const void *data, size_t length, uint64_t position,
               int code, const char *message)
{
    struct task *n = task_of(c);
    struct text raw = {0};
    char origin[512];
    int rc;

    if (n->plan->on_error == PLAN_SKIP) {
        n->stats.skipped++;
        return 0;
    }
    source_describe(n, position, origin, sizeof(origin));
    add_raw(&raw, data, length);
    rc = dispose(n, &raw, origin, code, message);
    text_clear(&raw);
    return rc;
}

/* Ends a long text at a character, with "..." behind it. */
static void cut_text(struct text *raw)
{
    raw->length = text_utf8_prefix(raw->data, LONGEST_RAW);
    text_add(raw, "...");
}

int reject_row(struct streamd_context *c, struct streamd_batch *batch, uint32_t row, int code,
               const char *message)
{
    struct task *n = task_of(c);
    struct text raw = {0};
    int rc;

    if (n->plan->on_error == PLAN_SKIP) {
        n->stats.skipped++;
        return 0;
    }
    rowtext_json(batch, row, &raw);
    if (raw.length > LONGEST_RAW)
        cut_text(&raw);
    rc = dispose(n, &raw, NULL, code, message);
    text_clear(&raw);
    return rc;
}
