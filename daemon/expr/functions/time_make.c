/*
 * Times from numbers and texts, and as texts: to_timestamp, to_date, to_char, make_timestamp,
 * make_date, now. A constant pattern is compiled when the expression is; one that differs from row
 * to row is compiled where it differs from the row before.
 */
#include "expr/functions/call.h"
#include "expr/functions/functions.h"
#include "expr/functions/time_pattern.h"

#include "base/error.h"
#include "base/memory.h"

#include <streamd/convert_time.h>

#include <math.h>

#define STR(call, x, row) CALL_ARG(call, x, struct streamd_str, row)

/* ---- from numbers ------------------------------------------------------------------------- */

/* Seconds since 1970, as PostgreSQL rounds them: counted from 2000. 0 or a row code. */
static int from_seconds(double seconds, int64_t *timestamp)
{
    const int64_t epoch = 946684800;
    double us = rint((seconds - (double)epoch) * 1e6);

    if (!(us >= -0x1p63 && us < 0x1p63))
        return STREAMD_ROW_RANGE;
    if (__builtin_add_overflow((int64_t)us, epoch * STREAMD_US_PER_SECOND, timestamp) ||
        *timestamp < STREAMD_TIMESTAMP_MIN)
        return STREAMD_ROW_RANGE;
    return 0;
}

static int to_timestamp_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        double seconds = CALL_ARG(call, 0, double, i);
        result[i] = 0;
        int code = from_seconds(seconds, &result[i]);
        if (code) {
            int rc =
                call_error(call, i, code,
                           isnan(seconds) ? "timestamp cannot be NaN" : "timestamp out of range");
            if (rc)
                return rc;
            result[i] = 0;
        }
    }
    return 0;
}

/* Negative years are before Christ; there is no year 0. 0 or a row code. */
static int make_days(int64_t year, int64_t month, int64_t day, int64_t *days)
{
    if (year == 0 || year > 6000000 || year < -6000000 || month < 1 || month > 12 || day < 1 ||
        day > 31)
        return STREAMD_ROW_RANGE;
    if (streamd_date_make(year < 0 ? year + 1 : year, (uint32_t)month, (uint32_t)day, days))
        return STREAMD_ROW_RANGE;
    return *days < STREAMD_DATE_MIN || *days >= STREAMD_DATE_END ? STREAMD_ROW_RANGE : 0;
}

static int make_date_kernel(struct streamd_call *call)
{
    int32_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t days = 0;
        int code = make_days(CALL_ARG(call, 0, int64_t, i), CALL_ARG(call, 1, int64_t, i),
                             CALL_ARG(call, 2, int64_t, i), &days);
        int rc = code ? call_error(call, i, code, "date field value out of range") : 0;
        if (rc)
            return rc;
        result[i] = code ? 0 : (int32_t)days;
    }
    return 0;
}

/* 24:00:00 and second 60 are taken, as in PostgreSQL. 0 or a row code. */
static int make_clock(int64_t hour, int64_t minute, double second, int64_t *us)
{
    double rounded = rint(second * 1e6);

    if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(rounded >= 0 && rounded <= 6e7))
        return STREAMD_ROW_RANGE;
    *us = (hour * 60 + minute) * 60 * STREAMD_US_PER_SECOND + (int64_t)rounded;
    return *us > STREAMD_US_PER_DAY ? STREAMD_ROW_RANGE : 0;
}

static int make_timestamp_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;

    for (uint32_t k = 0; k < call->n; k++) {
        uint32_t i = call_row(call, k);
        int64_t days = 0, us = 0;
        const char *fault = NULL;
        result[i] = 0;
        if (make_days(CALL_ARG(call, 0, int64_t, i), CALL_ARG(call, 1, int64_t, i),
                      CALL_ARG(call, 2, int64_t, i), &days))
            fault = "date field value out of range";
        else if (make_clock(CALL_ARG(call, 3, int64_t, i), CALL_ARG(call, 4, int64_t, i),
                            CALL_ARG(call, 5, double, i), &us))
            fault = "time field value out of range";
        else if (streamd_timestamp_make(days, us, &result[i]))
            fault = "timestamp out of range";
        int rc = fault ? call_error(call, i, STREAMD_ROW_RANGE, fault) : 0;
        if (rc)
            return rc;
    }
    return 0;
}

static int now_kernel(struct streamd_call *call)
{
    int64_t *result = call->result->values;
    int64_t now = call->host->now(call);

    for (uint32_t k = 0; k < call->n; k++)
        result[call_row(call, k)] = now;
    return 0;
}

/* ---- patterns ----------------------------------------------------------------------------- */

/* A pattern and the memory it lies in. */
struct compiled {
    struct arena arena;
    struct time_pattern *pattern;
};

static void compiled_free(void *what)
{
    struct compiled *c = what;

    if (c)
        arena_clear(&c->arena);
    memory_free(c);
}

/* The pattern is argument 1. */
static int prepare_pattern(const struct streamd_vector *args, uint32_t argc, void **prepared,
                           struct streamd_error *error)
{
    struct compiled *c;

    (void)argc;
    *prepared = NULL;
    if (!call_is_constant(&args[1]))
        return 0;
    c = memory_zalloc(1, sizeof *c);
    if (!c)
        return error_set_nomem(error);
    const struct streamd_str *text = args[1].values;
    int rc = time_pattern_build(&c->arena, text->data, text->length, &c->pattern, error);
    if (rc) {
        compiled_free(c);
        return rc;
    }
    *prepared = c;
    return 0;
}

/* The patterns of a batch: the constant one, or the last one that was compiled. */
struct patterns {
    struct compiled own;
    struct streamd_str text;
};

/* Answers the row's pattern; NULL with *rc 0: the row was rejected; NULL with *rc negative. */
static const struct time_pattern *pattern_of(struct streamd_call *call, struct patterns *p,
                                             uint32_t row, int *rc)
{
    struct streamd_str text = STR(call, 1, row);

    *rc = 0;
    if (call->prepared)
        return ((const struct compiled *)call->prepared)->pattern;
    if (p->own.pattern && text.length == p->text.length &&
        memcmp(text.data, p->text.data, text.length) == 0)
        return p->own.pattern;
    p->own.pattern = NULL;
    arena_reset(&p->own.arena);
    *rc = time_pattern_build(&p->own.arena, text.data, text.length, &p->own.pattern, NULL);
    if (*rc == STREAMD_E_LIMIT)
        *rc = call_error(call, row, STREAMD_ROW_ARGUMENT, "the time pattern is too long");
    p->text = text;
    return p->own.pattern;
}

/* ---- from texts --------------------------------------------------------------------------- */

/* Reads each text; `put` stores the value. */
static int read_all(struct streamd_call *call, int is_date)
{
    struct patterns patterns = {{{0}, NULL}, {NULL, 0}};
    char message[160];
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        struct streamd_str s = STR(call, 0, i);
        int64_t value = 0;
        const struct time_pattern *p = pattern_of(call, &patterns, i, &rc);
        int code =
            p ? time_pattern_read(p, is_date, s.data, s.length, &value, message, sizeof message)
              : 0;
        if (code)
            rc = call_error(call, i, code, message);
        if (is_date)
            ((int32_t *)call->result->values)[i] = (int32_t)value;
        else
            ((int64_t *)call->result->values)[i] = value;
    }
    arena_clear(&patterns.own.arena);
    return rc;
}

static int parse_timestamp_kernel(struct streamd_call *call)
{
    return read_all(call, 0);
}

static int to_date_kernel(struct streamd_call *call)
{
    return read_all(call, 1);
}

/* ---- to texts ----------------------------------------------------------------------------- */

static int to_char_kernel(struct streamd_call *call)
{
    struct patterns patterns = {{{0}, NULL}, {NULL, 0}};
    struct call_memory memory = {NULL, NULL};
    struct streamd_str *result = call->result->values;
    int rc = 0;

    for (uint32_t k = 0; k < call->n && rc == 0; k++) {
        uint32_t i = call_row(call, k);
        if (STR(call, 1, i).length == 0) { /* PostgreSQL answers NULL */
            rc = call_text_null(call, i);
            continue;
        }
        const struct time_pattern *p = pattern_of(call, &patterns, i, &rc);
        result[i] = call_str("", 0);
        if (!p)
            continue;
        char *out = call_reserve(call, &memory, time_pattern_room(p));
        if (!out)
            rc = STREAMD_E_NOMEM;
        else
            result[i] =
                call_take(&memory, time_pattern_print(p, CALL_ARG(call, 0, int64_t, i), out));
    }
    arena_clear(&patterns.own.arena);
    return rc;
}

/* ---- table -------------------------------------------------------------------------------- */

#define TIME                       \
    {                              \
        STREAMD_TIMESTAMP, 0, 0, 0 \
    }
#define PATTERN .prepare = prepare_pattern, .unprepare = compiled_free

const struct streamd_function functions_time_make[] = {
    {.name = "now",
     .result = TIME,
     .flags = STREAMD_FUNCTION_NONDETERMINISTIC,
     .kernel = now_kernel,
     .doc = "processing time"},
    {.name = "to_timestamp",
     CALL_ARGS1(STREAMD_FLOAT64),
     .result = TIME,
     .kernel = to_timestamp_kernel,
     .doc = "seconds since 1970-01-01 as a timestamp"},
    {.name = "to_timestamp",
     CALL_ARGS2(STREAMD_STRING, STREAMD_STRING),
     .result = TIME,
     PATTERN,
     .kernel = parse_timestamp_kernel,
     .doc = "reads a text by a template pattern"},
    {.name = "to_date",
     CALL_ARGS2(STREAMD_STRING, STREAMD_STRING),
     .result = {STREAMD_DATE, 0, 0, 0},
     PATTERN,
     .kernel = to_date_kernel,
     .doc = "reads a date by a template pattern"},
    {.name = "to_char",
     CALL_ARGS2(STREAMD_TIMESTAMP, STREAMD_STRING),
     .result = {STREAMD_STRING, 0, 0, 0},
     .flags = STREAMD_FUNCTION_NULLABLE_RESULT,
     PATTERN,
     .kernel = to_char_kernel,
     .doc = "a timestamp by a template pattern"},
    {.name = "make_date",
     CALL_ARGS3(STREAMD_INT64, STREAMD_INT64, STREAMD_INT64),
     .result = {STREAMD_DATE, 0, 0, 0},
     .kernel = make_date_kernel,
     .doc = "a date of year, month, day"},
    {.name = "make_timestamp",
     .argc = 6,
     .args = {STREAMD_INT64, STREAMD_INT64, STREAMD_INT64, STREAMD_INT64, STREAMD_INT64,
              STREAMD_FLOAT64},
     .result = TIME,
     .kernel = make_timestamp_kernel,
     .doc = "a timestamp of year, month, day, hour, minute, second"},
    {.name = NULL}};
